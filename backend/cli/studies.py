"""``dermvtt study``: making studies, their options and texts, closing them."""

from pathlib import Path
from typing import Annotated

import typer

from backend.cli.shared import GROUP_OPTIONS, StudyArgument, changing, opened, read_text
from backend.database.limits import LARGEST_ID
from backend.languages import Languages
from backend.settings import load_settings
from backend.studies.options import (
    DRAWN,
    FROZEN,
    StudyOptions,
    StudyTexts,
    options_of,
    parse_texts,
    show_option,
)

study_app = typer.Typer(help="Make, set, list, close and reopen studies.", **GROUP_OPTIONS)


def describe_options() -> str:
    """One line for each option of a study: its name, what it does, its default."""
    lines = []
    for name, field in StudyOptions.model_fields.items():
        default = show_option(name, field.get_default(call_default_factory=True))
        shown = f" [default: {default}]" if default else ""
        lines.append(f"  {name}  {field.description}{shown}")
    return "\n".join(lines)


def _file(what: str) -> object:
    return typer.Option(help=f"A text file (UTF-8) with {what}.")


def _text(what: str) -> object:
    return typer.Option(help=f"{what}; an empty one is DermVTT's own.")


MixOption = Annotated[
    list[int],
    typer.Option(
        min=1,
        max=LARGEST_ID,
        help="The mix's number, as 'import-mix' printed it; repeat for more, such as several generators.",
    ),
]
PracticeOption = Annotated[
    int | None,
    typer.Option(
        min=1, max=LARGEST_ID, help="A mix of at most 10 other images, shown first and not counted."
    ),
]
GroupOption = Annotated[
    list[str] | None, typer.Option(help="A group of raters; repeat for more [default: ED, DLE].")
]
SeedOption = Annotated[str, typer.Option(help="Seed of the presentation orders [default: drawn at random].")]
LanguageOption = Annotated[str, typer.Option(help="The language of these texts, such as en.")]


@study_app.command("create")
def create_study(
    mix: MixOption,
    title: Annotated[str, typer.Option(help="The title, as raters see it.")],
    practice: PracticeOption = None,
    group: GroupOption = None,
    seed: SeedOption = "",
    language: Annotated[str, typer.Option(help="The language of the title and the introduction.")] = "en",
    introduction: Annotated[str, typer.Option(help="What raters read first [default: a general text].")] = "",
    draft: Annotated[bool, typer.Option("--draft", help="Take no answers before 'study open'.")] = False,
) -> None:
    """Make a study of an imported mix, or of several, open for answers.

    A picture that several of the mixes have is shown once.

    Example: dermvtt study create --mix 1 --title "Real or generated?" --group ED --group DLE

    Example: dermvtt study create --mix 1 --mix 2 --title "Two generators"
    """
    from backend.studies import lifecycle

    texts = {Languages().require(language): parse_texts({"introduction": introduction})}
    with changing() as session:
        study = lifecycle.create_study(
            session,
            mix,
            title,
            groups=group or None,
            seed=seed,
            language=language,
            texts=texts,
            practice_mix_id=practice,
            draft=draft,
        )
    print(f"Made study {study.id} ({study.title}); groups {', '.join(study.groups)}.")
    print(f"What raters read and may do: dermvtt study show {study.id}, dermvtt study set --help")
    print(f"Invite raters with: dermvtt invite --study {study.id} --group {study.groups[0]} --count 3")


@study_app.command("list")
def list_studies() -> None:
    """List all studies with their progress.

    Example: dermvtt study list
    """
    from backend.database import raters, studies

    with opened(load_settings()) as database, database.read() as session:
        for study in studies.everything(session):
            progress = raters.progress(session, study.id)
            submitted = sum(one.rater.submitted_at is not None for one in progress)
            shown = "; ".join(f"mix {mix.id}: {mix.name}" for mix in study.mixes)
            what = f"{shown}; {len(progress)} raters, {submitted} submitted"
            print(f"{study.id}  {study.state:8}  {study.title}  ({what})")


