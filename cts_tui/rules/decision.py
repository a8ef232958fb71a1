"""What the four rules of a strategy mean at the close of a candle: enter, exit, reverse or stay.

The one definition for the live engine, the replay and the backtest (design.md §6).
"""

from dataclasses import dataclass
from typing import Final

from cts_tui.model.trading import Direction


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do at the open of the next candle; exit first, then enter. False: do nothing."""

    exit: bool = False
    enter: Direction | None = None

    def __bool__(self) -> bool:
        return self.exit or self.enter is not None


STAY: Final = Decision()
_EXIT: Final = Decision(exit=True)
_ENTER: Final = {direction: Decision(enter=direction) for direction in Direction}
_REVERSE_TO: Final = {direction: Decision(exit=True, enter=direction) for direction in Direction}


def decide(
    held: Direction | None,
    *,
    entry_long: bool,
    exit_long: bool,
    entry_short: bool,
    exit_short: bool,
) -> Decision:
    """Return what the rules, true or false at one close, ask of a strategy that holds `held`.

    Flat: an entry, unless both sides want in or the exit rule of the same side is true as well.
    Holding: nothing before the exit rule of the held side; then the exit, and with it the entry of
    the other side, if a flat strategy would enter it at this close (a reversal).

    Long, `exit_long` and `entry_short` true → Decision(exit=True, enter=SHORT).
    """
    if held is not None and not (exit_long if held is Direction.LONG else exit_short):
        return STAY
    wanted = _wanted(entry_long, exit_long, entry_short, exit_short)
    if held is None:
        return STAY if wanted is None else _ENTER[wanted]
    return _EXIT if wanted is None else _REVERSE_TO[wanted]


def _wanted(
    entry_long: bool,  # noqa: FBT001 - passed on in the fixed order of the rules
    exit_long: bool,  # noqa: FBT001
    entry_short: bool,  # noqa: FBT001
    exit_short: bool,  # noqa: FBT001
) -> Direction | None:
    """Return the side to enter; both entries, or an entry beside its own exit, are none."""
    if entry_long and not entry_short and not exit_long:
        return Direction.LONG
    if entry_short and not entry_long and not exit_short:
        return Direction.SHORT
    return None
