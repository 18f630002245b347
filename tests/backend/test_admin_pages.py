"""The admin's pages: logging in, studies, raters, results, and what is kept from everybody else."""

import io
import json
import re
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from html import unescape

import pytest
from fastapi.testclient import TestClient

from backend import accounts
from backend.analysis.ratings import read_ratings
from backend.analysis.report.results import analyze
from backend.analysis.report.serial import tables, to_csv, to_dict
from backend.analysis.report.views import views
from backend.app import create_app
from backend.routes import admin
from backend.routes.admin.access import known_admin, ready_admin
from backend.routes.pages import ADDRESS
from tests.backend.conftest import ADMIN, PASSWORD, add_admin, hidden, log_in


def token(client):
    return hidden(client.get("/admin").text, "csrf")


def rate_all(client, link, answers):
    client.post(f"/r/{link}/start", data={"agree": "1"})
    for position, answer in enumerate(answers, start=1):
        form = {"answer": answer, "submission": f"submission-{position}"}
        client.post(f"/r/{link}/rate/{position}", data=form)


def test_every_admin_route_states_who_may_use_it():
    open_to_all = {"login_page", "login", "code_page", "give_code", "first_page", "make_first_owner"}

    def dependencies(dependant):
        yield dependant.call
        for inner in dependant.dependencies:
            yield from dependencies(inner)

    routes = [route for part in admin.PARTS for route in part.router.routes if route.name not in open_to_all]
    assert len(routes) >= 18
    for route in routes:
        assert set(dependencies(route.dependant)) & {known_admin, ready_admin}, f"{route.path} is open to all"


# What no database can change is asked on one of them.
on_sqlite = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)


@on_sqlite
@pytest.mark.parametrize(
    "path",
    [
        "",
        "/studies/new",
        "/studies/1",
        "/studies/1/raters",
        "/studies/1/raters/ED1/privacy",
        "/studies/1/settings",
        "/studies/1/results",
        "/studies/1/exports/ratings.csv",
        "/studies/1/exports/history.csv",
        "/studies/1/exports/participants.csv",
    ],
)
def test_without_a_log_in_there_is_only_the_way_to_it(browser, path):
    assert browser.get(f"/admin{path}").headers["location"] == "/admin/login"


def test_a_one_time_password_leads_nowhere_but_to_a_new_one(browse, world):
    with world.database.write() as session:
        one_time = accounts.create_admin(session, "New@Example.org")
    client = browse()
    assert log_in(client, "new@example.org", one_time).headers["location"] == "/admin/password"
    assert client.get("/admin").headers["location"] == "/admin/password"
    form = {"csrf": hidden(client.get("/admin/password").text, "csrf"), "old": one_time}
    for new, again, word in (
        ("short", "short", "12"),
        (PASSWORD, "other", "differ"),
        (one_time, one_time, "differ"),
    ):
        refused = client.post("/admin/password", data=form | {"new": new, "again": again})
        assert refused.status_code == 422
        assert word in refused.text
    assert client.post("/admin/password", data=form | {"new": PASSWORD, "again": PASSWORD}).status_code == 303
    assert client.get("/admin").status_code == 200
    assert log_in(browse(), "new@example.org", one_time).status_code == 401


def test_changing_the_password_ends_the_other_sessions(browse, admin):
    other = browse()
    log_in(other, ADMIN, PASSWORD)
    form = {"csrf": hidden(admin.get("/admin/password").text, "csrf"), "old": PASSWORD}
    admin.post("/admin/password", data=form | {"new": PASSWORD * 2, "again": PASSWORD * 2})
    assert admin.get("/admin").status_code == 200
    assert other.get("/admin").headers["location"] == "/admin/login"


def test_guessing_passwords_keeps_no_answer_waiting(browse, world):
    add_admin(world)
    rater, link = browse(), world.link["ED1"]
    rater.post(f"/r/{link}/start", data={"agree": "1"})
    with ThreadPoolExecutor(4) as pool:
        guesses = [pool.submit(log_in, browse(), f"nobody{n}@example.org", "guess") for n in range(8)]
        started = time.monotonic()
        reply = rater.post(f"/r/{link}/rate/1", data={"answer": "real", "submission": "submission"})
        took = time.monotonic() - started
        assert all(guess.result().status_code == 401 for guess in guesses)
    assert reply.status_code == 303
    assert took < 5  # the wait for a lock would have ended in an error after ten seconds


