"""``dermvtt`` as a user types it."""

import io
import json
import re
import stat

import pytest
import sqlalchemy as sa
import typer

from backend import cli
from backend.analysis.ratings import read_ratings
from backend.database.sessions import Database
from backend.database.tables import Rater
from backend.private import create_secret, write_private
from backend.settings import Settings, load_settings
from backend.studies import consent, invitations, rating
from backend.studies.options import StudyOptions
from training.errors import UserError


@pytest.fixture(params=["sqlite", "postgresql"])
def installation(request, monkeypatch, make_url):
    """An environment that points to an empty database."""
    monkeypatch.setenv("DATABASE_URL", make_url(request.param, empty=True))


@pytest.mark.usefixtures("installation")
def test_from_an_empty_database_to_a_csv(dermvtt, make_mix, tmp_path):
    assert dermvtt("migrate")[0] == 0
    assert "mix 1 (mix): 5 reals, 3 fakes" in dermvtt("import-mix", make_mix())[1]
    out = dermvtt("study", "create", "--mix", 1, "--title", "Skin", "--group", "ED", "--group", "DLE")[1]
    assert "study 1 (Skin); groups ED, DLE" in out
    links = dermvtt("invite", "--study", 1, "--group", "ED", "--count", 2)[1].splitlines()
    assert [line.split("\t")[:2] for line in links] == [["ED1", "ED"], ["ED2", "ED"]]
    tokens = [
        re.fullmatch(r"http://127\.0\.0\.1:8000/r/([\w-]{32})", line.split("\t")[2])[1] for line in links
    ]
    rate_first(tokens[0])
    assert "2 raters, 0 submitted" in dermvtt("study", "list")[1]
    target = tmp_path / "ratings.csv"
    assert dermvtt("export", "--study", 1, "--out", target)[0] == 0
    rows = list(read_ratings(target).rows())
    assert [row.answer for row in rows].count("fake") == 1
    assert len(rows) == 8
    results = json.loads(dermvtt("analyze", target, "--json")[1])
    assert (results["raters"][0]["n"], results["raters"][0]["missing"]) == (1, 7)


def rate_first(token):
    database = Database(load_settings().database)
    with database.write() as session:
        rater = invitations.admit(session, token)
        consent.begin(session, token, consent.told(rater.study, "en", str), form={"years": "7"})
        rating.answer_form(session, token, 1, "fake")
    database.close()


def submit(token):
    database = Database(load_settings().database)
    with database.write() as session:
        rating.submit(session, token, leave_unanswered=True)
    database.close()


@pytest.mark.usefixtures("installation")
def test_links_and_studies_are_managed(dermvtt, make_mix):
    dermvtt("migrate")
    dermvtt("import-mix", make_mix())
    dermvtt("study", "create", "--mix", 1, "--title", "Skin")
    first = dermvtt("invite", "--study", 1, "--group", "ED")[1].split("\t")[2]
    second = dermvtt("renew", "--study", 1, "ED1")[1].split("\t")[2]
    assert first != second
    assert dermvtt("revoke", "--study", 1, "ED1")[0] == 0
    assert "closed" in dermvtt("study", "close", 1)[1]
    code, _, err = dermvtt("invite", "--study", 1, "--group", "ED")
    assert (code, err) == (
        1,
        "error: the study is closed: nobody can be invited to it any more.\n",
    )
    assert "open" in dermvtt("study", "open", 1)[1]


@pytest.fixture
def study(installation, dermvtt, make_mix):
    """A study of two mixes, set up on the command line."""
    dermvtt("migrate")
    dermvtt("import-mix", make_mix())
    dermvtt("import-mix", make_mix(1, 1, seed=2))
    return dermvtt("study", "create", "--mix", 1, "--practice", 2, "--title", "Skin", "--language", "en")


