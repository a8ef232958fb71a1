"""Where what a venue holds differs from what our positions hold, as pure arithmetic."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from cts_tui.model.money import ZERO
from cts_tui.model.trading import Direction

LONG: Final = Direction.LONG
SHORT: Final = Direction.SHORT
Sides = Mapping[Direction, Decimal]


@dataclass(frozen=True, slots=True)
class Gap:
    """On one side of one symbol the venue holds less than ours, or more."""

    side: Direction
    missing: Decimal = ZERO
    surplus: Decimal = ZERO


def gaps(own: Sides, there: Sides, *, is_hedged: bool, least: Decimal = ZERO) -> list[Gap]:
    """Return where an account differs from ours; less than `least` is no difference.

    Hedged, each side stands by itself. Else the venue holds the net of both: ours long 2, there
    short 1 → 2 of the long are missing, a short of 1 is surplus.
    """
    found = _by_side(own, there) if is_hedged else _net(own, there)
    return [gap for gap in found if max(gap.missing, gap.surplus) > least]


def _by_side(own: Sides, there: Sides) -> list[Gap]:
    found = []
    for side in (LONG, SHORT):
        more = there.get(side, ZERO) - own.get(side, ZERO)
        found.append(Gap(side, missing=max(-more, ZERO), surplus=max(more, ZERO)))
    return found


def _net(own: Sides, there: Sides) -> list[Gap]:
    ours = own.get(LONG, ZERO) - own.get(SHORT, ZERO)
    more = there.get(LONG, ZERO) - there.get(SHORT, ZERO) - ours
    if not more:
        return []
    grown = LONG if more > 0 else SHORT
    shrunk = grown.opposite
    closed = min(own.get(shrunk, ZERO), abs(more))
    return [Gap(shrunk, missing=closed), Gap(grown, surplus=abs(more) - closed)]


@dataclass(slots=True)
class _Sighting:
    value: Hashable
    since_ms: int


class Agreement:
    """Believes what several looks in a row, a few seconds apart, say alike."""

    def __init__(self) -> None:
        self._sightings: dict[Hashable, _Sighting] = {}
        self._touched: set[Hashable] = set()

    def age_ms(self, key: Hashable, value: Hashable, now_ms: int) -> int:
        """Return for how long the looks at `key` have said `value`; 0 at the first."""
        self._touched.add(key)
        known = self._sightings.get(key)
        if known is None or known.value != value:
            self._sightings[key] = _Sighting(value, now_ms)
            return 0
        return now_ms - known.since_ms

    def forget(self, key: Hashable) -> None:
        """Begin anew with a key."""
        self._sightings.pop(key, None)

    def end_round(self) -> None:
        """Forget what was not seen in this round."""
        for key in set(self._sightings) - self._touched:
            del self._sightings[key]
        self._touched.clear()
