"""How honest the paper venue is: fees, slippage, latency, and what it may take of the volume."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal

from cts_tui.model.money import ZERO, of_percent, round_money
from cts_tui.venue.steps import step_down

VolumeOf = Callable[[str], tuple[Decimal, int] | None]
"""Gives what a symbol lately traded in base, and in how many milliseconds; None: not known."""


@dataclass(frozen=True, slots=True)
class PaperTerms:
    """What a fill costs, and how long and how much of it has to wait for the market."""

    fee_pct: Decimal
    slippage_pct: Decimal
    latency_ms: int = 0
    """No fill before the order is this old, in market time."""
    volume_pct: Decimal = ZERO
    """Share of the volume traded in one candle that all orders on a symbol may take; 0: all."""

    def neutral(self) -> "PaperTerms":
        """Return these terms without latency and volume, as in a backtest."""
        return replace(self, latency_ms=0, volume_pct=ZERO)


class VolumeBudget:
    """What a paper account may take of each symbol's volume: it is used up, and comes back."""

    def __init__(self, volume_of: VolumeOf) -> None:
        self._volume_of = volume_of
        self._left: dict[str, tuple[Decimal, int]] = {}
        """What was left of a symbol, and when."""

    def take(
        self, symbol: str, wanted: Decimal, pct: Decimal, now_ms: int, step: Decimal | None
    ) -> Decimal:
        """Return how much of `wanted` (base) may fill now, in whole steps, and count it as taken.

        A candle of 1m traded 20, at 10 %: 2 fill at once, and 2 more in every minute after. A part
        is at least a tenth of that, so that a large order makes tens of fills and not thousands.
        Where nothing is known of the volume, or it is less than one step, all of it fills.
        """
        known = self._volume_of(symbol)
        if known is None:
            return wanted
        volume, span_ms = known
        most = of_percent(volume, pct)
        if most <= (step or ZERO):
            return wanted
        left, then_ms = self._left.get(symbol, (most, now_ms))
        left = min(most, left + most * max(0, now_ms - then_ms) / span_ms)
        part = wanted
        if left < wanted:
            part = ZERO if left * 10 < most else step_down(round_money(left), step)
        self._left[symbol] = (left - part, now_ms)
        return part
