"""What several migrations do: to tables that SQLite cannot change otherwise, and to options of studies."""

import sqlalchemy as sa
from alembic import op


def rewrite(table: str, old: str, new: str) -> None:
    """Change the text of an SQLite table that is referred to, and so cannot be copied.

    https://www.sqlite.org/lang_altertable.html#otheralter
    """
    connection = op.get_bind()
    version = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    connection.exec_driver_sql("PRAGMA writable_schema = ON")
    changed = connection.execute(
        sa.text(
            "UPDATE sqlite_master SET sql = replace(sql, :old, :new) "
            "WHERE type = 'table' AND name = :name AND instr(sql, :old)"
        ),
        {"old": old, "new": new, "name": table},
    )
    if changed.rowcount != 1:
        raise RuntimeError(f"the table {table} is not as the migration before left it")
    connection.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    connection.exec_driver_sql("PRAGMA writable_schema = RESET")


def forget_options(*names: str) -> None:
    """Take options out of all studies: older programs refuse a study with one that they do not know."""
    studies = sa.table("studies", sa.column("id", sa.Integer()), sa.column("options", sa.JSON()))
    connection = op.get_bind()
    for row in connection.execute(sa.select(studies.c.id, studies.c.options)).all():
        kept = {name: value for name, value in row.options.items() if name not in names}
        connection.execute(sa.update(studies).where(studies.c.id == row.id).values(options=kept))
