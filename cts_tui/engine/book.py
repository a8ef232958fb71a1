"""The open positions of one engine, as objects to act on and as columns to mark."""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from math import inf
from typing import Final

import numpy as np

from cts_tui.clock import is_waiting
from cts_tui.model.columns import FloatArray
from cts_tui.model.holding import Holding
from cts_tui.model.records import PositionRecord
from cts_tui.model.trade import Trade
from cts_tui.model.trading import Direction, PositionStatus
from cts_tui.rules.protection import Protection

Holder = tuple[str, str, str]
"""Strategy, symbol and timeframe: each holds at most one position."""

_FIRST_WAIT_MS: Final = 500
_LONGEST_WAIT_MS: Final = 30_000
_FIRST_ROOM: Final = 64
_REMEMBERED: Final = 1_000
_FEW: Final = 32
"""Up to so many positions are looked at one by one: faster than a call to numpy."""


@dataclass(slots=True)
class LivePosition:
    """A position that is open: what its fills made of it, and the levels that protect it."""

    key: str
    strategy: str
    symbol: str
    timeframe: str
    entry_time_ms: int
    holding: Holding
    protection: Protection
    source: str
    is_live: bool
    status: PositionStatus = PositionStatus.OPEN
    exit_attempts: int = 0
    """How many orders have been sent to close it; numbers their client order ids."""
    exit_after_ms: int = 0
    """No automatic exit before this: the last one was refused a moment ago."""
    exit_refusals: int = 0
    """How many exits in a row were refused."""
    stop_attempts: int = 0
    """How many stops have been placed at the venue; numbers their client order ids."""
    stop_order_id: str | None = None
    """Client order id of the stop that the venue has confirmed (S6)."""
    target_order_id: str | None = None
    """Client order id of the target that the venue has confirmed."""
    touched_since_ms: int | None = None
    """Since when the price has been beyond a level that the venue was to act on."""
    unprotected_since_ms: int | None = None
    """Since when a live position has no confirmed stop at the venue."""
    slot: int = -1

    @property
    def side(self) -> Direction:
        """Long or short."""
        return self.holding.side

    def wait_longer(self, now_ms: int) -> None:
        """Let the next exit wait, longer the more were refused in a row."""
        wait_ms = min(_FIRST_WAIT_MS << self.exit_refusals, _LONGEST_WAIT_MS)
        self.exit_refusals = min(self.exit_refusals + 1, 10)
        self.exit_after_ms = now_ms + wait_ms

    def is_waiting(self, now_ms: int) -> bool:
        """Return whether the next exit has to wait; a clock that is set back prolongs nothing."""
        return is_waiting(self.exit_after_ms, now_ms, _LONGEST_WAIT_MS)

    @property
    def holder(self) -> Holder:
        """Who holds it."""
        return self.strategy, self.symbol, self.timeframe

    def record(self, trade: Trade | None = None) -> PositionRecord:
        """Return the position as it is stored while open, or as the `trade` that it became."""
        protection, holding = self.protection, self.holding
        return PositionRecord(
            key=self.key,
            strategy=self.strategy,
            symbol=self.symbol,
            timeframe=self.timeframe,
            side=holding.side,
            status=self.status,
            quantity=holding.quantity,
            entry_price=holding.entry_price,
            entry_time_ms=self.entry_time_ms,
            stop_price=protection.stop,
            target_price=protection.target,
            is_trailing=protection.is_trailing,
            best_close=protection.best_close,
            trailing_stop_pct=protection.trailing_stop_pct,
            source=self.source,
            is_live=self.is_live,
            fees=holding.fees,
            entered=holding.entered,
            entry_cost=holding.entry_cost,
            exited=holding.exited,
            exit_value=holding.exit_value,
            paid_fees=holding.paid_fees,
            stop_order_id=self.stop_order_id,
            unprotected_since_ms=self.unprotected_since_ms,
            pnl=None if trade is None else trade.pnl,
            exit_price=None if trade is None else trade.exit_price,
            exit_time_ms=None if trade is None else trade.exit_time_ms,
            exit_reason=None if trade is None else trade.exit_reason,
        )

    @classmethod
    def restored(
        cls, record: PositionRecord, exit_attempts: int, stop_attempts: int = 0
    ) -> "LivePosition":
        """Return the position of a stored record; a close that was under way begins anew."""
        return cls(
            key=record.key,
            strategy=record.strategy,
            symbol=record.symbol,
            timeframe=record.timeframe,
            entry_time_ms=record.entry_time_ms,
            holding=Holding.restored(record),
            protection=Protection(
                record.side,
                record.stop_price,
                record.target_price,
                record.trailing_stop_pct,
                record.is_trailing,
                record.best_close,
            ),
            source=record.source,
            is_live=record.is_live,
            exit_attempts=exit_attempts,
            stop_attempts=stop_attempts,
            stop_order_id=record.stop_order_id,
            unprotected_since_ms=record.unprotected_since_ms,
        )


