"""Candles of one symbol in every timeframe, from one history and the trades since."""

import random
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

SECOND, MINUTE, DAY = 1_000, 60_000, 86_400_000
TIMEFRAMES = {
    "1s": SECOND,
    "1m": MINUTE,
    "3m": 3 * MINUTE,
    "5m": 5 * MINUTE,
    "15m": 15 * MINUTE,
    "30m": 30 * MINUTE,
    "1h": 60 * MINUTE,
    "2h": 120 * MINUTE,
    "4h": 240 * MINUTE,
    "6h": 360 * MINUTE,
    "8h": 480 * MINUTE,
    "12h": 720 * MINUTE,
    "1d": DAY,
    "3d": 3 * DAY,
    "1w": 7 * DAY,
}
_MONDAY = 4 * DAY  # the epoch was a Thursday


def open_time(timeframe: str, time_ms: int) -> int:
    """Return when the candle that holds `time_ms` opened; weeks begin on Monday."""
    duration = TIMEFRAMES[timeframe]
    shift = _MONDAY if timeframe == "1w" else 0
    return (time_ms - shift) // duration * duration + shift


@dataclass(slots=True)
class Candle:
    """Open, high, low, close, volume, quote volume and number of trades of one period."""

    time_ms: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal = Decimal(0)
    quote_volume: Decimal = Decimal(0)
    trades: int = 0

    @classmethod
    def flat(cls, time_ms: int, price: Decimal) -> "Candle":
        """Return a period in which nothing was traded."""
        return cls(time_ms, price, price, price, price)

    def add(self, price: Decimal, quantity: Decimal) -> None:
        """Take in one trade."""
        self.high = max(self.high, price)
        self.low = min(self.low, price)
        self.close = price
        self.volume += quantity
        self.quote_volume += price * quantity
        self.trades += 1

    def absorb(self, later: "Candle") -> None:
        """Take in the period that follows."""
        self.high = max(self.high, later.high)
        self.low = min(self.low, later.low)
        self.close = later.close
        self.volume += later.volume
        self.quote_volume += later.quote_volume
        self.trades += later.trades


class Candles:
    """Two grids, seconds and minutes; everything else is summed up from them."""

    def __init__(self, price: Decimal, now_ms: int) -> None:
        self._grids: dict[int, dict[int, Candle]] = {SECOND: {}, MINUTE: {}}
        self._times: dict[int, list[int]] = {SECOND: [], MINUTE: []}
        self._first_price = price
        self._began_ms = now_ms

    def add(self, time_ms: int, price: Decimal, quantity: Decimal) -> None:
        """Take in one trade."""
        for grid in (SECOND, MINUTE):
            start = time_ms // grid * grid
            candle = self._grids[grid].get(start)
            if candle is None:
                # A period opens where the one before it closed, as it looks on a liquid market.
                candle = Candle.flat(start, self.close_before(grid, start))
                self._put(grid, candle)
            candle.add(price, quantity)

    def load(self, minutes: Iterable[Candle]) -> None:
        """Put recorded minutes into the history."""
        for candle in minutes:
            self._put(MINUTE, candle)

    def forget(self) -> None:
        """Drop the whole history."""
        for grid in self._grids:
            self._grids[grid].clear()
            self._times[grid].clear()

    def close_before(self, grid: int, time_ms: int) -> Decimal:
        """Return the last price before a time."""
        times = self._times[grid]
        at = bisect_left(times, time_ms)
        if at:
            return self._grids[grid][times[at - 1]].close
        if grid == SECOND:
            return self.close_before(MINUTE, time_ms // MINUTE * MINUTE)
        first = self._grids[grid][times[0]].open if times else self._first_price
        return self._first_price if not times else first

    @property
    def first_ms(self) -> int:
        """Open time of the first known minute."""
        times = self._times[MINUTE]
        begun = self._began_ms // MINUTE * MINUTE
        return min(times[0], begun) if times else begun

    def series(self, timeframe: str, start_ms: int, end_ms: int) -> Iterator[Candle]:
        """Yield every candle that opened from `start_ms` to `end_ms`, quiet periods flat."""
        duration = TIMEFRAMES[timeframe]
        start = open_time(timeframe, max(start_ms + duration - 1, self.first_ms))
        for time_ms in range(start, end_ms + 1, duration):
            yield self.one(timeframe, time_ms)

    def one(self, timeframe: str, time_ms: int) -> Candle:
        """Return the candle that opened at a time."""
        if timeframe == "1s":
            return self._second(time_ms)
        times = self._times[MINUTE]
        first = bisect_left(times, time_ms)
        last = bisect_left(times, time_ms + TIMEFRAMES[timeframe])
        total = Candle.flat(time_ms, self.close_before(MINUTE, time_ms))
        for at, start in enumerate(times[first:last]):
            minute = self._grids[MINUTE][start]
            if at == 0 and start == time_ms:
                total = Candle.flat(time_ms, minute.open)
            total.absorb(minute)
        return total

    def _second(self, time_ms: int) -> Candle:
        known = self._grids[SECOND].get(time_ms)
        if known is not None:
            return known
        minute = self._grids[MINUTE].get(time_ms // MINUTE * MINUTE)
        if minute is None or minute.time_ms + MINUTE > self._began_ms:
            return Candle.flat(time_ms, self.close_before(SECOND, time_ms))
        path = (minute.open, minute.low, minute.high, minute.close)
        at = (time_ms % MINUTE) // (MINUTE // 4)
        candle = Candle.flat(time_ms, path[at])
        candle.volume = minute.volume / 60
        candle.quote_volume = minute.quote_volume / 60
        return candle

    def _put(self, grid: int, candle: Candle) -> None:
        if candle.time_ms not in self._grids[grid]:
            insort(self._times[grid], candle.time_ms)
        self._grids[grid][candle.time_ms] = candle


def walked_back(
    price: Decimal, tick: Decimal, *, end_ms: int, minutes: int, seed: str, swing_pct: float = 0.05
) -> list[Candle]:
    """Return `minutes` candles before `end_ms` whose last one closes at `price`."""
    chance = random.Random(seed)
    walked = []
    close = price
    for at in range(1, minutes + 1):
        step = float(price) * swing_pct / 100
        opened = max(_on(close + Decimal(chance.gauss(0, step)), tick), tick)
        high = max(opened, close) + _on(Decimal(abs(chance.gauss(0, step / 2))), tick)
        low = min(opened, close) - _on(Decimal(abs(chance.gauss(0, step / 2))), tick)
        volume = Decimal(round(chance.uniform(1, 20) * 50_000 / float(price), 3))
        walked.append(
            Candle(
                end_ms // MINUTE * MINUTE - at * MINUTE,
                opened,
                high,
                max(low, tick),
                close,
                volume,
                volume * close,
                chance.randint(10, 500),
            )
        )
        close = opened
    walked.reverse()
    return walked


def _on(value: Decimal, tick: Decimal) -> Decimal:
    return (value / tick).quantize(Decimal(1), rounding=ROUND_HALF_UP) * tick
