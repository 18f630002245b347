"""Several mixes in one study: each picture once, results for each generator, nothing that tells the mix."""

import csv
import io
import json
import shutil

import pytest
import sqlalchemy as sa

from backend.database import mixes, schema
from backend.database.sessions import Database
from backend.database.tables import Image, Presentation, Rater, StudyMix
from backend.operations.check import findings
from backend.storage import ImageStore
from backend.studies import editing, lifecycle, rating
from backend.studies.bundles import take_in
from backend.studies.invitations import invite
from backend.studies.mixes import delete_mix, import_mix
from backend.studies.refusals import Conflict, Invalid, Refused, Unknown
from backend.studies.results import study_results
from tests.backend.bundles.packing import csv_of, packed, repacked, store_of
from tests.backend.conftest import hidden
from tests.backend.crawling import crawl, differing
from tests.support import World, consent


def change(folder, *, generator="2" * 64, family="pgan", real_of=None, shared=None, **of_first):
    """Give a mix's fakes another generator, its first image other values, and a real that another mix has.

    ``shared``: what this mix says of that real.
    """
    manifest = json.loads((folder / "manifest.json").read_text())
    for image in manifest["images"]:
        if image["truth"] == "fake":
            image["provenance"] |= {"generator": generator, "family": family}
    manifest["images"][0] |= of_first
    if real_of is not None:
        held = json.loads((real_of / "manifest.json").read_text())["images"]
        real = next(image for image in held if image["truth"] == "real")
        shutil.copy(real_of / real["file"], folder / f"images/{'f' * 32}.png")
        real |= {"id": "f" * 32, "file": f"images/{'f' * 32}.png"} | (shared or {})
        manifest["images"].append(real)
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


@pytest.fixture
def second(world, make_mix):
    """A second mix: four reals, one of them also in the world's, and two fakes by another generator."""
    return take(world, change(make_mix(3, 2, seed=5), real_of=world.mix_folder), "Second")


def take(world, folder, name="Other"):
    return import_mix(world.database, store_of(world), folder, name).mix


@pytest.fixture
def both(world, second):
    """A study of the world's mix and the second one, with a rater."""
    with world.database.write() as session:
        study = lifecycle.create_study(session, [world.mix_id, second.id], "Both", seed="seed")
        link = {one.name: one.token for one in invite(session, study.id, "ED", 2)}
    return World(world.settings, world.database, study, world.mix_folder, link)


def read(world, what):
    return list(csv.DictReader(io.StringIO(csv_of(world.database, world.study.id, what).decode())))


def answer_all(world, name="ED1"):
    consent(world, name)
    for position in range(1, 14):
        with world.database.write() as session:
            rating.answer_form(session, world.link[name], position, ("real", "fake")[position % 2])


def test_each_picture_is_shown_once_and_each_generator_has_its_results(both):
    answer_all(both)
    with both.database.read() as session:
        query = sa.select(Image.sha256, Presentation.position).join(Presentation.image).join(Rater)
        shown = session.execute(query.where(Rater.study_id == both.study.id, Rater.name == "ED1")).all()
        found = study_results(session, lifecycle.get_study(session, both.study.id))
    assert len(shown) == len({sha256 for sha256, _ in shown}) == 5 + 3 + 3 + 2
    of_all = {one.source: one.images for one in found.generators if one.group == "all"}
    assert of_all == {"pgan:11111111": 3, "pgan:22222222": 2}
    assert {one for pair in found.generator_pairs for one in (pair.source_a, pair.source_b)} == set(of_all)
    assert findings(both.database, store_of(both)) == []
    rows = {what: read(both, what) for what in ("ratings", "history", "images")}
    sources = {row["image"]: row["source"] for row in rows["images"]}
    assert sorted(sources) == sorted(row["image"] for row in rows["ratings"])
    assert {row["mix"] for row in rows["images"]} == {"1", "2"}
    for what in ("ratings", "history"):
        assert all(row["source"] == sources[row["image"]] for row in rows[what])


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_generators_of_different_families_go_by_their_families(world, make_mix):
    other = take(world, change(make_mix(3, 2, seed=6), family="dcgan"))
    with world.database.write() as session:
        study = lifecycle.create_study(session, [world.mix_id, other.id], "Families").id
        assert set(mixes.sources(session, study).values()) == {"real", "pgan", "dcgan"}