class PositionBook:
    """Open positions by holder and key; their levels as columns, one slot each."""

    def __init__(self) -> None:
        self._by_holder: dict[Holder, LivePosition] = {}
        self._by_key: dict[str, LivePosition] = {}
        self._by_series: dict[tuple[str, str], list[LivePosition]] = {}
        self._closed: OrderedDict[str, LivePosition] = OrderedDict()
        self._slots: list[LivePosition | None] = []
        self._free: list[int] = []
        self._symbols: dict[str, int] = {}
        self._symbol = np.zeros(_FIRST_ROOM, dtype=np.intp)
        self._lower = np.full(_FIRST_ROOM, -np.inf)
        self._upper = np.full(_FIRST_ROOM, np.inf)

    def __len__(self) -> int:
        return len(self._by_key)

    def __iter__(self) -> Iterator[LivePosition]:
        return iter(list(self._by_key.values()))

    def held(self, holder: Holder) -> LivePosition | None:
        """Return the position of a holder."""
        return self._by_holder.get(holder)

    def get(self, key: str) -> LivePosition | None:
        """Return the position opened by the entry order `key`."""
        return self._by_key.get(key)

    def closed(self, key: str) -> LivePosition | None:
        """Return a live position that closed lately: the store may not know of it yet."""
        return self._closed.get(key)

    def add(self, position: LivePosition) -> None:
        """Take in an open position.

        A holder has two only where an order that was believed lost has filled after all.
        """
        self._closed.pop(position.key, None)
        position.slot = self._free.pop() if self._free else self._grow()
        self._slots[position.slot] = position
        self._by_holder.setdefault(position.holder, position)
        self._by_key[position.key] = position
        self._by_series.setdefault((position.symbol, position.timeframe), []).append(position)
        self._symbol[position.slot] = self._symbols.setdefault(position.symbol, len(self._symbols))
        self.protect(position)

    def remove(self, position: LivePosition) -> None:
        """Let go of a position that has closed; a live one is remembered for a while."""
        del self._by_key[position.key]
        others = self._by_series[position.symbol, position.timeframe]
        others.remove(position)
        if self._by_holder[position.holder] is position:
            del self._by_holder[position.holder]
            for other in others:
                self._by_holder.setdefault(other.holder, other)
        if position.is_live:
            self._closed[position.key] = position
            if len(self._closed) > _REMEMBERED:
                self._closed.popitem(last=False)
        self._slots[position.slot] = None
        self._lower[position.slot] = -np.inf
        self._upper[position.slot] = np.inf
        self._free.append(position.slot)

    def protect(self, position: LivePosition) -> None:
        """Take over the levels of a position after they moved."""
        self._lower[position.slot] = position.protection.lower
        self._upper[position.slot] = position.protection.upper

    def on_series(self, symbol: str, timeframe: str) -> list[LivePosition]:
        """Return the positions whose stop may trail behind the candles of a series."""
        return list(self._by_series.get((symbol, timeframe), ()))

    def touched(self, lows: dict[str, float], highs: dict[str, float]) -> list[LivePosition]:
        """Return the positions whose levels may lie in what their symbols moved through.

        A symbol that is not named has not moved. Oldest position first.
        """
        count = len(self._slots)
        if not count:
            return []
        if count <= _FEW:
            low_of, high_of = lows.get, highs.get
            hits = [
                one
                for one in self._slots
                if one is not None
                and (
                    low_of(one.symbol, inf) <= one.protection.lower
                    or high_of(one.symbol, -inf) >= one.protection.upper
                )
            ]
        else:
            hits = self._touched_columns(count, lows, highs)
        return sorted(hits, key=_age) if hits else hits

    def _touched_columns(
        self, count: int, lows: dict[str, float], highs: dict[str, float]
    ) -> list[LivePosition]:
        low, high = self._by_symbol(lows, np.inf), self._by_symbol(highs, -np.inf)
        symbols = self._symbol[:count]
        is_touched = (low[symbols] <= self._lower[:count]) | (high[symbols] >= self._upper[:count])
        hits = [self._slots[slot] for slot in np.flatnonzero(is_touched).tolist()]
        return [hit for hit in hits if hit is not None]

    def _by_symbol(self, values: dict[str, float], missing: float) -> FloatArray:
        return np.array([values.get(symbol, missing) for symbol in self._symbols])

    def _grow(self) -> int:
        slot = len(self._slots)
        self._slots.append(None)
        if slot == len(self._lower):
            self._symbol = np.concatenate([self._symbol, np.zeros_like(self._symbol)])
            self._lower = np.concatenate([self._lower, np.full_like(self._lower, -np.inf)])
            self._upper = np.concatenate([self._upper, np.full_like(self._upper, np.inf)])
        return slot


def _age(position: LivePosition) -> tuple[int, str]:
    return position.entry_time_ms, position.key
