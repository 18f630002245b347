"""The schema: made by migrations alone, up and down on both databases, and checked before use."""

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from backend.app import create_app
from backend.database import compatibility, schema
from backend.database.sessions import Database
from backend.database.tables import Admin, Base, Rating
from backend.settings import Settings
from tests.support import BACKENDS
from training.errors import UserError


@pytest.fixture(params=BACKENDS)
def empty(request, make_url, tmp_path):
    settings = Settings(data_dir=tmp_path, database_url=make_url(request.param, empty=True))
    database = Database(settings.database)
    yield settings, database
    database.close()


def test_migrations_make_exactly_the_tables_of_the_program(empty):
    _, database = empty
    schema.upgrade(database.engine)
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, [Base.metadata, compatibility.METADATA]) == []


def test_migrations_go_down_and_up_again_with_data_in_them(world):
    engine = world.database.engine
    schema.downgrade(engine, "base")
    assert set(sa.inspect(engine).get_table_names()) <= {"alembic_version"}
    schema.upgrade(engine)
    schema.require_current(engine)


def test_an_empty_database_is_refused_with_the_command_that_mends_it(empty):
    settings, _ = empty
    with pytest.raises(UserError, match="dermvtt migrate"):
        create_app(settings)


def test_a_schema_from_the_future_is_refused(world):
    with world.database.engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = 'ffff'"))
    with pytest.raises(UserError, match="newer than this program"):
        create_app(world.settings)


def test_a_database_out_of_reach_is_said_without_its_password():
    database = Database("postgresql+psycopg://someone:secret@127.0.0.1:1/none")
    with pytest.raises(UserError, match="cannot be reached") as refused:
        schema.require_current(database.engine)
    assert "secret" not in str(refused.value)


def test_a_failed_transaction_leaves_nothing(database):
    with pytest.raises(RuntimeError), database.write() as session:
        session.add(_admin())
        session.flush()
        raise RuntimeError
    with database.read() as session:
        assert session.scalar(sa.select(sa.func.count(Admin.id))) == 0


def test_sqlite_is_set_to_keep_what_it_acknowledged(make_url):
    database = Database(make_url("sqlite"))
    with database.engine.connect() as connection:
        assert connection.scalar(sa.text("PRAGMA journal_mode")) == "wal"
        assert connection.scalar(sa.text("PRAGMA synchronous")) == 2  # FULL
        assert connection.scalar(sa.text("PRAGMA foreign_keys")) == 1
    database.close()


def test_times_come_back_as_the_utc_moments_they_were(database):
    admin = _admin()
    with database.write() as session:
        session.add(admin)
    with database.read() as session:
        assert session.scalars(sa.select(Admin)).one().created_at == admin.created_at


def test_a_rating_knows_only_two_answers(world):
    with pytest.raises(sa.exc.IntegrityError), world.database.write() as session:
        presentation = session.scalar(sa.text("SELECT min(id) FROM presentations"))
        now = _admin().created_at
        session.add(Rating(presentation_id=presentation, answer="both", submission="x", answered_at=now))


def _admin():
    from datetime import UTC, datetime

    return Admin(email="a@b", password_hash="x", password_is_one_time=True, created_at=datetime.now(UTC))
