"""How many rows the tables have, at a cost that does not grow with them.

Small tables are counted. Of large ones the ids tell, or the verifier, which counts as it looks
through them; series that nobody has counted yet are estimated by samples. Plain SQL of our own
names: building two dozen statements once would take longer than running them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import text

from cts_tui.store.database import Transaction
from cts_tui.store.tables import METADATA

_COUNTED_SPAN: Final = 250_000
"""Tables whose ids lie no further apart are counted: a few ms each."""
_COUNTED_ROWS: Final = 10_000
"""Series are counted up to here."""
_SAMPLES: Final = 8
_SAMPLE_ROWS: Final = 500
_SERIES: Final = ("candles", "indications")


@dataclass(frozen=True, slots=True)
class RowCounts:
    """Rows by table, and which of them were not counted just now."""

    rows: Mapping[str, int]
    counted_ms: Mapping[str, int] = field(default_factory=dict)
    """When a table was counted, for those where that was earlier."""
    estimated: tuple[str, ...] = ()


def row_counts(
    transaction: Transaction, known: Mapping[str, int], known_ms: int | None
) -> RowCounts:
    """Return the rows of every table; `known` are those that the verifier counted at `known_ms`."""
    rows = _counted(transaction)
    open_tables = [table.name for table in METADATA.sorted_tables if table.name not in rows]
    counted_ms = {name: known_ms for name in open_tables if name in known and known_ms is not None}
    estimated = tuple(name for name in open_tables if name not in counted_ms)
    rows |= {name: known[name] for name in counted_ms}
    rows |= {name: _estimated(transaction, name) for name in estimated}
    return RowCounts(dict(sorted(rows.items())), counted_ms, estimated)


def _counted(transaction: Transaction) -> dict[str, int]:
    """Return the rows of the tables that do not take long to count."""
    with_id = [table.name for table in METADATA.sorted_tables if "id" in table.c]
    spans = _numbers(transaction, {name: _SPAN.format(name) for name in with_id})
    queries = {
        table.name: _COUNT.format(table.name)
        for table in METADATA.sorted_tables
        if table.name not in _SERIES and spans.get(table.name, 0) <= _COUNTED_SPAN
    }
    few = {name: _FEW.format(name, _COUNTED_ROWS + 1) for name in _SERIES}
    found = _numbers(transaction, queries | few)
    return {name: n for name, n in found.items() if name not in few or n <= _COUNTED_ROWS}


_COUNT: Final = "SELECT count(*) FROM {0}"
_FEW: Final = "SELECT count(*) FROM (SELECT 1 FROM {0} LIMIT {1}) AS few"
_SPAN: Final = "SELECT (SELECT max(id) FROM {0}) - (SELECT min(id) FROM {0}) + 1"


def _numbers(transaction: Transaction, queries: Mapping[str, str]) -> dict[str, int]:
    """Return what queries of one number each give, all by one statement."""
    columns = ", ".join(f'({query}) AS "{name}"' for name, query in queries.items())
    row = transaction.execute(text(f"SELECT {columns}")).one()
    return {name: number or 0 for name, number in row._mapping.items()}


def _estimated(transaction: Transaction, table: str) -> int:
    """Return about how many rows a large table has."""
    if table not in _SERIES:
        return _numbers(transaction, {table: _SPAN.format(table)})[table]
    groups = list(_groups(transaction, table))
    places = max(_SAMPLES // max(len(groups), 1), 2)
    return round(sum(_sampled(transaction, table, group, places) for group in groups))


def _groups(transaction: Transaction, table: str) -> Iterable[dict[str, Any]]:
    """Yield the connections and timeframes of a table of series, by one look into it for each."""
    connection = text(
        f"SELECT min(connection_id) FROM {table} "  # noqa: S608 - our own names
        "WHERE connection_id > :connection_id"
    )
    timeframe = text(
        f"SELECT min(timeframe) FROM {table} "  # noqa: S608 - as above
        "WHERE connection_id = :connection_id AND timeframe > :timeframe"
    )
    group: dict[str, Any] = {"connection_id": -1}
    while (found := transaction.execute(connection, group).scalar()) is not None:
        group = {"connection_id": found, "timeframe": ""}
        while (name := transaction.execute(timeframe, group).scalar()) is not None:
            group |= {"timeframe": name}
            yield dict(group)


def _sampled(transaction: Transaction, table: str, group: dict[str, Any], places: int) -> float:
    """Return about how many rows a group has, by how close they lie at some places."""
    is_own = "connection_id = :connection_id AND timeframe = :timeframe"
    extent = text(
        f"SELECT (SELECT min(time_ms) FROM {table} WHERE {is_own}),"  # noqa: S608 - our own names
        f" (SELECT max(time_ms) FROM {table} WHERE {is_own})"
    )
    reach = text(
        f"SELECT max(time_ms) FROM (SELECT time_ms FROM {table} "  # noqa: S608 - as above
        f"WHERE {is_own} AND time_ms >= :start ORDER BY time_ms LIMIT {_SAMPLE_ROWS}) AS sample"
    )
    count = text(
        f"SELECT count(*) FROM {table} "  # noqa: S608 - as above
        f"WHERE {is_own} AND time_ms >= :start AND time_ms < :until"
    )
    first, last = transaction.execute(extent, group).one()
    rows = covered_ms = 0
    for place in range(places):
        start = first + (last - first) * place // places
        until = transaction.execute(reach, group | {"start": start}).scalar_one()
        rows += transaction.execute(count, group | {"start": start, "until": until}).scalar_one()
        covered_ms += until - start
    return rows / covered_ms * (last - first) if covered_ms else _COUNTED_ROWS
