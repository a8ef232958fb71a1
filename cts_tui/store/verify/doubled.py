"""Rows of one name, where the index that would refuse them is missing; rows not in an index."""

import sqlite3
from collections.abc import Iterator
from typing import Final

from cts_tui.model.health import Gravity
from cts_tui.model.verification import Consent
from cts_tui.store.verify.check import Check, Hit, Span, label
from cts_tui.store.verify.damage import index_differs
from cts_tui.store.verify.schema_look import Columns, Shape
from cts_tui.store.verify.value_checks import consent_for, gravity_of

DOUBLED: Final = "doubled"
_NAMES: Final = {
    ("orders", ("client_order_id",)): "doubled-client-order-id",
    ("fills", ("connection_id", "symbol", "venue_trade_id", "client_order_id")): "doubled-fill",
}
_FIRST_COUNTS: Final = ("fills", "signals")
"""Of these the row that came first is the one that counts, of others the newest."""


def doubled(table: str, key: Columns, shape: Shape) -> Check:
    """Return the check for rows that share what only one may have; it looks at the whole table."""
    what = " + ".join(key)

    def gather(cursor: sqlite3.Cursor, span: Span) -> list[Hit]:
        return list(_superfluous(cursor, table, key, shape)) if span.low is None else []

    return Check(
        kind=_NAMES.get((table, key), DOUBLED),
        table=table,
        gravity=gravity_of(table),
        consent=consent_for(table),
        one=f"row of {table} has the {what} of another",
        many=f"rows of {table} have the {what} of others",
        action="set aside in the table quarantine; kept is the one that counts: of fills and "
        "signals the first, else the newest",
        gather=gather,
        examine=iter,
    )


def _superfluous(cursor: sqlite3.Cursor, table: str, key: Columns, shape: Shape) -> Iterator[Hit]:
    """Yield all but the one that counts of each set of rows of one name."""
    named = ", ".join(f'"{column}"' for column in key)
    is_first = table in _FIRST_COUNTS
    newest = '"updated_at", ' if "updated_at" in shape.columns and not is_first else ""
    query = (
        f'SELECT rowid, * FROM "{table}" WHERE ({named}) IN (SELECT {named} FROM "{table}" '
        f"GROUP BY {named} HAVING count(*) > 1) ORDER BY {named}, {newest}rowid"
    )
    found = cursor.execute(query)
    names = [column[0] for column in found.description[1:]]
    sets: dict[tuple[object, ...], list[Hit]] = {}
    for rowid, *values in found.fetchall():
        row = dict(zip(names, values, strict=True))
        hit = Hit((rowid,), label(table, (rowid,), row))
        sets.setdefault(tuple(row[column] for column in key), []).append(hit)
    for hits in sets.values():
        yield from hits[1:] if is_first else hits[:-1]


def unindexed(table: str, shape: Shape) -> Check:
    """Return the check for rows that an index of the table does not know."""
    parts = [
        f'NOT EXISTS (SELECT 1 FROM "{table}" i INDEXED BY "{index}" WHERE '
        + " AND ".join(f'i."{column}" IS t."{column}"' for column in columns)
        + " AND i.rowid = t.rowid)"
        for index, columns in {**shape.indexes, **shape.unique_indexes}.items()
    ]
    template = index_differs(table)
    return Check(
        kind=template.kind,
        table=table,
        gravity=Gravity.CRITICAL,
        consent=Consent.REPAIR,
        one=template.one,
        many=template.many,
        action=template.action,
        condition=" OR ".join(parts),
    )
