"""Invented prices for when a real feed is lost: flagged synthetic, they never move real money (S3).

A small-step random walk from the last real close keeps demo and paper connections going.
"""

import math
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from decimal import Decimal
from typing import Final

from cts_tui.clock import Clock
from cts_tui.market.aggregate import bucket_open_ms
from cts_tui.market.pace import Pace
from cts_tui.model.columns import CandleColumns
from cts_tui.model.market import (
    Candle,
    CandleClosed,
    MarketEvent,
    Source,
    Tick,
    timeframe_ms,
)
from cts_tui.model.money import exact

_STEP_SIGMA: Final = 0.0002
"""Log return of one step: about 0.15 % a minute at one step a second."""


class SyntheticWalk:
    """A random walk per symbol, the same for the same seed and closes."""

    def __init__(self, last: Mapping[str, Decimal | float], seed: int) -> None:
        """Start at the last real closes. Raises ValueError unless each is positive and finite."""
        self._random = random.Random(seed)
        self._walkers: Final = {symbol: _Walker(symbol, price) for symbol, price in last.items()}

    def step(self, now_ms: int) -> list[Tick]:
        """Move every symbol by one step; return where they are now."""
        return [
            Tick(symbol, now_ms, walker.step(self._random.gauss(0, _STEP_SIGMA)), Source.SYNTHETIC)
            for symbol, walker in self._walkers.items()
        ]


class _Walker:
    """One symbol's walk, rounded to the decimals of its first price, never under the last one."""

    def __init__(self, symbol: str, price: Decimal | float) -> None:
        price = price if isinstance(price, Decimal) else exact(price)
        if not price.is_finite() or price <= 0:
            raise ValueError(f"{symbol} cannot walk from {price}: expected a positive price")
        self._quantum = _quantum(price)
        self._log = math.log(price)

    def step(self, log_return: float) -> Decimal:
        self._log += log_return
        return max(exact(math.exp(self._log)).quantize(self._quantum), self._quantum)


def _quantum(price: Decimal) -> Decimal:
    """Return the price step: that of `price`, but between 6 and 16 significant digits fine."""
    exponent = price.as_tuple().exponent
    assert isinstance(exponent, int)  # noqa: S101 - the price is finite
    return Decimal(1).scaleb(max(min(exponent, price.adjusted() - 5), price.adjusted() - 15))


class SyntheticFeed:
    """Synthetic ticks, and candles of one timeframe made from them."""

    def __init__(
        self, walk: SyntheticWalk, clock: Clock, timeframe: str, interval_s: float = 1.0
    ) -> None:
        """Raise ValueError when `timeframe` is none."""
        self._walk = walk
        self._clock = clock
        self._pace = Pace(interval_s)
        timeframe_ms(timeframe)
        self._timeframe = timeframe
        self._forming: dict[str, Candle] = {}

    @property
    def source(self) -> Source:
        """Always synthetic."""
        return Source.SYNTHETIC

    @property
    def has_ticks(self) -> bool:
        """Always."""
        return True

    async def history(self, symbol: str, timeframe: str, limit: int) -> CandleColumns:
        """Return nothing: the past is not invented."""
        return CandleColumns.from_candles([])

    async def events(self) -> AsyncIterator[Sequence[MarketEvent]]:
        """Yield a tick per symbol every `interval_s`, candles when they close, until closed."""
        while self._pace.is_running:
            yield self.step()
            await self._pace.wait()

    async def close(self) -> None:
        """End `events` at once."""
        self._pace.stop()

    def step(self) -> list[MarketEvent]:
        """Move the walk by one step; return the candles this closes, then the ticks."""
        ticks = self._walk.step(self._clock.now_ms())
        closed = [candle for tick in ticks if (candle := self._enter(tick)) is not None]
        return [*closed, *ticks]

    def _enter(self, tick: Tick) -> CandleClosed | None:
        """Add a tick to its candle; return the candle before if this closes it."""
        price = float(tick.price)
        bucket_ms = bucket_open_ms(tick.time_ms, self._timeframe)
        forming = self._forming.get(tick.symbol)
        if forming is not None and bucket_ms <= forming.time_ms:
            self._forming[tick.symbol] = forming._replace(
                high=max(forming.high, price), low=min(forming.low, price), close=price
            )
            return None
        self._forming[tick.symbol] = Candle(bucket_ms, price, price, price, price, 0.0)
        if forming is None:
            return None
        return CandleClosed(tick.symbol, self._timeframe, forming, Source.SYNTHETIC)
