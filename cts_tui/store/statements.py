"""How a batch writes: statements by dialect, for the local SQLite file and for PostgreSQL."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Executable, Table, func
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

Statements = dict[str, Executable]
"""One statement by dialect."""


def upsert(table: Table, key: str, *keep: str, lasting: Sequence[str] = ()) -> Statements:
    """Return an insert that updates all but `key` and `keep` where the row exists.

    What is `lasting` stays where the new value is null.
    """
    statements: Statements = {}
    keys = key.split(",")
    for dialect, insert in (("sqlite", sqlite_insert), ("postgresql", postgresql_insert)):
        statement = insert(table)
        changed: dict[str, Any] = {
            column.name: statement.excluded[column.name]
            for column in table.columns
            if column.name not in {*keys, *keep, "id"}
        }
        for name in lasting:
            changed[name] = func.coalesce(statement.excluded[name], table.c[name])
        statements[dialect] = statement.on_conflict_do_update(index_elements=keys, set_=changed)
    return statements


def insert_once(table: Table) -> Statements:
    """Return an insert that leaves a row that exists as it is."""
    return {
        "sqlite": sqlite_insert(table).on_conflict_do_nothing(),
        "postgresql": postgresql_insert(table).on_conflict_do_nothing(),
    }


def always(statement: Executable) -> Statements:
    """Return one statement for every dialect."""
    return {"sqlite": statement, "postgresql": statement}