@pytest.mark.usefixtures("study")
def test_what_is_set_is_shown_and_can_be_set_again(dermvtt):
    choice = {"id": "place", "kind": "choice", "label": {"en": "Where?"}, "choices": ["clinic", "practice"]}
    questions = json.dumps([{"id": "years", "kind": "number", "required": True}, choice])
    code, out, _ = dermvtt("study", "set", 1, "zoom=no", "confidence_levels=5", f"questions={questions}")
    assert (code, out.splitlines()[:2]) == (0, ["zoom=no", "confidence_levels=5"])
    shown = dermvtt("study", "show", 1)[1]
    assert "practice mix: 2 (mix), 1 reals, 1 fakes" in shown
    options = dict(line.strip().split("=", 1) for line in shown.splitlines() if "=" in line)
    assert set(options) == set(StudyOptions.model_fields)
    assert (options["zoom"], options["fixation_ms"]) == ("no", "0")
    assert json.loads(options["questions"])[1] == choice
    again = [f"{name}={value}" for name, value in options.items()]
    assert dermvtt("study", "set", 1, *again)[0] == 0
    assert dermvtt("study", "show", 1)[1] == shown
    assert dermvtt("study", "set", 1, "questions=years,field")[1] == "questions=years,field\n"


@pytest.mark.usefixtures("study")
@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("zoom=maybe", "zoom: must be yes or no."),
        ("fixation_ms=long", "fixation_ms: must be a whole number."),
        ("fixation_ms=50", "must be 0 (none) or 100 to 10000"),
        ("questions=[", "questions: "),
        ("questions=shoes", "the question shoes needs a label"),
    ],
)
def test_an_option_that_cannot_be_is_named(dermvtt, option, words):
    code, out, err = dermvtt("study", "set", 1, option)
    assert (code, out) == (1, "")
    assert words in err


@pytest.mark.usefixtures("study")
def test_what_shapes_answers_is_fixed_by_the_first_rating(dermvtt):
    token = dermvtt("invite", "--study", 1, "--group", "ED")[1].strip().rsplit("/", 1)[1]
    rate_first(token)
    code, _, err = dermvtt("study", "set", 1, "zoom=no", "show_results=yes")
    assert code == 1
    assert err.startswith("error: zoom cannot change any more")
    assert dermvtt("study", "set", 1, "show_results=yes")[0] == 0
    shown = dermvtt("study", "show", 1)[1]
    assert "  zoom=yes *\n" in shown
    assert "  show_results=yes\n" in shown


@pytest.mark.usefixtures("study")
def test_texts_are_changed_one_by_one(dermvtt, tmp_path):
    (tmp_path / "text").write_bytes("\ufeffRead this.\nAnd this: \u00e4.\n".encode())
    given = ("--title", "Title", "--introduction-file", tmp_path / "text")
    assert dermvtt("study", "texts", 1, "--language", "en", *given)[0] == 0
    assert dermvtt("study", "texts", 1, "--language", "en", "--thanks", "Bye")[0] == 0
    shown = dermvtt("study", "show", 1)[1]
    for line in ("en title: Title", "en introduction: Read this.\n    And this: \u00e4.\n", "en thanks: Bye"):
        assert line in shown
    dermvtt("study", "texts", 1, "--language", "en", "--thanks", "")
    assert "thanks" not in dermvtt("study", "show", 1)[1]
    (tmp_path / "text").write_bytes(b"\xff")
    code, _, err = dermvtt("study", "texts", 1, "--language", "en", "--consent-file", tmp_path / "text")
    assert code == 1
    assert "is not UTF-8" in err
    code, _, err = dermvtt("study", "texts", 1, "--language", "en", "--thanks", "x" * 10_001)
    assert code == 1
    assert err.startswith("error: thanks: ")


@pytest.mark.usefixtures("study")
def test_a_rater_who_submitted_is_let_go_on(dermvtt):
    token = dermvtt("invite", "--study", 1, "--group", "ED")[1].strip().rsplit("/", 1)[1]
    rate_first(token)
    code, _, err = dermvtt("reopen", "--study", 1, "ED1")
    assert code == 1
    assert "ED1 has not submitted" in err
    submit(token)
    assert "1 raters, 1 submitted" in dermvtt("study", "list")[1]
    assert "ED1 can change her answers" in dermvtt("reopen", "--study", 1, "ED1")[1]
    assert "1 raters, 0 submitted" in dermvtt("study", "list")[1]


@pytest.mark.usefixtures("study")
def test_every_text_that_was_agreed_to_is_shown(dermvtt):
    assert dermvtt("study", "consents", 1)[1] == "Nobody has agreed yet.\n"
    links = dermvtt("invite", "--study", 1, "--group", "ED", "--count", 2)[1].split()
    first, second = (link.rsplit("/", 1)[1] for link in links if "/r/" in link)
    rate_first(first)
    dermvtt("study", "texts", 1, "--language", "en", "--consent", "I take part.\nI may stop.")
    rate_first(second)
    shown = dermvtt("study", "consents", 1)[1]
    assert re.findall(r"^([0-9a-f]{64}) \(en; 1 rater since ", shown, re.MULTILINE) == versions_agreed_to()
    assert shown.endswith("\n  I take part.\n  I may stop.\n")
    assert "of my own free will" in shown.split("I take part.")[0]


