"""The open positions of one engine, as objects to act on and as columns to mark."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import numpy as np

from cts_tui.model.columns import FloatArray
from cts_tui.model.records import PositionRecord
from cts_tui.model.trading import Direction, ExitReason, PositionStatus
from cts_tui.rules.protection import Protection

Holder = tuple[str, str, str]
"""Strategy, symbol and timeframe: each holds at most one position."""

_FIRST_ROOM: Final = 64


@dataclass(slots=True)
class LivePosition:
    """A position that is open, with the levels that protect it."""

    key: str
    strategy: str
    symbol: str
    timeframe: str
    side: Direction
    quantity: Decimal
    entry_price: Decimal
    entry_time_ms: int
    fees: Decimal
    protection: Protection
    source: str
    is_live: bool
    status: PositionStatus = PositionStatus.OPEN
    exit_reason: ExitReason | None = None
    exit_attempts: int = 0
    slot: int = -1

    @property
    def holder(self) -> Holder:
        """Who holds it."""
        return self.strategy, self.symbol, self.timeframe

    def record(self) -> PositionRecord:
        """Return the position as it is stored while open."""
        protection = self.protection
        return PositionRecord(
            key=self.key,
            strategy=self.strategy,
            symbol=self.symbol,
            timeframe=self.timeframe,
            side=self.side,
            status=self.status,
            quantity=self.quantity,
            entry_price=self.entry_price,
            entry_time_ms=self.entry_time_ms,
            stop_price=protection.stop,
            target_price=protection.target,
            is_trailing=protection.is_trailing,
            best_close=protection.best_close,
            trailing_stop_pct=protection.trailing_stop_pct,
            source=self.source,
            is_live=self.is_live,
            fees=self.fees,
        )

    @classmethod
    def restored(cls, record: PositionRecord, exit_attempts: int) -> "LivePosition":
        """Return the position of a stored record; a close that was under way begins anew."""
        return cls(
            key=record.key,
            strategy=record.strategy,
            symbol=record.symbol,
            timeframe=record.timeframe,
            side=record.side,
            quantity=record.quantity,
            entry_price=record.entry_price,
            entry_time_ms=record.entry_time_ms,
            fees=record.fees,
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
        )


class PositionBook:
    """Open positions by holder and key; their levels as columns, one slot each."""

    def __init__(self) -> None:
        self._by_holder: dict[Holder, LivePosition] = {}
        self._by_key: dict[str, LivePosition] = {}
        self._by_series: dict[tuple[str, str], list[LivePosition]] = {}
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

    def add(self, position: LivePosition) -> None:
        """Take in an open position. Raises ValueError when its holder has one already."""
        if position.holder in self._by_holder:
            raise ValueError(f"{'/'.join(position.holder)} already holds a position")
        position.slot = self._free.pop() if self._free else self._grow()
        self._slots[position.slot] = position
        self._by_holder[position.holder] = position
        self._by_key[position.key] = position
        self._by_series.setdefault((position.symbol, position.timeframe), []).append(position)
        self._symbol[position.slot] = self._symbols.setdefault(position.symbol, len(self._symbols))
        self.protect(position)

    def remove(self, position: LivePosition) -> None:
        """Let go of a position that has closed."""
        del self._by_holder[position.holder]
        del self._by_key[position.key]
        self._by_series[position.symbol, position.timeframe].remove(position)
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
        low, high = self._by_symbol(lows, np.inf), self._by_symbol(highs, -np.inf)
        symbols = self._symbol[:count]
        is_touched = (low[symbols] <= self._lower[:count]) | (high[symbols] >= self._upper[:count])
        hits = [self._slots[slot] for slot in np.flatnonzero(is_touched).tolist()]
        return sorted((hit for hit in hits if hit is not None), key=_age)

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