def test_a_wrong_password_and_an_unknown_address_look_the_same(browse, admin):
    replies = [log_in(browse(), email, "wrong") for email in ("admin@example.org", "nobody@example.org")]
    assert [reply.status_code for reply in replies] == [401, 401]
    assert all("The address or the password is not right." in reply.text for reply in replies)


def test_logging_out_ends_the_session(admin):
    cookie = admin.cookies.get("dermvtt_session")
    admin.post("/admin/logout", data={"csrf": token(admin)})
    admin.cookies.set("dermvtt_session", cookie, path="/admin")
    assert admin.get("/admin").headers["location"] == "/admin/login"


def test_a_session_cookie_is_kept_from_scripts_and_other_sites(browse, admin):
    set_cookie = log_in(browse(), "admin@example.org", PASSWORD).headers["set-cookie"]
    assert "HttpOnly" in set_cookie
    assert "SameSite=lax" in set_cookie


@on_sqlite
@pytest.mark.parametrize(
    "path",
    [
        "/logout",
        "/studies",
        "/studies/1/raters",
        "/studies/1/state",
        "/studies/1/settings",
        "/studies/1/raters/ED1/revoke",
        "/studies/1/raters/ED1/reopen",
        "/studies/1/raters/list",
        "/studies/1/raters/mail",
        "/studies/1/raters/enrolment",
        "/studies/1/raters/ED1/privacy",
    ],
)
@pytest.mark.parametrize("csrf", ["", "0" * 64])
def test_forms_that_another_site_sent_are_refused(admin, path, csrf):
    assert (
        admin.post(
            f"/admin{path}", data={"csrf": csrf, "mix": "1", "state": "closed", "what": "delete"}
        ).status_code
        == 409
    )


def test_from_a_mix_to_results_by_the_pages(admin, browse, world):
    csrf = token(admin)
    made = admin.post(
        "/admin/studies", data={"csrf": csrf, "mix": world.mix_id, "title": "New", "groups": "ED, DLE"}
    )
    study = made.headers["location"]
    assert "Nobody has been invited yet" in admin.get(study).text
    links = []
    for group in ("ED", "DLE"):
        page = admin.post(f"{study}/raters", data={"csrf": csrf, "group": group, "count": "1"}).text
        links += re.findall(r"/r/([\w-]+)</code>", page)
    assert len(links) == 2
    early = browse().get(f"/r/{links[0]}")
    assert early.status_code == 409
    assert "has not begun yet" in early.text
    assert admin.post(f"{study}/state", data={"csrf": csrf, "state": "open"}).status_code == 303
    for link in links:
        assert link not in admin.get(study).text  # shown once
        rate_all(browse(), link, ["real", "fake"] * 4)
    page = admin.get(study).text
    assert page.count("8 of 8") == 2
    results = admin.get(f"{study}/results").text
    assert "Not final: 2 raters have not submitted yet." in results
    assert results.count("<td>ED</td>") >= 1
    for name in ("figure5a", "figure5b"):
        figure = admin.get(f"{study}/figures/{name}.svg")
        assert figure.headers["content-type"] == "image/svg+xml"
        assert b"<svg" in figure.content


def test_page_export_and_library_give_the_same_numbers(admin, browse, world):
    rate_all(browse(), world.link["ED1"], ["real", "fake", "real", "real", "fake", "real", "fake", "fake"])
    rate_all(browse(), world.link["DLE1"], ["real", "real", "real", "real", "fake", "fake"])
    study = f"/admin/studies/{world.study.id}"
    export = admin.get(f"{study}/exports/ratings.csv")
    assert export.headers["content-disposition"].startswith("attachment")
    results = analyze(read_ratings(io.StringIO(export.text, newline="")))
    assert to_dict(results) == json.loads(admin.get(f"{study}/results.json").text)
    page = admin.get(f"{study}/results").text
    for one in views(results):
        shown = page.split(f'id="table-{one.name}"')[1].split("</table>")[0]
        cells = re.findall(r"<t[hd][^>]*>([^<]*)<", shown.split("<tbody>")[1])
        assert [unescape(cell) for cell in cells] == [cell for row in one.rows for cell in row]
    for name in tables():
        assert admin.get(f"{study}/results/{name}.csv").text == to_csv(results, name)
    assert results.raters[0].missing == 2  # DLE1 left two


