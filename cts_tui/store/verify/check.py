"""What a check is: declared once, used by the verifier, the plan of a repair and the repair itself.

A check is a condition in SQL over the rows of one table, which SQLite evaluates without Python, or
a function where rows of several tables have to be added up to the last digit.
"""

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from cts_tui.model.health import Gravity
from cts_tui.model.verification import Consent, Finding
from cts_tui.store.tables import METADATA
from cts_tui.store.verify.raw import Key, bound, key_text

Row = Mapping[str, Any]
"""A row by its columns, raw."""


class Hit(NamedTuple):
    """A row that a check found, and what is wrong with it in words."""

    key: Key
    words: str


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a table by its key: above `low`, up to and with `high`; None: no bound."""

    table: str
    low: Key | None = None
    high: Key | None = None

    def where(self) -> tuple[str, list[Any]]:
        """Return the condition on the rows `t` of the table, and its values."""
        columns = ", ".join(f't."{name}"' for name in key_columns(self.table))
        parts, values = ["1"], []
        for sign, key in ((">", self.low), ("<=", self.high)):
            if key is not None:
                marks, own = bound(key)
                parts.append(f"({columns}) {sign} ({marks})")
                values += own
        return " AND ".join(parts), values


Gather = Callable[[sqlite3.Cursor, Span], Any]
"""Reads what one or more checks judge of a stretch of rows."""
Examine = Callable[[Any], Iterable[Hit]]
"""Finds what is wrong in that."""


@dataclass(frozen=True, slots=True)
class Check:
    """One way in which rows of one table can be wrong."""

    kind: str
    table: str
    gravity: Gravity
    consent: Consent
    one: str
    """The message of one such row, after `1`: `connection is live though disabled`."""
    many: str
    """The same of several, after their number."""
    action: str
    condition: str | None = None
    """SQL over a row `t`, true of whatever may be wrong."""
    judge: Callable[[Row], str | None] | None = None
    """Says what is wrong with a row that fits `condition`, None where nothing is."""
    gather: Gather | None = None
    """Reads what `examine` looks at, where no condition can tell."""
    examine: Examine | None = None
    reads: tuple[str, ...] = ()
    """Other tables that it looks into."""

    def finding(self, count: int, example: str) -> Finding:
        """Return what `count` such rows are, as a finding."""
        return Finding(
            kind=self.kind,
            gravity=self.gravity,
            table=self.table,
            count=count,
            example=example,
            message=f"{count} {self.one if count == 1 else self.many}",
            consent=self.consent,
            action=self.action,
        )


_LABELS: Final = {
    "connections": ("name",),
    "strategies": ("name",),
    "settings": ("key",),
    "orders": ("client_order_id",),
    "fills": ("client_order_id", "venue_trade_id"),
    "positions": ("key",),
    "engine_programs": ("owner",),
}
"""By what the rows of a table are known to people, where that is not its key."""


ROWID: Final = ("rowid",)


def key_columns(table: str) -> tuple[str, ...]:
    """Return the columns by which the rows of a table are stored in order."""
    found = METADATA.tables.get(table)
    if found is None or found.dialect_options["sqlite"]["with_rowid"]:
        return ROWID
    return tuple(column.name for column in found.primary_key.columns)


def label(table: str, key: Key, row: Row) -> str:
    """Return a row as people know it: by its name where it has one, else by its key."""
    names = [str(row[name]) for name in _LABELS.get(table, ()) if row.get(name) is not None]
    return " ".join(names) if names else key_text(key)
