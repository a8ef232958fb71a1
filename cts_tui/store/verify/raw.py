"""Rows as they are stored, whatever they hold: text that may be no UTF-8, keys of any type.

The store's own column types would raise at the first value that cannot be. Here nothing is decoded
by SQLite's driver, and a key goes back into a query as the bytes it came as.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from cts_tui.clock import utc_from_ms
from cts_tui.store.database import Transaction, is_writing

Key = tuple[Any, ...]
"""The key of a row, as it is stored."""


class RawText(bytes):
    """Stored text, not decoded; a stored blob is plain `bytes`."""

    __slots__ = ()

    def __str__(self) -> str:
        return self.decode("utf-8", "replace")


@contextmanager
def raw_cursor(transaction: Transaction, now_ms: int) -> Iterator[sqlite3.Cursor]:
    """Lend a cursor of the transaction's own connection that gives text as RawText.

    To its SQL `moment(n)` is the time `n` seconds from `now_ms`, in the form in which times are
    stored.
    """
    connection = driver_connection(transaction)
    connection.create_function("moment", 1, lambda seconds: stored_time(now_ms + seconds * 1000))
    before = connection.text_factory
    connection.text_factory = RawText
    cursor = connection.cursor()
    try:
        yield cursor
    finally:
        cursor.close()
        connection.text_factory = before


def begin_again(transaction: Transaction) -> None:
    """Begin a transaction that only reads anew, after damage was met in it.

    SQLite has ended it by then, or will fail to. One that writes is left to fail as a whole.
    """
    if is_writing(transaction):
        return
    connection = driver_connection(transaction)
    with suppress(sqlite3.DatabaseError):
        connection.execute("ROLLBACK")
    connection.execute("BEGIN")


def stored_time(time_ms: int) -> str:
    """Return a time as the store keeps it: `2025-04-03T17:05:00.000Z`."""
    return utc_from_ms(time_ms).isoformat(timespec="milliseconds")[:-6] + "Z"


def driver_connection(transaction: Transaction) -> sqlite3.Connection:
    """Return SQLite's own connection below a transaction."""
    connection = transaction.connection.driver_connection
    if not isinstance(connection, sqlite3.Connection):
        raise TypeError("only a SQLite store can be looked at like this")
    return connection


def shown(value: Any) -> str:
    """Return a stored value in few characters: text in quotes, bytes in hex."""
    if isinstance(value, RawText):
        return repr(str(value)[:40])
    if isinstance(value, bytes):
        return f"x'{value[:16].hex()}'"
    return "nothing" if value is None else str(value)


def key_text(key: Key) -> str:
    """Return a key as people and files name it: `2/5m/1743699900000/BTC/USDT`."""
    return "/".join(str(part) if not _is_blob(part) else part.hex() for part in key)


def _is_blob(part: Any) -> bool:
    return isinstance(part, bytes) and not isinstance(part, RawText)


def bound(key: Key) -> tuple[str, list[Any]]:
    """Return placeholders for the parts of a key, and the values to put there.

    Only what is no UTF-8 has to be cast: it costs a comparison of rows its index.
    """
    marks, values = [], []
    for part in key:
        text = decoded(part) if isinstance(part, RawText) else None
        is_unreadable = isinstance(part, RawText) and text is None
        marks.append("CAST(? AS TEXT)" if is_unreadable else "?")
        values.append(bytes(part) if is_unreadable else part if text is None else text)
    return ", ".join(marks), values


def decoded(text: RawText) -> str | None:
    """Return stored text, None where it is no UTF-8."""
    try:
        return text.decode()
    except UnicodeDecodeError:
        return None