def versions_agreed_to():
    database = Database(load_settings().database)
    with database.read() as session:
        versions = session.scalars(sa.select(Rater.consent_version).order_by(Rater.number)).all()
    database.close()
    return versions


@pytest.mark.usefixtures("study")
def test_who_chooses_her_group_is_invited_without_one(dermvtt):
    code, _, err = dermvtt("invite", "--study", 1)
    assert code == 1
    assert "its groups are ED, DLE" in err
    dermvtt("study", "set", 1, "ask_group=yes")
    assert dermvtt("invite", "--study", 1)[1].startswith("R1\t-\thttp://")


@pytest.mark.usefixtures("installation")
def test_admins_are_made_and_reset(dermvtt):
    dermvtt("migrate")
    password = re.compile(r"One-time password of a@b\.c: [0-9a-f]{4}(-[0-9a-f]{4}){3}\n")
    assert password.fullmatch(dermvtt("admin", "create", "a@b.c")[1])
    code, _, err = dermvtt("admin", "create", "A@b.c")
    assert code == 1
    assert "reset-password" in err
    assert password.fullmatch(dermvtt("admin", "reset-password", "a@b.c")[1])


@pytest.mark.parametrize(
    "command",
    [
        ("serve", "--port", 0),
        ("study", "list"),
        ("import-mix", "x"),
        ("export", "--study", 1),
        ("admin", "create", "a@b.c"),
    ],
)
def test_without_a_schema_every_command_says_what_mends_it(dermvtt, command):
    code, out, err = dermvtt(*command)
    assert (code, out) == (1, "")
    assert "dermvtt migrate" in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("import-mix", "nowhere"), "nowhere/manifest.json cannot be read"),
        (("study", "create", "--mix", 9, "--title", "x"), "there is no mix 9"),
        (("invite", "--study", 9, "--group", "ED"), "there is no study 9"),
        (("renew", "--study", 9, "ED1"), "no rater"),
        (("study", "close", 9), "there is no study 9"),
        (("export", "--study", 9), "there is no study 9"),
        (("study", "show", 9), "there is no study 9"),
        (("study", "set", 9, "zoom=no"), "there is no study 9"),
        (("study", "texts", 9, "--language", "en", "--title", "x"), "there is no study 9"),
        (("study", "texts", 1, "--language", "xx", "--title", "x"), "no language 'xx'; there are en"),
        (("study", "texts", 1, "--language", "en", "--thanks-file", "nowhere"), "nowhere: No such file"),
        (("study", "create", "--mix", 1, "--title", "x", "--language", "xx"), "no language 'xx'"),
        (("reopen", "--study", 9, "ED1"), "no rater"),
        (("export", "--study", 9, "--what", "history"), "there is no study 9"),
        (("admin", "create", "nonsense"), "no e-mail address"),
        (("admin", "reset-password", "a@b.c"), "dermvtt admin create a@b.c"),
        (("demo", "--data", "nowhere"), "nowhere is no folder"),
    ],
)
def test_a_users_mistake_is_one_message(dermvtt, command, words):
    dermvtt("migrate")
    code, _, err = dermvtt(*command)
    assert code == 1
    assert err.startswith("error: ")
    assert words in err


@pytest.mark.parametrize(
    "command",
    [
        ("invite",),
        ("study", "create"),
        ("study", "set", 1),
        ("study", "set", 1, "zoom"),
        ("study", "set", 1, "zoon=no"),
        ("study", "texts", 1, "--language", "en"),
        ("study", "texts", 1, "--language", "en", "--thanks", "x", "--thanks-file", "x"),
        ("export", "--study", 1, "--what", "everything"),
        ("nonsense",),
        ("serve", "--port", "x"),
        ("serve", "--port", 99999),
    ],
)
def test_wrong_usage_is_exit_code_2(dermvtt, command):
    assert dermvtt(*command)[0] == 2


