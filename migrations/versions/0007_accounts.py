"""roles, second factor, first link, failed log-ins; events become the audit log, chained and append-only

Revision ID: 0007
Revises: 0006
"""

import hashlib
import json
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None
ADDITIVE = False  # sessions must say when they began, and events without a hash would break the chain

BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)
ROLE = "role IN ('owner', 'editor', 'reader')"
AT_ONCE = 1000
REFUSAL = "events are append-only"


def upgrade() -> None:
    _upgrade_admins()
    _upgrade_sessions()
    op.create_table(
        "recovery_codes",
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("admin_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["admin_id"], ["admins.id"], name="fk_recovery_codes_admin_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("code_hash", name="pk_recovery_codes"),
    )
    op.create_index("ix_recovery_codes_admin_id", "recovery_codes", ["admin_id"], unique=False)
    op.create_table(
        "first_links",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name="pk_first_links"),
    )
    op.create_table(
        "login_failures",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("last_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_login_failures"),
    )
    op.add_column("events", sa.Column("hash", sa.String(length=64), nullable=False, server_default=""))
    _chain_events()
    with op.batch_alter_table("events") as events:
        events.alter_column("study_id", existing_type=sa.Integer(), nullable=True)
    _refuse_changes()


def downgrade() -> None:
    if _on_sqlite():
        op.execute("DROP TRIGGER events_no_update")
        op.execute("DROP TRIGGER events_no_delete")
    else:
        op.execute("DROP TRIGGER events_no_change ON events")
        op.execute("DROP TRIGGER events_no_truncate ON events")
        op.execute("DROP FUNCTION refuse_change_of_events()")
    # Schema 0006 knows only what happened to a study: the rest of the log is lost. It can be exported before.
    op.execute("DELETE FROM events WHERE study_id IS NULL")
    with op.batch_alter_table("events") as events:
        events.alter_column("study_id", existing_type=sa.Integer(), nullable=False)
    op.drop_column("events", "hash")
    op.drop_table("login_failures")
    op.drop_table("first_links")
    op.drop_index("ix_recovery_codes_admin_id", table_name="recovery_codes")
    op.drop_table("recovery_codes")
    # Where the password alone was right, schema 0006 would take it for a whole log-in.
    op.execute("DELETE FROM admin_sessions")
    for column in ("awaits_code", "agent", "seen_at", "created_at"):
        op.drop_column("admin_sessions", column)
    # The check of the role goes with its column, on both databases.
    for column in ("deactivated_at", "totp_step", "totp_since", "totp_secret", "role"):
        op.drop_column("admins", column)


# The table of admins is referred to, so SQLite cannot copy it: it is altered in place, on both databases.
def _upgrade_admins() -> None:
    op.execute(
        "ALTER TABLE admins ADD COLUMN role VARCHAR(8) DEFAULT 'reader' NOT NULL "
        f"CONSTRAINT ck_admins_role CHECK ({ROLE})"
    )
    op.execute("UPDATE admins SET role = 'owner'")
    op.add_column("admins", sa.Column("totp_secret", sa.Text(), nullable=True))
    op.add_column("admins", sa.Column("totp_since", TIME, nullable=True))
    op.add_column("admins", sa.Column("totp_step", sa.BigInteger(), nullable=True))
    op.add_column("admins", sa.Column("deactivated_at", TIME, nullable=True))


def _upgrade_sessions() -> None:
    # When these began is not known. They end: nobody loses more than a log-in.
    op.execute("DELETE FROM admin_sessions")
    with op.batch_alter_table("admin_sessions") as sessions:
        # With a default: an older server that still runs while others are upgraded knows neither.
        for name in ("created_at", "seen_at"):
            sessions.add_column(sa.Column(name, TIME, nullable=False, server_default=sa.func.now()))
        sessions.add_column(sa.Column("agent", sa.String(80), nullable=False, server_default=""))
        sessions.add_column(sa.Column("awaits_code", sa.Boolean(), nullable=False, server_default=sa.false()))


def _chain_events() -> None:
    """Chain what is there, as ``backend/database/chain.py`` did at this revision."""
    events = sa.table(
        "events",
        sa.column("id", BIG_KEY),
        sa.column("study_id", sa.Integer()),
        sa.column("rater_id", sa.Integer()),
        sa.column("kind", sa.String()),
        sa.column("by_admin", sa.String()),
        sa.column("details", sa.JSON()),
        sa.column("at", TIME),
        sa.column("hash", sa.String()),
    )
    connection, before, hashes = op.get_bind(), "0" * 64, []
    for row in connection.execute(sa.select(events).order_by(events.c.id)).all():
        values = {
            "study": row.study_id,
            "rater": row.rater_id,
            "kind": row.kind,
            "by": row.by_admin,
            "details": row.details,
            "at": _utc(row.at).isoformat(timespec="microseconds"),
            "before": before,
        }
        text = json.dumps(values, sort_keys=True, separators=(",", ":"), allow_nan=False)
        before = hashlib.sha256(text.encode()).hexdigest()
        hashes.append({"number": row.id, "made": before})
    update = sa.update(events).where(events.c.id == sa.bindparam("number")).values(hash=sa.bindparam("made"))
    for start in range(0, len(hashes), AT_ONCE):
        connection.execute(update, hashes[start : start + AT_ONCE])


def _utc(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _refuse_changes() -> None:
    if _on_sqlite():
        for action in ("update", "delete"):
            op.execute(
                f"CREATE TRIGGER events_no_{action} BEFORE {action.upper()} ON events "
                f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION refuse_change_of_events() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER events_no_change BEFORE UPDATE OR DELETE ON events "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change_of_events()"
    )
    op.execute(
        "CREATE TRIGGER events_no_truncate BEFORE TRUNCATE ON events "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_events()"
    )


def _on_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"
