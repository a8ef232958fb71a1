"""One strategy over the history of one symbol: from event to event, not from candle to candle.

Decisions, levels and money are those of `rules.decision`, `rules.protection` and `backtest.book`,
so a run equals the shadow's candle by candle, trade by trade.
"""

from bisect import bisect_left
from collections.abc import Iterator
from decimal import Decimal
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from cts_tui.backtest.book import Book, Holding
from cts_tui.backtest.search import first_touch
from cts_tui.model.columns import BoolArray, CandleColumns
from cts_tui.model.money import exact
from cts_tui.model.strategy import StrategySpec
from cts_tui.model.trade import Trade
from cts_tui.model.trading import Direction, ExitReason
from cts_tui.rules.decision import Decision, decide
from cts_tui.rules.protection import Touch

Codes = npt.NDArray[np.uint8]
"""Per candle which rules hold at its close: bit 0 entry_long, 1 exit_long, 2 and 3 the short."""


def _table(held: Direction | None) -> list[Decision]:
    """Return the decision for each of the sixteen codes."""
    return [
        decide(
            held,
            entry_long=bool(code & 1),
            exit_long=bool(code & 2),
            entry_short=bool(code & 4),
            exit_short=bool(code & 8),
        )
        for code in range(16)
    ]


_FLAT: Final = _table(None)
_HOLDING: Final = {direction: _table(direction) for direction in Direction}
_ENTERS: Final = np.array([decision.enter is not None for decision in _FLAT])
_EXITS: Final = {
    direction: np.array([decision.exit for decision in table])
    for direction, table in _HOLDING.items()
}


def backtest(
    candles: CandleColumns,
    *,
    entry_long: BoolArray,
    exit_long: BoolArray,
    entry_short: BoolArray,
    exit_short: BoolArray,
    spec: StrategySpec,
    fee_pct: Decimal,
    slippage_pct: Decimal,
    balance: Decimal,
) -> list[Trade]:
    """Return the closed trades of `spec` on `candles`, oldest first, by design.md §6.

    The rules are boolean arrays as long as `candles`, true where a rule holds at that close. Every
    candle encloses its open and its close. Fee and slippage in percent, balance in quote currency.
    """
    book = Book(spec, fee_pct=fee_pct, slippage_pct=slippage_pct, balance=balance)
    codes = _codes(entry_long, exit_long, entry_short, exit_short)
    return list(_Run(candles, codes, book).trades())


def _codes(*rules: BoolArray) -> Codes:
    codes = np.zeros(len(rules[0]), dtype=np.uint8)
    for bit, rule in enumerate(rules):
        codes |= rule.astype(np.uint8) << bit
    return codes


class _Entry(NamedTuple):
    """An entry that fills at the open of candle number `candle`."""

    candle: int
    direction: Direction


class _Run:
    """The walk over one history: an entry, its exit, the next entry."""

    def __init__(self, candles: CandleColumns, codes: Codes, book: Book) -> None:
        self._candles = candles
        self._codes = codes
        self._book = book
        self._last = len(candles) - 1
        firing = np.flatnonzero(codes)
        code = codes[firing]
        self._entries: list[int] = firing[_ENTERS[code]].tolist()
        self._exits: dict[Direction, list[int]] = {
            direction: firing[exits[code]].tolist() for direction, exits in _EXITS.items()
        }

    def trades(self) -> Iterator[Trade]:
        """Yield the closed trades, oldest first."""
        entry = self._entry_from(0)
        while entry is not None:
            holding = self._enter(entry)
            if holding is None:
                entry = self._entry_from(entry.candle)
            else:
                trade, entry = self._hold(holding, entry.candle)
                yield trade

    def _entry_from(self, index: int) -> _Entry | None:
        """Return the first entry that is decided at the close of candle `index` or later."""
        decided = _first_from(self._entries, index, self._last)
        direction = _FLAT[self._codes[decided]].enter if decided < self._last else None
        return None if direction is None else _Entry(decided + 1, direction)

    def _enter(self, entry: _Entry) -> Holding | None:
        price = float(self._candles.open[entry.candle])
        return self._book.enter(entry.direction, self._time_ms(entry.candle), price)

    def _hold(self, holding: Holding, first: int) -> tuple[Trade, _Entry | None]:
        """Return the trade that closes what was entered at candle `first`, and the next entry."""
        decided = _first_from(self._exits[holding.direction], first, self._last)
        found = first_touch(self._candles, holding.protection, first, decided)
        if found is not None:
            index, touch = found
            return self._leave(holding, index, touch), self._entry_from(index)
        if decided == self._last:
            price = exact(self._candles.close[decided])
            return self._leave(holding, decided, Touch(ExitReason.END, price)), None
        return self._leave_by_rule(holding, decided)

    def _leave_by_rule(self, holding: Holding, decided: int) -> tuple[Trade, _Entry | None]:
        index = decided + 1
        price = exact(self._candles.open[index])
        trade = self._leave(holding, index, Touch(ExitReason.RULE, price))
        reversal = _HOLDING[holding.direction][self._codes[decided]].enter
        return trade, self._entry_from(index) if reversal is None else _Entry(index, reversal)

    def _leave(self, holding: Holding, index: int, touch: Touch) -> Trade:
        return self._book.leave(holding, self._time_ms(index), touch.price, touch.reason)

    def _time_ms(self, index: int) -> int:
        return int(self._candles.time_ms[index])


def _first_from(indices: list[int], index: int, last: int) -> int:
    """Return the first of the ascending `indices` that is `index` or later, else `last`."""
    at = bisect_left(indices, index)
    return indices[at] if at < len(indices) else last
