"""Setting rows aside: each is copied whole, as JSON, into the table quarantine before it goes."""

import math
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from cts_tui.model.repair import Deed
from cts_tui.store.verify.check import Check, Row, key_columns
from cts_tui.store.verify.raw import Key, RawText, bound, key_text, stored_time
from cts_tui.store.verify.slices import rows_of

_INSERT = "INSERT INTO quarantine (time, kind, origin, key, content) VALUES (?, ?, ?, ?, ?)"


@dataclass(slots=True)
class Mending:
    """One repair at work: a cursor in its transaction, which gives text raw, and the time."""

    cursor: sqlite3.Cursor
    now_ms: int
    notes: list[str] = field(default_factory=list)
    """What was done beside the steps of the plan, in words."""

    @property
    def now(self) -> str:
        """The time as it is stored."""
        return stored_time(self.now_ms)

    def keep_copy(self, kind: str, table: str, key: Key, row: Row) -> None:
        """Copy a row as it is into the quarantine."""
        values = (self.now, kind, table, key_text(key), content(row))
        self.cursor.execute(_INSERT, values)

    def set_aside(self, kind: str, table: str, key: Key, row: Row) -> None:
        """Move a row into the quarantine."""
        self.keep_copy(kind, table, key, row)
        self.delete(table, key)

    def delete(self, table: str, key: Key) -> None:
        """Delete a row by its key."""
        where, values = self._at(table, key)
        self.cursor.execute(f'DELETE FROM "{table}" WHERE {where}', values)

    def update(self, table: str, key: Key, changes: Mapping[str, Any]) -> None:
        """Change columns of a row by its key."""
        where, values = self._at(table, key)
        columns = ", ".join(f'"{name}" = ?' for name in changes)
        self.cursor.execute(
            f'UPDATE "{table}" SET {columns} WHERE {where}', [*changes.values(), *values]
        )

    @staticmethod
    def _at(table: str, key: Key) -> tuple[str, list[Any]]:
        marks, values = bound(key)
        names = ", ".join(f'"{name}"' for name in key_columns(table))
        return f"({names}) = ({marks})", values


def set_all_aside(mending: Mending, check: Check, keys: Sequence[Key]) -> Deed:
    """Move the rows of some keys into the quarantine."""
    moved = 0
    for key, row in rows_of(mending.cursor, check.table, keys):
        mending.set_aside(check.kind, check.table, key, row)
        moved += 1
    return Deed(check.kind, check.table, mended=0, set_aside=moved)


def content(row: Row) -> str:
    """Return a raw row as JSON: text as text, what JSON cannot hold in words of its own."""
    return orjson.dumps({name: _plain(value) for name, value in row.items()}).decode()


def _plain(value: Any) -> Any:
    """Return a raw value for JSON; bytes, and text that is no UTF-8, as `{"hex": …}`."""
    if isinstance(value, RawText):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return {"hex": value.hex(), "is_text": True}
    if isinstance(value, bytes):
        return {"hex": value.hex()}
    if isinstance(value, float) and not math.isfinite(value):
        return {"float": repr(value)}
    return value