@on_sqlite
def test_each_part_of_the_report_is_one_click(admin, browse, world):
    rate_all(browse(), world.link["ED1"], ["real", "fake"] * 4)
    rate_all(browse(), world.link["DLE1"], ["real", "real"] * 4)
    study = f"/admin/studies/{world.study.id}"
    page = admin.get(f"{study}/results").text
    links = set(re.findall(rf'(?:href|src)="({study}/(?!settings)[^"#]+[.][a-z]+)"', page))
    kinds = {link.rsplit(".", 1)[1] for link in links}
    assert kinds == {"csv", "json", "html", "zip", "svg", "pdf", "png"}
    below = ADDRESS.sub(r"\1/below", page)
    assert links & set(re.findall(r'="(/[^"]*)"', below)) == set()
    # Most of the time is for drawing: one figure is taken in each of its kinds, the others in one.
    figures = sorted({link.rsplit(".", 1)[0] for link in links if "/figures/" in link})
    assert len(figures) > 3
    left_out = {f"{one}.{kind}" for one in figures[1:] for kind in ("pdf", "png")}
    assert left_out < links
    replies = {link: admin.get(link) for link in sorted(links - left_out)}
    assert {reply.status_code for reply in replies.values()} == {200}
    with zipfile.ZipFile(io.BytesIO(replies[f"{study}/report.zip"].content)) as packed:
        names = {name.split("/", 1)[1] for name in packed.namelist() if not name.endswith("/")}
        root = packed.namelist()[0].split("/")[0]
        assert packed.read(f"{root}/results.json") == replies[f"{study}/results.json"].content
        assert packed.read(f"{root}/report.html") == replies[f"{study}/report.html"].content
    assert {
        "raters.csv",
        "tables/raters.tex",
        *(link.removeprefix(f"{study}/") for link in left_out),
    } <= names
    latex = admin.get(f"{study}/results/raters.tex")
    assert "\\toprule" in latex.text
    for path in ("results/nothing.csv", "results/nothing.tex", "figures/nothing.svg", "figures/figure5a.gif"):
        assert admin.get(f"{study}/{path}").status_code == 404


def test_sealed_results_are_seen_by_nobody_before_the_study_is_closed(admin, browse, world):
    rate_all(browse(), world.link["ED1"], ["real", "fake"] * 4)
    study, csrf = f"/admin/studies/{world.study.id}", token(admin)
    assert admin.post(f"{study}/settings", data={"csrf": csrf, "seal_results": "yes"}).status_code == 303
    page = admin.get(f"{study}/results").text
    assert "the results are sealed until the study is closed" in page
    assert "table-raters" not in page
    parts = ("results.json", "results/raters.csv", "results/raters.tex", "figures/figure5a.svg")
    for part in (*parts, "report.html", "report.zip"):
        assert admin.get(f"{study}/{part}").status_code == 409
    assert admin.get(f"{study}/exports/ratings.csv").status_code == 200  # a backup is no result
    admin.post(f"{study}/state", data={"csrf": csrf, "state": "closed"})
    assert "table-raters" in admin.get(f"{study}/results").text
    assert admin.get(f"{study}/results.json").status_code == 200
    assert "seal_results=yes" in admin.get(study).text


def test_the_export_holds_history_in_short(admin, browse, world):
    client, link = browse(), world.link["ED1"]
    rate_all(client, link, ["real"] * 8)
    client.post(
        f"/r/{link}/rate/3", data={"answer": "fake", "submission": "changed-it", "response_ms": "900"}
    )
    rows = list(
        read_ratings(io.StringIO(admin.get("/admin/studies/1/exports/ratings.csv").text, newline="")).rows()
    )
    changed = next(row for row in rows if str(row.position) == "3")
    assert (changed.answer, changed.first_answer, str(changed.revisions)) == ("fake", "real", "1")
    assert {row.rater for row in rows} == {"ED1"}  # who has not begun is not in it
    assert len(rows) == 8


