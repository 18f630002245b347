"""A server without the analysis: it serves raters and admins, and says plainly what is missing where."""

import json
import subprocess
import sys

import pytest

from backend.analysis.raters.confusion import rater_results
from backend.analysis.raters.tally import Confusion, confusion_of
from backend.analysis.ratings import RatingRow, RatingsTable
from tests.backend.conftest import ADMIN, PASSWORD, add_admin

LIGHT = """
import sys

BLOCKED = ("numpy", "scipy", "statsmodels", "matplotlib", "pandas", "pyarrow", "torch")

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in BLOCKED:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Blocker())
"""

PAGES = """
import json, re
from fastapi.testclient import TestClient
from backend.app import create_app
from backend.settings import load_settings

email, password, token = sys.argv[1:]
seen = {}
with TestClient(create_app(load_settings()), raise_server_exceptions=False) as client:
    form = re.search(r'name="csrf" value="([^"]*)"', client.get("/admin/login").text)
    client.post("/admin/login", data={"email": email, "password": password, "csrf": form.group(1)})
    study = "/admin/studies/1"
    pages = ["/admin", study, f"{study}/settings", f"{study}/results", f"{study}/results.json",
             f"{study}/exports", f"{study}/exports/ratings.csv", f"{study}/exports/ratings.xlsx",
             f"{study}/exports/ratings.parquet", f"{study}/figures/rates.svg", f"/r/{token}/done"]
    for address in pages:
        reply = client.get(address)
        seen[address] = reply.status_code, reply.text if "xlsx" not in address else ""
print(json.dumps(seen))
"""


def light(settings, program, *arguments):
    """Run a program where nothing of the analysis is installed."""
    environment = {
        "DATABASE_URL": settings.database_url,
        "DERMVTT_DATA_DIR": str(settings.data_dir),
        "PATH": "",
    }
    command = [sys.executable, "-c", LIGHT + program, *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def settings(make_url, tmp_path):
    """One database is enough: what is asked is what is imported."""
    from backend.settings import Settings

    return Settings(data_dir=tmp_path / "data", database_url=make_url("sqlite"))


def test_pages_are_served_and_results_say_what_is_missing(world, browser):
    from backend.studies import editing, lifecycle, rating
    from tests.support import consent

    add_admin(world)
    consent(world)
    with world.database.write() as session:
        for position in range(1, 9):
            rating.answer_form(session, world.link["ED1"], position, "real")
        rating.submit(session, world.link["ED1"])
        editing.change_options(session, 1, {"show_results": True})
        lifecycle.set_state(session, 1, "closed")
    run = light(world.settings, PAGES, ADMIN, PASSWORD, world.link["ED1"])
    assert run.returncode == 0, run.stderr
    seen = json.loads(run.stdout)
    codes = {address: code for address, (code, _) in seen.items()}
    lacking = {address for address, code in codes.items() if code == 501}
    assert {address.rsplit("/", 1)[1] for address in lacking} == {
        "results.json",
        "ratings.parquet",
        "rates.svg",
    }
    assert {code for address, code in codes.items() if address not in lacking} == {200}
    assert "How you did" in seen[f"/r/{world.link['ED1']}/done"][1]
    for address in (*lacking, "/admin/studies/1/results"):
        extra = "parquet" if "parquet" in address else "analysis"
        assert f"pip install &#39;dermvtt[{extra}]&#39;" in seen[address][1], address


@pytest.mark.parametrize("command", ["analyze", "plan", "audit-mix", "build-mix"])
def test_commands_say_what_is_missing(settings, tmp_path, make_mix, command):
    from backend.analysis.ratings import write_ratings

    table = tmp_path / "ratings.csv"
    with table.open("w", newline="") as file:
        write_ratings([RatingRow("A", "ED", "1", "real", "fake")], file)
    given = {"analyze": [table], "plan": [], "audit-mix": [make_mix()]}
    given |= {"build-mix": [make_mix(), make_mix(), "--out", tmp_path / "mix"]}
    run = light(settings, "from backend.cli import main\nmain()", command, *given[command])
    assert run.returncode == 1
    assert "pip install 'dermvtt[analysis]'" in run.stderr
    assert "Traceback" not in run.stderr
    assert not (tmp_path / "mix").exists()


def test_the_command_line_loads_nothing_that_its_help_does_not_need():
    heavy = ("sqlalchemy", "alembic", "fastapi", "argon2", "numpy", "scipy", "rich")
    program = f"import sys, backend.cli; print([one for one in {heavy} if one in sys.modules])"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"


def test_counting_without_numpy_is_the_same():
    answers = ["real", "fake", "", None, "real", "fake", "fake"]
    truths = ["real", "real", "real", "fake", "fake", "fake", "fake"]
    rows = [
        RatingRow("A", "ED", str(i), truth, answer)
        for i, (truth, answer) in enumerate(zip(truths, answers, strict=True))
    ]
    (full,) = rater_results(RatingsTable.from_rows(rows))
    own = confusion_of(rows)
    assert own == Confusion(**{name: getattr(full, name) for name in vars(own)})
    assert (own.n, own.missing) == (5, 2)


def test_a_server_on_sqlite_loads_neither_the_migrations_nor_what_only_few_need():
    """They would be a fifth of its memory and of the time to its first page."""
    heavy = {"alembic", "psycopg", "obstore", "numpy", "PIL", "cryptography", "rich"}
    program = "import sys, backend.cli, backend.serving, backend.app; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not heavy.intersection(done.stdout.split())