def test_help_lists_every_command_with_an_example_and_every_variable(dermvtt):
    out = dermvtt("--help")[1]
    for word in ("serve", "analyze", "demo", "DATABASE_URL", "DERMVTT_DATA_DIR"):
        assert word in out
    commands = list(every_command(typer.main.get_command(cli.app)))
    assert len(commands) >= 15
    for command in commands:
        assert "Example" in dermvtt(*command, "--help")[1], command


def test_help_of_study_set_lists_every_option_with_what_it_does(dermvtt):
    lines = dermvtt("study", "set", "--help")[1].splitlines()
    for name, field in StudyOptions.model_fields.items():
        assert any(line.strip().startswith(f"{name}  {field.description}") for line in lines), name


def every_command(group, path=()):
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from every_command(command, (*path, name))
        else:
            yield (*path, name)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("DERMVTT_PORT", "many", "DERMVTT_PORT"),
        ("DATABASE_URL", "mysql://x", "must start with sqlite:// or postgresql://"),
        ("DATABASE_URL", "postgresql://u:p@h:port/x", "no usable address"),
        ("DERMVTT_PUBLIC_URL", "study.example.org", "such as https://study.example.org"),
        ("DERMVTT_PUBLIC_URL", "https://example.org/study", "without a path"),
        ("DERMVTT_LOG_LEVEL", "loud", "DEBUG, INFO"),
        ("DERMVTT_SESSION_HOURS", "-1", "DERMVTT_SESSION_HOURS"),
    ],
)
def test_a_setting_that_cannot_be_is_named(monkeypatch, dermvtt, name, value, words):
    monkeypatch.setenv(name, value)
    code, _, err = dermvtt("study", "list")
    assert code == 1
    assert name in err
    assert words in err


def test_a_data_folder_that_cannot_be_made_is_said(monkeypatch, dermvtt, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("DERMVTT_DATA_DIR", str(tmp_path / "file" / "below"))
    code, _, err = dermvtt("migrate")
    assert code == 1
    assert str(tmp_path / "file") in err


def test_a_database_out_of_reach_is_said(monkeypatch, dermvtt):
    monkeypatch.setenv("DATABASE_URL", "postgresql://someone:secret@127.0.0.1:1/none")
    for command in (("migrate",), ("study", "list")):
        code, _, err = dermvtt(*command)
        assert code == 1
        assert "secret" not in err
        assert "Traceback" not in err


def test_the_form_key_is_made_once_for_its_owner_alone(tmp_path):
    settings = Settings(data_dir=tmp_path)
    key = settings.secret
    path = tmp_path / "secret.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert Settings(data_dir=tmp_path).secret == key
    assert len(key) == 64
    assert Settings(data_dir=tmp_path, secret_key="from outside").secret == b"from outside"


def test_the_first_of_several_makes_the_secret(tmp_path):
    path = tmp_path / "secret"

    def slow():
        write_private(path, "the first\n")  # another process is quicker
        return "the second"

    assert create_secret(path, slow) == "the first"
    assert [one.name for one in tmp_path.iterdir()] == ["secret"]


def test_errors_of_settings_are_errors_of_the_user(monkeypatch):
    monkeypatch.setenv("DERMVTT_PORT", "99999")
    with pytest.raises(UserError):
        load_settings()


@pytest.mark.parametrize(
    ("what", "begins"),
    [
        ("ratings", "rater,group,image,truth,answer"),
        ("history", "study,rater,group,image"),
        ("viewings", "rater,group,image,position,viewings"),
        ("participants", "rater,group,language"),
    ],
)
def test_exporting_to_standard_output_is_the_csv(dermvtt, make_mix, what, begins):
    dermvtt("migrate")
    dermvtt("import-mix", make_mix())
    dermvtt("study", "create", "--mix", 1, "--title", "Skin")
    code, out, _ = dermvtt("export", "--study", 1, "--what", what)
    assert code == 0
    assert next(iter(io.StringIO(out))).startswith(begins)


def test_an_export_that_cannot_be_written_leaves_nothing(dermvtt, make_mix, tmp_path):
    dermvtt("migrate")
    dermvtt("import-mix", make_mix())
    dermvtt("study", "create", "--mix", 1, "--title", "Skin")
    (tmp_path / "file").write_text("")
    code, _, err = dermvtt("export", "--study", 1, "--out", tmp_path / "file" / "below.csv")
    assert code == 1
    assert "could not be written" in err
    assert dermvtt("export", "--study", 9, "--out", tmp_path / "new.csv")[0] == 1
    assert not (tmp_path / "new.csv").exists()