def test_nothing_to_analyse_is_said(admin):
    assert "There are no answers yet" in admin.get("/admin/studies/1/results").text
    assert admin.get("/admin/studies/1/results/raters.csv").status_code == 404
    assert admin.get("/admin/studies/1/figures/figure5a.svg").status_code == 404


def test_closing_and_opening_a_study(admin, browse, world):
    csrf = token(admin)
    for state in ("closed", "open"):
        assert admin.post("/admin/studies/1/state", data={"csrf": csrf, "state": state}).status_code == 303
        assert f"tag {state}" in admin.get("/admin/studies/1").text
    assert admin.post("/admin/studies/1/state", data={"csrf": csrf, "state": "lost"}).status_code == 422


def test_links_can_be_renewed_and_revoked(admin, browse, world):
    csrf = token(admin)
    page = admin.post("/admin/studies/1/raters/ED1/link", data={"csrf": csrf}).text
    link = re.search(r"/r/([\w-]+)</code>", page).group(1)
    assert browse().get(f"/r/{world.link['ED1']}").status_code == 404
    assert browse().get(f"/r/{link}").status_code == 200
    admin.post("/admin/studies/1/raters/ED1/revoke", data={"csrf": csrf})
    assert browse().get(f"/r/{link}").status_code == 404
    assert "revoked" in admin.get("/admin/studies/1/raters").text


@on_sqlite
@pytest.mark.parametrize(
    "path",
    [
        "/studies/99",
        "/studies/x",
        "/studies/99999999999999999999",
        "/studies/99/settings",
        "/studies/99/results",
        "/studies/99/exports/ratings.csv",
        "/studies/99/exports/history.csv",
        "/studies/1/exports/nonsense.csv",
    ],
)
def test_studies_that_are_not_there_are_a_friendly_404(admin, path):
    assert admin.get(f"/admin{path}").status_code == 404


def test_mistakes_in_forms_keep_what_was_typed(admin):
    csrf = token(admin)
    page = admin.post("/admin/studies", data={"csrf": csrf, "mix": "1", "title": "", "groups": "A B"})
    assert page.status_code == 422
    assert 'value="A B"' in page.text
    page = admin.post("/admin/studies/1/raters", data={"csrf": csrf, "group": "XX", "count": "1"})
    assert page.status_code == 422
    assert "no group" in page.text


def test_text_of_a_study_is_shown_as_text(admin, browse, world):
    attack = "<script>alert(1)</script>"
    form = {"csrf": token(admin), "mix": "1", "title": attack, "groups": "ED"}
    study = admin.post("/admin/studies", data=form).headers["location"]
    admin.post(f"{study}/settings", data={"csrf": token(admin), "introduction_en": attack})
    page = admin.post(f"{study}/raters", data={"csrf": token(admin), "group": "ED", "count": "1"}).text
    link = re.search(r"/r/([\w-]+)</code>", page).group(1)
    admin.post(f"{study}/state", data={"csrf": token(admin), "state": "open"})
    settings = admin.get(f"{study}/settings").text
    for html in (page, settings, admin.get("/admin").text, browse().get(f"/r/{link}").text):
        assert attack not in html
        assert "&lt;script&gt;" in html


def test_pages_of_a_drawn_study_say_so(build_world):
    world = build_world(drawn=True, seed=1)
    add_admin(world)
    with TestClient(create_app(world.settings), follow_redirects=False) as client:
        log_in(client, ADMIN, PASSWORD)
        for page in ("", "/results"):
            assert "computer-drawn phantoms" in client.get(f"/admin/studies/{world.study.id}{page}").text


def test_health(browser, world):
    assert browser.get("/healthz").json() == {"status": "ok"}
    parts = {"server": "ok", "database": "ok", "storage": "ok"}
    assert browser.get("/readyz").json() == {"status": "ok", "parts": parts}