def refused(world, *mix_ids):
    with pytest.raises(Refused) as problem, world.database.write() as session:
        lifecycle.create_study(session, mix_ids, "Both")
    return problem.type, str(problem.value)


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_mixes_that_do_not_fit_together_are_refused(world, make_mix):
    ids = [image["id"] for image in json.loads((world.mix_folder / "manifest.json").read_text())["images"]]
    larger = take(world, make_mix(2, 2, seed=7, side=32))
    namesake = make_mix(2, 2, seed=8)
    first = json.loads((namesake / "manifest.json").read_text())["images"][0]
    (namesake / first["file"]).rename(namesake / f"images/{ids[0]}.png")
    namesake = take(world, change(namesake, id=ids[0], file=f"images/{ids[0]}.png"))
    fake = {"generator": "1" * 64, "family": "pgan", "latent_seed": 1}
    liar = change(
        make_mix(2, 2, seed=9), real_of=world.mix_folder, shared={"truth": "fake", "provenance": fake}
    )
    liar = take(world, liar)
    for mix, words in (
        (larger, "16 x 16, mix 2 (Other) of 32 x 32: the size would tell them apart"),
        (namesake, f"different images of one id ({ids[0]}): they were drawn with the same seed"),
        (liar, "have one picture, which is real in one and fake in the other"),
    ):
        kind, told = refused(world, world.mix_id, mix.id)
        assert kind is Conflict
        assert words in told
    assert refused(world)[0] is Invalid
    assert refused(world, world.mix_id, 99) == (
        Unknown,
        "there is no mix 99. Import one first: dermvtt import-mix FOLDER",
    )