@study_app.command("show")
def show_study(study: StudyArgument) -> None:
    """Show a study's state, options and texts.

    Example: dermvtt study show 1
    """
    from backend.database import mixes, raters, ratings
    from backend.studies.lifecycle import get_study

    with opened(load_settings()) as database, database.read() as session:
        found = get_study(session, study)
        progress = raters.progress(session, found.id)
        practice = mixes.find(session, found.practice_mix_id or 0)
        rated = ratings.any_in_study(session, found.id)
    submitted = sum(one.rater.submitted_at is not None for one in progress)
    print(f"Study {found.id} is {found.state}: {found.title}")
    for shown, name in (*((mix, "mix") for mix in found.mixes), (practice, "practice mix")):
        if shown:
            print(f"  {name}: {shown.id} ({shown.name}), {shown.reals} reals, {shown.fakes} fakes")
    print(f"  groups: {', '.join(found.groups)}")
    print(f"  seed: {found.seed}")
    print(f"  language: {found.language}")
    print(f"  raters: {len(progress)}, {submitted} submitted")
    fixed = (*DRAWN, *FROZEN) if rated else DRAWN if progress else ()
    told = "; * fixed by the first rater or rating:" if fixed else ":"
    print(f"Options, as 'dermvtt study set' takes them{told}")
    for name, value in options_of(found):
        print(f"  {name}={show_option(name, value)}" + (" *" if name in fixed else ""))
    print("Texts of its own:")
    for code, held in found.texts.items():
        for name, text in StudyTexts.model_validate(held):
            if text:
                print(f"  {code} {name}: " + text.replace("\n", "\n    "))


@study_app.command(
    "set",
    help="Change options of a study. One that shapes the answers is fixed by the first rating, one that "
    "shapes the orders by the first rater.\n\n"
    "\b\nExample: dermvtt study set 1 zoom=no confidence_levels=5 questions=years,field\n"
    """Example: dermvtt study set 1 'questions=[{"id": "place", "kind": "choice", "required": true,
    "label": {"en": "Where do you work?"}, "choices": ["clinic", "practice"]}]'\n\n"""
    "\b\nOptions of a study:\n" + describe_options(),
)
def set_options(
    study: StudyArgument,
    options: Annotated[list[str], typer.Argument(metavar="NAME=VALUE...", help="What to change.")],
) -> None:
    """Change options of a study; see ``describe_options``."""
    from backend.studies import editing

    changes = {}
    for option in options:
        name, equals, value = option.partition("=")
        if not equals:
            raise typer.BadParameter(f"{option!r} is not of the form NAME=VALUE, such as zoom=no.")
        if name not in StudyOptions.model_fields:
            raise typer.BadParameter(f"there is no option {name!r}; see: dermvtt study set --help")
        changes[name] = value
    with changing() as session:
        chosen = editing.change_options(session, study, changes)
    for name in changes:
        print(f"{name}={show_option(name, getattr(chosen, name))}")


@study_app.command("mixes")
def choose_mixes(
    study: StudyArgument,
    mix: MixOption,
    practice: Annotated[
        int | None,
        typer.Option(min=0, max=LARGEST_ID, help="The practice mix [default: as it is]; 0: none."),
    ] = None,
) -> None:
    """Choose the mixes of a draft that nobody has been invited to, in place of those that it has.

    Example: dermvtt study mixes 1 --mix 1 --mix 3
    """
    from backend.studies import editing, lifecycle

    with changing() as session:
        held = lifecycle.get_study(session, study, lock=True).practice_mix_id
        chosen = editing.change_mixes(session, study, mix, held if practice is None else practice or None)
        shown = "; ".join(f"mix {one.id}: {one.name}" for one in chosen.mixes)
    print(f"Study {study} shows {shown}.")


