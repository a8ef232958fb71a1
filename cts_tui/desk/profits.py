"""Profit in sum by day, strategy and symbol: everything once, afterwards only what is new."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Final

from cts_tui.model.journal import ProfitBy, ProfitTables, ProfitView
from cts_tui.model.money import ZERO
from cts_tui.store import positions, trading_history
from cts_tui.store.database import Transaction
from cts_tui.store.trading_history import Profit, Wanted

_Key = tuple[str, str, str]
"""Day, strategy and symbol."""
_Sums = dict[_Key, list[Decimal]]
"""Trades, wins, PnL, fees and winning PnL."""
_BY: Final = (ProfitBy.DAY, ProfitBy.STRATEGY, ProfitBy.SYMBOL)


def _add(sums: _Sums, profits: Iterable[Profit]) -> int:
    """Add profits to the sums; return how many."""
    count = 0
    for day, strategy, symbol, pnl, fees in profits:
        count += 1
        key = (day, strategy, symbol)
        line = sums.get(key)
        if line is None:
            line = sums[key] = [ZERO] * 5
        line[0] += 1
        line[2] += pnl
        line[3] += fees
        if pnl > 0:
            line[1] += 1
            line[4] += pnl
    return count


def profit_tables(profits: Iterable[Profit]) -> ProfitTables:
    """Return the profits added up in every way."""
    sums: _Sums = {}
    _add(sums, profits)
    return _tables([sums])


def _tables(parts: Iterable[_Sums]) -> ProfitTables:
    tables: list[dict[str, list[Decimal]]] = [{}, {}, {}]
    whole = [ZERO] * 5
    for sums in parts:
        for key, line in sums.items():
            _count(whole, line)
            for table, name in zip(tables, key, strict=True):
                _count(table.setdefault(name, [ZERO] * 5), line)
    views = [[_view(name, line) for name, line in table.items()] for table in tables]
    views[0].sort(key=lambda view: view.name, reverse=True)
    for view in views[1:]:
        view.sort(key=lambda one: (-one.pnl, one.name))
    return ProfitTables(
        _view("all", whole), {by: tuple(rows) for by, rows in zip(_BY, views, strict=True)}
    )


def _count(total: list[Decimal], line: list[Decimal]) -> None:
    for index, amount in enumerate(line):
        total[index] += amount


def _view(name: str, line: list[Decimal]) -> ProfitView:
    trades, wins, pnl, fees, won = line
    return ProfitView(name, int(trades), int(wins), pnl, fees, won)


class ProfitTotals:
    """What was ever closed, read every few seconds while the journal is seen.

    What closed before a bound is kept in sum; the rest is read again, since several positions may
    close at one time. Where the count of closed positions does not agree (rows were deleted, the
    clock was set back) everything is added up anew.
    """

    def __init__(self) -> None:
        self._kept: dict[int, tuple[datetime, _Sums, int]] = {}
        """By connection, the bound, the sums before it, and how many trades they hold."""
        self._extents: dict[int, tuple[int, datetime | None]] = {}
        self._last: ProfitTables | None = None

    def read(self, transaction: Transaction) -> ProfitTables:
        """Return the profit of all connections, replays left out."""
        ids = trading_history.connection_ids(transaction, Wanted())
        extents = {one: positions.closed_extent(transaction, one) for one in ids}
        if self._last is None or extents != self._extents:
            self._kept = {key: kept for key, kept in self._kept.items() if key in ids}
            parts = [self._parts(transaction, one, *extents[one]) for one in ids]
            self._last = _tables(sums for part in parts for sums in part)
            self._extents = extents
        return self._last

    def _parts(
        self, transaction: Transaction, connection_id: int, count: int, last: datetime | None
    ) -> list[_Sums]:
        """Return the sums before the last closing time, and those of it."""
        if last is None:
            return []
        for kept in (self._kept.get(connection_id), None):
            bound, sums, known = kept or (None, {}, 0)
            recent: _Sums = {}
            known += _add(
                sums,
                trading_history.profits(transaction, connection_id, since=bound, until=last),
            )
            new = _add(recent, trading_history.profits(transaction, connection_id, since=last))
            if known + new == count:
                break
        self._kept[connection_id] = last, sums, known
        return [sums, recent]