def test_no_image_of_any_mix_may_be_for_practice_and_no_mix_in_use_is_deleted(both, make_mix):
    practice = take(both, change(make_mix(1, 1, seed=10), real_of=both.mix_folder))
    with pytest.raises(Conflict, match="practice would give it away"), both.database.write() as session:
        lifecycle.create_study(session, [2, 1], "Both", practice_mix_id=practice.id)
    with pytest.raises(Conflict, match="used by study 2"):
        delete_mix(both.database, store_of(both), 2)


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_a_study_of_several_mixes_is_made_in_the_browser(admin, world, second):
    form = admin.get(f"/admin/studies/new?mix={second.id}").text
    assert form.count("checked") == 1
    assert f'value="{second.id}" checked' in form
    given = {"csrf": hidden(form, "csrf"), "title": "Both", "groups": "ED"}
    page = admin.post("/admin/studies", data=given)
    assert page.status_code == 422
    assert "A study needs at least one mix" in page.text
    again = admin.post("/admin/studies", data=given | {"mix": [1, 2], "groups": "all"})
    assert again.text.count("checked") == 2
    made = admin.post("/admin/studies", data=given | {"mix": [2, 1]}).headers["location"]
    page = admin.get(made).text
    assert page.index("Second: 4 reals and 2 fakes") < page.index("5 reals and 3 fakes")
    assert "1 images, each of them shown once" in page
    assert "fakes called <code>pgan:11111111</code> in results" in page
    assert "Second + mix" in admin.get("/admin").text
    assert "8 reals and 5 fakes" in admin.get(f"{made}/results").text


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_a_study_of_several_mixes_is_made_by_a_command(world, second, dermvtt, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", world.settings.database)
    assert dermvtt("study", "create", "--mix", 2, "--mix", 1, "--title", "Both")[0] == 0
    assert "  mix: 2 (Second), 4 reals, 2 fakes\n  mix: 1 (mix), 5" in dermvtt("study", "show", 2)[1]
    assert "(mix 2: Second; mix 1: mix; 0 raters" in dermvtt("study", "list")[1]


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_which_mix_an_image_is_of_changes_no_byte_that_a_rater_is_sent(both, browser):
    base = f"/r/{both.link['ED1']}"
    consent(both)
    before = crawl(browser, base, static=False)
    with both.database.write() as session:
        session.execute(sa.update(Image).values(mix_id=3 - Image.mix_id))
        session.execute(sa.text("UPDATE mixes SET name = 'Renamed', configuration = '{}'"))
    assert differing(before, crawl(browser, base, static=False)) == set()
    pictures = [reply for address, reply in before.items() if "/images/" in address]
    assert len(pictures) == 13
    assert len({(len(reply.content), reply.content[:43]) for reply in pictures}) == 1
    everything = b"".join(reply.content for reply in before.values() if "/images/" not in str(reply.url))
    assert b"Second" not in everything


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_the_order_does_not_follow_the_mixes(both):
    with both.database.read() as session:
        images = mixes.images_of(session, both.study.id)
        assert [image.public_id for image in images] == sorted(image.public_id for image in images)
        query = sa.select(Image.mix_id).join(Presentation).join(Rater).order_by(Presentation.position)
        orders = [list(session.scalars(query.where(Rater.name == name))) for name in both.link]
    assert all(order != sorted(order) and order != sorted(order, reverse=True) for order in orders)


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_it_travels_in_a_bundle(both, make_url, tmp_path):
    answer_all(both)
    there, store = Database(make_url("sqlite")), ImageStore(tmp_path / "there")
    taken = take_in(there, store, io.BytesIO(packed(both)))
    for what in ("ratings", "history"):
        assert csv_of(there, taken.study_id, what) == csv_of(both.database, both.study.id, what)
    with there.read() as session:
        assert [one.name for one in lifecycle.get_study(session, taken.study_id).mixes] == ["mix", "Second"]
    there.close()


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_a_bundle_from_before_there_were_several_mixes_is_taken_in(world, make_url, tmp_path):
    consent(world)

    def aged(files):
        del files["tables/study_mixes.jsonl"]
        study = json.loads(files["tables/studies.jsonl"]) | {"mix_id": 1}
        files["tables/studies.jsonl"] = json.dumps(study).encode() + b"\n"

    data = repacked(packed(world), aged, lambda manifest: manifest["counts"].pop("study_mixes"))
    there = Database(make_url("sqlite"))
    assert take_in(there, ImageStore(tmp_path / "there"), io.BytesIO(data)).new
    assert csv_of(there, 1) == csv_of(world.database, 1)
    there.close()


def test_the_schema_goes_down_and_up_with_its_mixes(both):
    engine = both.database.engine
    schema.downgrade(engine, "0007")
    with engine.begin() as connection:
        assert connection.scalars(sa.text("SELECT mix_id FROM studies ORDER BY id")).all() == [1, 1]
        practice = connection.scalars(sa.text("SELECT practice_mix_id FROM studies"))
        assert practice.all() == [None, None]
    with pytest.raises(sa.exc.IntegrityError), engine.begin() as connection:
        connection.execute(sa.text("UPDATE studies SET mix_id = NULL"))
    with pytest.raises(sa.exc.IntegrityError), engine.begin() as connection:
        connection.execute(sa.text("UPDATE studies SET mix_id = 77"))
    schema.upgrade(engine)
    with both.database.read() as session:
        assert session.execute(sa.select(StudyMix.study_id, StudyMix.mix_id)).all() == [(1, 1), (2, 1)]
        if engine.dialect.name == "sqlite":
            assert session.scalar(sa.text("PRAGMA integrity_check")) == "ok"


def test_a_draft_gets_other_mixes_until_somebody_has_an_order_of_them(world, second, admin):
    with world.database.write() as session:
        draft = lifecycle.create_study(session, [world.mix_id], "Draft", draft=True).id
    here = f"/admin/studies/{draft}"
    page = admin.get(here).text
    form = {"csrf": hidden(page, "csrf"), "mix": [second.id, world.mix_id]}
    assert f'name="mix" value="{world.mix_id}" checked' in page
    assert f'name="mix" value="{second.id}">' in page
    assert admin.post(f"{here}/mixes", data=form | {"practice": str(second.id)}).status_code == 409
    assert admin.post(f"{here}/mixes", data=form | {"mix": []}).status_code == 422
    assert shown_mixes(world, draft) == [world.mix_id]
    for _ in range(2):  # a double click
        assert admin.post(f"{here}/mixes", data=form).status_code == 303
    assert shown_mixes(world, draft) == [second.id, world.mix_id]
    assert admin.get(here).text.count(f"mixes changed: {second.id}, {world.mix_id}") == 1
    with world.database.write() as session:
        editing.change_options(session, draft, {"repeats": "6"})
    few = form | {"mix": [second.id]}
    assert "can be shown a second time" in admin.post(f"{here}/mixes", data=few).text
    with world.database.write() as session:
        rater = invite(session, draft, "ED")[0]
    assert "choose other mixes" not in admin.get(here).text.lower()
    assert "their orders are drawn" in admin.post(f"{here}/mixes", data=few).text
    with world.database.write() as session:
        lifecycle.set_state(session, draft, "open")
        assert (
            len(
                session.scalars(
                    sa.select(Presentation)
                    .join(Rater)
                    .where(Rater.name == rater.name, Rater.study_id == draft)
                ).all()
            )
            == 8 + 6 - 1 + 6
        )
    assert "only a draft" in admin.post(f"{here}/mixes", data=few).text
    assert findings(world.database, store_of(world)) == []


def shown_mixes(world, study):
    with world.database.read() as session:
        return [mix.id for mix in lifecycle.get_study(session, study).mixes]
