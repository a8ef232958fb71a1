"""How a batch writes: statements by dialect, for the local SQLite file and for PostgreSQL.

Each is built when it is first used: the dialect that a store does not have is never loaded.
"""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Executable, Table, func


class Statements(dict[str, Executable]):
    """One statement by dialect, built when first asked for."""

    def __init__(self, build: Callable[[str], Executable]) -> None:
        super().__init__()
        self._build = build

    def __missing__(self, dialect: str) -> Executable:
        statement = self[dialect] = self._build(dialect)
        return statement


def _insert(table: Table, dialect: str) -> Any:
    """Return the dialect's own insert."""
    if dialect == "postgresql":
        from sqlalchemy.dialects import postgresql

        return postgresql.insert(table)
    from sqlalchemy.dialects import sqlite

    return sqlite.insert(table)


def upsert(table: Table, key: str, *keep: str, lasting: Sequence[str] = ()) -> Statements:
    """Return an insert that updates all but `key` and `keep` where the row exists.

    What is `lasting` stays where the new value is null.
    """
    keys = key.split(",")

    def build(dialect: str) -> Executable:
        statement = _insert(table, dialect)
        changed: dict[str, Any] = {
            column.name: statement.excluded[column.name]
            for column in table.columns
            if column.name not in {*keys, *keep, "id"}
        }
        for name in lasting:
            changed[name] = func.coalesce(statement.excluded[name], table.c[name])
        updating: Executable = statement.on_conflict_do_update(index_elements=keys, set_=changed)
        return updating

    return Statements(build)


def insert_once(table: Table) -> Statements:
    """Return an insert that leaves a row that exists as it is."""

    def build(dialect: str) -> Executable:
        statement: Executable = _insert(table, dialect).on_conflict_do_nothing()
        return statement

    return Statements(build)


def always(statement: Executable) -> Statements:
    """Return one statement for every dialect."""
    return Statements(lambda _dialect: statement)
