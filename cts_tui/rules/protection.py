"""Stop, target and trailing stop of one position: where they lie, and when they are touched.

The one definition for the live engine (ticks and candles), the replay and the backtest.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from math import inf
from typing import Final, NamedTuple, Self

from cts_tui.model.money import ZERO, exact, round_price
from cts_tui.model.strategy import StrategySpec
from cts_tui.model.trading import Direction, ExitReason, OrderType

_HUNDRED: Final = Decimal(100)
_ORDER_TYPES: Final = {
    ExitReason.STOP_LOSS: OrderType.STOP,
    ExitReason.TRAILING_STOP: OrderType.STOP,
    ExitReason.TAKE_PROFIT: OrderType.TAKE_PROFIT,
}


class Levels(NamedTuple):
    """The prices that close a position; None is off."""

    stop: Decimal | None
    target: Decimal | None


class Touch(NamedTuple):
    """A level was reached: why the position closes, and the price before slippage."""

    reason: ExitReason
    price: Decimal


def levels(spec: StrategySpec, direction: Direction, entry_price: Decimal) -> Levels:
    """Return stop and target, both measured in percent from the entry's fill price.

    A percentage of 0 is off, and so is a level that would lie at zero or below.
    Long from 100 with 2 % and 3 % → stop 98, target 103; short → stop 102, target 97.
    """
    is_long = direction is Direction.LONG
    return Levels(
        stop=_level(entry_price, spec.stop_loss_pct, is_above=not is_long),
        target=_level(entry_price, spec.take_profit_pct, is_above=is_long),
    )


def trail(direction: Direction, best_close: Decimal, trailing_stop_pct: Decimal) -> Decimal | None:
    """Return the trailing stop that belongs to the best close since entry; None is off.

    Long, best close 110, 1 % → 108.9; short, best close 90, 1 % → 90.9.
    """
    return _level(best_close, trailing_stop_pct, is_above=direction is Direction.SHORT)


def exit_order_type(reason: ExitReason) -> OrderType:
    """Return the order that closes a position for `reason`.

    A target is a TAKE_PROFIT and never fills worse than its price; a stop is a STOP, everything
    else a MARKET order, and both slip against the trader.
    """
    return _ORDER_TYPES.get(reason, OrderType.MARKET)


@dataclass(slots=True)
class Protection:
    """The levels of one open position and how they move, candle by candle.

    Per candle call `touched`, then, if the position is still open, `closed`. The public fields
    are all there is to keep: a position read back from the store is built from them again.
    Whether a level is touched is compared in floats, the way prices arrive; the nearest float of a
    level never turns a touch into a miss. Prices come out as Decimal.
    """

    direction: Direction
    stop: Decimal | None
    """The stop in force; a trailing stop before the first close after entry may have none."""
    target: Decimal | None
    trailing_stop_pct: Decimal = ZERO
    is_trailing: bool = False
    """Whether the stop in force was set by trailing."""
    best_close: Decimal | None = None
    """The best close since entry, kept only where the stop trails."""
    lower: float = field(init=False, repr=False, compare=False)
    """A candle whose low is above this, and whose high is below `upper`, touches nothing."""
    upper: float = field(init=False, repr=False, compare=False)
    _is_long: bool = field(init=False, repr=False, compare=False)
    _best: float = field(init=False, repr=False, compare=False)
    """What a close must beat to move the stop; out of reach where nothing trails."""

    def __post_init__(self) -> None:
        self._is_long = self.direction is Direction.LONG
        worst = -inf if self._is_long else inf
        unbeaten = worst if self.trailing_stop_pct else -worst
        self._best = unbeaten if self.best_close is None else float(self.best_close)
        self._set_bounds()

    @classmethod
    def at_entry(cls, spec: StrategySpec, direction: Direction, entry_price: Decimal) -> Self:
        """Return the protection of a position that has just filled at `entry_price`."""
        stop, target = levels(spec, direction, entry_price)
        return cls(direction, stop, target, spec.trailing_stop_pct)

    def touched(self, open_: float, high: float, low: float) -> Touch | None:
        """Return the level this candle reaches first, None if it reaches neither.

        The candle must enclose its open. Tested in this order, each at or beyond: the open against
        the stop (price: the open), the worst price against the stop (the stop), the open against
        the target (the open), the best price against the target (the target).
        Long, stop 98: open 97 → STOP_LOSS at 97; open 99, low 97 → STOP_LOSS at 98.
        """
        if low > self.lower and high < self.upper:
            return None
        sign = self.direction.sign
        worst, best = (low, high) if self._is_long else (high, low)
        stop = _reached(self.stop, -sign, open_, worst)
        if stop is not None:
            return Touch(self._stop_reason, stop)
        target = _reached(self.target, sign, open_, best)
        return None if target is None else Touch(ExitReason.TAKE_PROFIT, target)

    def touched_at(self, price: Decimal) -> Touch | None:
        """Return the level that one traded price reaches, filled at that price; None if neither."""
        value = float(price)
        touch = self.touched(value, value, value)
        return None if touch is None else Touch(touch.reason, price)

    def closed(self, close: float) -> bool:
        """Trail behind a candle's close, from the next candle on; return whether the stop moved.

        Called for the entry candle too. The stop never moves away from the price.
        """
        if not (close > self._best if self._is_long else close < self._best):
            return False
        self._best = close
        self.best_close = exact(close)
        return self._tighten(trail(self.direction, self.best_close, self.trailing_stop_pct))

    @property
    def _stop_reason(self) -> ExitReason:
        return ExitReason.TRAILING_STOP if self.is_trailing else ExitReason.STOP_LOSS

    def _tighten(self, stop: Decimal | None) -> bool:
        """Move the stop to `stop` if that is nearer to the price; return whether it moved."""
        if stop is None:
            return False
        if self.stop is not None and (stop - self.stop) * self.direction.sign <= 0:
            return False
        self.stop, self.is_trailing = stop, True
        self._set_bounds()
        return True

    def _set_bounds(self) -> None:
        below, above = (self.stop, self.target) if self._is_long else (self.target, self.stop)
        self.lower = -inf if below is None else float(below)
        self.upper = inf if above is None else float(above)


def _level(price: Decimal, distance_pct: Decimal, *, is_above: bool) -> Decimal | None:
    """Return the price that lies `distance_pct` away; None where that is off or not a price."""
    if not distance_pct:
        return None
    share = _HUNDRED + distance_pct if is_above else _HUNDRED - distance_pct
    level = round_price(price * share / _HUNDRED)
    return level if level > 0 else None


def _reached(level: Decimal | None, sign: int, open_: float, extreme: float) -> Decimal | None:
    """Return the price at which a candle reaches `level`; `sign` +1 from below, −1 from above."""
    if level is None:
        return None
    bound = sign * float(level)
    if sign * open_ >= bound:
        return exact(open_)
    return level if sign * extreme >= bound else None
