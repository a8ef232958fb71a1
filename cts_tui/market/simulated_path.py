"""The price path of one simulated symbol: minutes of trend, range and jump, filled with ticks.

A minute is planned first (where it closes, how much it moves), then filled with a bridge of ticks
that ends there. So any number of minutes is drawn at once, and the path is the same whether it is
drawn as history in one go or live, minute by minute.
"""

import math
from dataclasses import dataclass
from enum import IntEnum
from typing import Final
from zlib import crc32

import numpy as np

from cts_tui.model.columns import CandleColumns, FloatArray

MINUTE_MS: Final = 60_000
TICK_MS: Final = 250
TICKS_PER_MINUTE: Final = MINUTE_MS // TICK_MS

_USUAL_PRICES: Final = {
    "BTC": 98_000.0,
    "ETH": 3_400.0,
    "SOL": 190.0,
    "BNB": 680.0,
    "XRP": 2.3,
    "DOGE": 0.33,
    "ADA": 0.9,
    "LINK": 22.0,
}
_NOTIONAL_PER_MINUTE: Final = 400_000.0
_USUAL_MOVEMENT: Final = 0.0015
"""High over low of a quiet minute, as a share of the price."""
_VOLUME_NOISE: Final = 0.3
_HOME_PULL: Final = 2.0
"""How strongly the odds of the next trend turn home: 10 % (log) above it, up has 0.5 − 0.2."""


class Regime(IntEnum):
    """What the market does for a while."""

    RANGE = 0
    UP = 1
    DOWN = 2
    JUMP = 3


@dataclass(frozen=True, slots=True)
class _Law:
    """How a minute moves within a regime; moves are log returns."""

    minutes: float
    """Mean length of the regime."""
    drift: float
    sigma: float
    pull: float
    """Share of the way back to the regime's first price that a minute takes."""


_LAWS: Final = {
    Regime.RANGE: _Law(minutes=30, drift=0.0, sigma=0.0010, pull=0.06),
    Regime.UP: _Law(minutes=20, drift=0.0006, sigma=0.0009, pull=0.0),
    Regime.DOWN: _Law(minutes=20, drift=-0.0006, sigma=0.0009, pull=0.0),
    Regime.JUMP: _Law(minutes=2, drift=0.0, sigma=0.005, pull=0.0),
}


@dataclass(frozen=True, slots=True)
class Minutes:
    """Whole simulated minutes of one symbol; a candle is the aggregation of its row of ticks."""

    prices: FloatArray
    """Shape (minutes, TICKS_PER_MINUTE): the price at each tick."""
    candles: CandleColumns