@study_app.command("texts")
def set_texts(
    study: StudyArgument,
    language: LanguageOption,
    title: Annotated[str | None, _text("The title, as raters see it")] = None,
    introduction: Annotated[str | None, _text("What raters read first")] = None,
    introduction_file: Annotated[Path | None, _file("the introduction")] = None,
    consent: Annotated[str | None, _text("What raters agree to")] = None,
    consent_file: Annotated[Path | None, _file("what raters agree to")] = None,
    thanks: Annotated[str | None, _text("What raters read after submitting")] = None,
    thanks_file: Annotated[Path | None, _file("what raters read after submitting")] = None,
) -> None:
    """Change what a study tells its raters in one language; what is not named stays.

    All but the title are Markdown: **strong**, *emphasis*, lists, links, headings.

    Example: dermvtt study texts 1 --language de --title "Echt oder erzeugt?" --introduction-file text.txt
    """
    from backend.studies import editing, lifecycle

    given = {
        "title": title,
        "introduction": _either("introduction", introduction, introduction_file),
        "consent": _either("consent", consent, consent_file),
        "thanks": _either("thanks", thanks, thanks_file),
    }
    changes = {name: text for name, text in given.items() if text is not None}
    if not changes:
        raise typer.BadParameter("nothing to change. Give --title, --introduction, --consent or --thanks.")
    code = Languages().require(language)
    with changing() as session:
        held = lifecycle.get_study(session, study, lock=True).texts.get(code, {})
        editing.change_texts(session, study, code, parse_texts({**held, **changes}))
    print(f"Changed for {code}: {', '.join(changes)}.")


@study_app.command("consents")
def show_consents(study: StudyArgument) -> None:
    """Print each text that raters agreed to, word for word, with its version and how many did.

    Example: dermvtt study consents 1
    """
    from backend.database import consents
    from backend.studies.lifecycle import get_study

    with opened(load_settings()) as database, database.read() as session:
        agreed = consents.agreed_texts(session, get_study(session, study).id)
    if not agreed:
        print("Nobody has agreed yet.")
    for text, count, since in agreed:
        who = f"{count} rater{'s' * (count != 1)} since {since:%Y-%m-%d %H:%M} UTC"
        print(f"{text.version} ({text.language}; {who})")
        print("  " + text.text.replace("\n", "\n  "))


@study_app.command("close")
def close_study(study: StudyArgument) -> None:
    """Close a study: no more answers are taken.

    Example: dermvtt study close 1
    """
    _set_state(study, "closed")


@study_app.command("open")
def open_study(study: StudyArgument) -> None:
    """Open a draft, or a closed study again.

    Example: dermvtt study open 1
    """
    _set_state(study, "open")


@study_app.command("archive")
def archive_study(study: StudyArgument) -> None:
    """Archive a closed study: nothing of it can change any more. 'study close' takes it out again.

    Example: dermvtt study archive 1
    """
    _set_state(study, "archived")


@study_app.command("duplicate")
def duplicate_study(
    study: StudyArgument,
    title: Annotated[str, typer.Option(help="Its title [default: the old one and (copy)].")] = "",
    seed: SeedOption = "",
) -> None:
    """Make a draft with the mixes, texts, options and groups of a study, and without its raters.

    Example: dermvtt study duplicate 1 --title "Real or generated? Second round"
    """
    from backend.studies import lifecycle

    with changing() as session:
        made = lifecycle.duplicate(session, study, title, seed=seed)
    print(f"Made study {made.id} ({made.title}), a draft. Open it with: dermvtt study open {made.id}")


def _set_state(study: int, state: str) -> None:
    from backend.studies import lifecycle

    with changing() as session:
        lifecycle.set_state(session, study, state)
    print(f"Study {study} is {state}.")


def _either(name: str, text: str | None, file: Path | None) -> str | None:
    if file is None:
        return text
    if text is not None:
        raise typer.BadParameter(f"give --{name} or --{name}-file, not both.")
    return read_text(file)
