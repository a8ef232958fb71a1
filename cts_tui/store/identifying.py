"""What of a store would tell whose it is, read with `sqlite3` alone: for reports that must not.

The store may be damaged, locked or of any schema: nothing is opened for writing, made or mended.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

_WAIT_S: Final = 1.5
_MOST: Final = 5_000
"""Ids of orders and trades that are known by themselves, the newest; older ones by their form."""


@dataclass(frozen=True, slots=True)
class Identifying:
    """Names and values of one store, by what they are."""

    connections: tuple[str, ...] = ()
    strategies: tuple[str, ...] = ()
    """The trader's own; those that are built in are everybody's."""
    targets: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    amounts: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    """Texts of connections' overlays: addresses, keys, whatever they hold."""
    missing: tuple[str, ...] = field(default=())
    """What of it could not be read, and why."""


_QUERIES: Final = {
    "connections": "SELECT name FROM connections",
    "strategies": "SELECT name FROM strategies WHERE NOT is_builtin",
    "targets": "SELECT name FROM alert_targets",
    "hosts": "SELECT host FROM engine_programs",
    "ids": f"""
        SELECT * FROM (SELECT client_order_id FROM orders ORDER BY id DESC LIMIT {_MOST})
        UNION SELECT * FROM (SELECT venue_order_id FROM orders ORDER BY id DESC LIMIT {_MOST})
        UNION SELECT * FROM (SELECT venue_trade_id FROM fills ORDER BY id DESC LIMIT {_MOST})
        UNION SELECT value FROM settings WHERE key = 'store_id'""",  # noqa: S608 - our own number
    "amounts": "SELECT free FROM balances UNION SELECT used FROM balances "
    "UNION SELECT total FROM balances",
    "values": "SELECT ccxt_config FROM connections WHERE ccxt_config IS NOT NULL",
}


def identifying(file: Path) -> Identifying:
    """Return what tells whose store it is; what cannot be read is said to be missing."""
    found: dict[str, Any] = {}
    missing = []
    try:
        with read_only(file) as connection:
            for name, query in _QUERIES.items():
                try:
                    found[name] = _texts(connection, name, query)
                except sqlite3.Error as error:
                    missing.append(f"{name}: {error}")
                    if "locked" in str(error):  # it would be for the others as well
                        break
    except sqlite3.Error as error:
        missing.append(str(error))
    return Identifying(**found, missing=tuple(missing))


def _texts(connection: sqlite3.Connection, name: str, query: str) -> tuple[str, ...]:
    texts = [str(row[0]) for row in connection.execute(query) if row[0] is not None]
    return tuple(_leaves(texts)) if name == "values" else tuple(texts)


@contextmanager
def read_only(file: Path) -> Iterator[sqlite3.Connection]:
    """Lend a connection that changes nothing. Raises sqlite3.Error."""
    address = f"file:{quote(str(file))}?mode=ro"
    with closing(sqlite3.connect(address, uri=True, timeout=_WAIT_S)) as connection:
        connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
        yield connection


def schema_of_file(file: Path) -> str | None:
    """Return the schema that a file says it has. Raises sqlite3.Error."""
    with read_only(file) as connection:
        found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return None if found is None else str(found[0])


def _leaves(texts: list[str]) -> Iterator[str]:
    """Yield every text within JSON documents; a text that is none as it is."""
    for text in texts:
        try:
            yield from _within(json.loads(text))
        except ValueError:
            yield text


def _within(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _within(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _within(inner)
    elif isinstance(value, str):
        yield value