class SymbolPath:
    """The endless path of one symbol from a price on, the same for the same arguments."""

    def __init__(self, symbol: str, seed: int, start_ms: int, price: float | None = None) -> None:
        """Start at the open of the minute `start_ms`, at `price` or the symbol's usual price.

        Raises ValueError for a price that is not positive and finite.
        """
        usual = usual_price(symbol)
        price = usual if price is None else price
        if not 0 < price < math.inf:
            raise ValueError(f"{symbol} cannot start at {price}: expected a positive price")
        self.next_ms = start_ms
        """Open time of the minute that is drawn next."""
        self._decimals = price_decimals(price)
        entropy = [seed & 0xFFFF_FFFF, crc32(symbol.encode()), start_ms // MINUTE_MS]
        seeds = np.random.SeedSequence(entropy).spawn(4)
        self._regime_rng, self._move_rng, self._tick_rng, self._volume_rng = map(
            np.random.default_rng, seeds
        )
        self._log = math.log(price)
        self._home = math.log(usual) if abs(math.log(price / usual)) < 1 else self._log
        self._regime = Regime.RANGE
        self._anchor = self._log
        self._usual_volume = _NOTIONAL_PER_MINUTE / price

    def skip_to(self, time_ms: int) -> None:
        """Leave out the minutes before `time_ms`; the price stays."""
        self.next_ms = max(self.next_ms, time_ms)

    def draw(self, count: int) -> Minutes:
        """Return the next `count` minutes."""
        prices = np.round(self._bridged(*self._plan(count)), self._decimals)
        np.maximum(prices, 10.0**-self._decimals, out=prices)
        candles = self._candles(prices)
        self.next_ms += MINUTE_MS * count
        return Minutes(prices, candles)

    def _plan(self, count: int) -> tuple[FloatArray, FloatArray]:
        """Return closes (the one before included: count + 1) and the sigma of each minute.

        The draws per minute are fixed in number and order, so the plan does not depend on how
        many minutes are asked for at once.
        """
        chances = self._regime_rng.random((count, 2)).tolist()
        moves = self._move_rng.standard_normal(count).tolist()
        logs, sigmas = [self._log], []
        for (change, choice), move in zip(chances, moves, strict=True):
            law = self._next_law(change, choice)
            self._log += law.drift + law.pull * (self._anchor - self._log) + law.sigma * move
            logs.append(self._log)
            sigmas.append(law.sigma)
        return np.exp(logs), np.array(sigmas)

    def _next_law(self, change: float, choice: float) -> _Law:
        """Return the law of the next minute: mostly the same, now and then another regime's."""
        if change < 1 / _LAWS[self._regime].minutes:
            self._regime = self._next_regime(choice)
            self._anchor = self._log
        return _LAWS[self._regime]

    def _next_regime(self, choice: float) -> Regime:
        """Return the regime for a number in 0 … 1; trends lean towards the symbol's home price."""
        if choice < 0.30:
            return Regime.RANGE
        if choice < 0.45:
            return Regime.JUMP
        lean = 0.5 - _HOME_PULL * (self._log - self._home)
        is_up = (choice - 0.45) / 0.55 < min(0.9, max(0.1, lean))
        return Regime.UP if is_up else Regime.DOWN

    def _bridged(self, closes: FloatArray, sigmas: FloatArray) -> FloatArray:
        """Return tick prices, each minute a noisy bridge from the close before to its own."""
        noise = self._tick_rng.standard_normal((len(sigmas), TICKS_PER_MINUTE))
        np.cumsum(noise, axis=1, out=noise)
        done = np.arange(1, TICKS_PER_MINUTE + 1) / TICKS_PER_MINUTE
        noise -= noise[:, -1:] * done
        noise *= (closes[:-1] * sigmas / math.sqrt(TICKS_PER_MINUTE))[:, np.newaxis]
        noise += np.diff(closes)[:, np.newaxis] * done
        noise += closes[:-1, np.newaxis]
        return noise

    def _candles(self, prices: FloatArray) -> CandleColumns:
        count = len(prices)
        high, low = prices.max(axis=1), prices.min(axis=1)
        return CandleColumns(
            time_ms=self.next_ms + MINUTE_MS * np.arange(count, dtype=np.int64),
            open=prices[:, 0].copy(),
            high=high,
            low=low,
            close=prices[:, -1].copy(),
            volume=self._volume((high - low) / low),
        )

    def _volume(self, movement: FloatArray) -> FloatArray:
        """Return the base volume of minutes that moved by `movement` of their price."""
        noise = np.exp(_VOLUME_NOISE * self._volume_rng.standard_normal(len(movement)))
        volume = self._usual_volume * noise * (0.3 + 0.7 * movement / _USUAL_MOVEMENT)
        return np.round(volume, price_decimals(self._usual_volume) - 1)


def usual_price(symbol: str) -> float:
    """Return a plausible price of `symbol` in its quote currency.

    Coins that are not known get one between 0.05 and 500 that follows from the name.
    """
    known = _USUAL_PRICES.get(symbol.partition("/")[0])
    if known is not None:
        return known
    share = crc32(symbol.encode()) / 2**32
    return float(f"{0.05 * 10 ** (4 * share):.3g}")


def price_decimals(price: float) -> int:
    """Return how many decimals a price of this magnitude is quoted with: 98000 → 1, 0.33 → 6."""
    return min(12, max(1, 5 - math.floor(math.log10(price))))
