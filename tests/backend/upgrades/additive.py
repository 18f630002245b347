"""What a migration that calls itself additive must leave as it was, by what the database says of itself."""

from typing import Any

import sqlalchemy as sa

Picture = dict[str, dict[str, Any]]


def picture(engine: sa.Engine) -> Picture:
    """Each table's columns, and what rows of it must fulfil."""
    look = sa.inspect(engine)
    return {
        table: {
            "columns": {one["name"]: one for one in look.get_columns(table)},
            "rules": {
                *(f"unique {sorted(one['column_names'])}" for one in look.get_unique_constraints(table)),
                *(
                    f"unique {sorted(one['column_names'])}"
                    for one in look.get_indexes(table)
                    if one["unique"]
                ),
                *(f"check {one['sqltext']}" for one in look.get_check_constraints(table)),
                *(f"foreign key {one['constrained_columns']}" for one in look.get_foreign_keys(table)),
            },
        }
        for table in look.get_table_names()
        if table not in {"alembic_version", "schema_serves"}
    }


def breaks(before: Picture, after: Picture) -> set[str]:
    """Why a program made for the schema before may fail on the one after; empty where it cannot."""
    found = {f"{table} is gone" for table in before.keys() - after.keys()}
    for table in before.keys() & after.keys():
        old, new = before[table]["columns"], after[table]["columns"]
        found |= {f"{table}.{name} is gone" for name in old.keys() - new.keys()}
        for name in old.keys() & new.keys():
            if str(old[name]["type"]) != str(new[name]["type"]):
                found.add(f"{table}.{name} has another type")
            if old[name]["nullable"] and not new[name]["nullable"]:
                found.add(f"{table}.{name} may not be empty any more")
            if old[name]["default"] and not new[name]["default"]:
                found.add(f"{table}.{name} has no default any more")
        for name in new.keys() - old.keys():
            if not new[name]["nullable"] and not new[name]["default"]:
                found.add(f"{table}.{name} must be given")
        rules = after[table]["rules"] - before[table]["rules"]
        # A rule about new columns alone is one that no older program can break.
        found |= {f"{table}: {rule}" for rule in rules if rule.startswith("check") or _old(rule, old)}
    return found


def _old(rule: str, columns: dict[str, Any]) -> bool:
    return any(f"'{name}'" in rule for name in columns)
