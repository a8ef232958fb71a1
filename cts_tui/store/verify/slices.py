"""One slice: all checks of a table over a stretch of its rows, in one pass of SQLite over them."""

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

from cts_tui.store.verify.check import ROWID, Check, Gather, Hit, Row, Span, key_columns, label
from cts_tui.store.verify.raw import Key, bound


def hits_in(
    cursor: sqlite3.Cursor, span: Span, checks: Sequence[Check]
) -> Iterator[tuple[Check, Hit]]:
    """Yield what the checks of a table find in a stretch of it."""
    conditional = [check for check in checks if check.condition is not None]
    if conditional:
        yield from _by_condition(cursor, span, conditional)
    gathered: dict[Gather, Any] = {}
    for check in checks:
        if check.gather is not None and check.examine is not None:
            if check.gather not in gathered:
                gathered[check.gather] = check.gather(cursor, span)
            yield from ((check, hit) for hit in check.examine(gathered[check.gather]))


def _by_condition(
    cursor: sqlite3.Cursor, span: Span, checks: Sequence[Check]
) -> Iterator[tuple[Check, Hit]]:
    keys = key_columns(span.table)
    own = ", ".join(f't."{name}"' for name in keys)
    flags = ", ".join(f"({check.condition})" for check in checks)
    suspect = " OR ".join(f"({check.condition})" for check in checks)
    where, values = span.where()
    source = f'"{span.table}" t{" NOT INDEXED" * (keys == ROWID)}'
    query = f"SELECT {own}, {flags}, t.* FROM {source} WHERE {where} AND ({suspect})"
    found = cursor.execute(query, values)
    width = len(keys) + len(checks)
    names = [column[0] for column in found.description[width:]]
    for values_ in found.fetchall():
        key, row = values_[: len(keys)], dict(zip(names, values_[width:], strict=True))
        for check, is_suspect in zip(checks, values_[len(keys) : width], strict=True):
            words = _words(check, key, row) if is_suspect else None
            if words is not None:
                yield check, Hit(key, words)


def _words(check: Check, key: Key, row: Row) -> str | None:
    """Return what is wrong with a suspect, None where nothing is."""
    name = label(check.table, key, row)
    if check.judge is None:
        return name
    fault = check.judge(row)
    return None if fault is None else f"{name}: {fault}"


def still_found(cursor: sqlite3.Cursor, check: Check, hits: Sequence[Hit]) -> list[Hit]:
    """Return those of some hits whose rows still are as they were found."""
    if check.condition is None:
        return list(hits)
    own = ", ".join(f't."{name}"' for name in key_columns(check.table))
    found = []
    for hit in hits:
        marks, values = bound(hit.key)
        query = (
            f'SELECT t.* FROM "{check.table}" t WHERE ({own}) = ({marks}) AND ({check.condition})'
        )
        row = cursor.execute(query, values)
        names = [column[0] for column in row.description]
        values_ = row.fetchone()
        if values_ is not None and _words(check, hit.key, dict(zip(names, values_, strict=True))):
            found.append(hit)
    return found


def end_of_slice(cursor: sqlite3.Cursor, table: str, low: Key | None, rows: int) -> Key | None:
    """Return the key of the row that is `rows` above `low`, None where the table ends before."""
    keys = ", ".join(f't."{name}"' for name in key_columns(table))
    where, values = Span(table, low).where()
    query = f'SELECT {keys} FROM "{table}" t WHERE {where} ORDER BY {keys} LIMIT 1 OFFSET ?'
    found: Key | None = cursor.execute(query, [*values, rows - 1]).fetchone()
    return found


def rows_of(cursor: sqlite3.Cursor, table: str, keys: Sequence[Key]) -> Iterator[tuple[Key, Row]]:
    """Yield the rows of some keys, raw, in no order."""
    columns = key_columns(table)
    own = ", ".join(f't."{name}"' for name in columns)
    for key in keys:
        marks, values = bound(key)
        found = cursor.execute(f'SELECT t.* FROM "{table}" t WHERE ({own}) = ({marks})', values)
        names = [column[0] for column in found.description]
        yield from ((key, dict(zip(names, row, strict=True))) for row in found.fetchall())
