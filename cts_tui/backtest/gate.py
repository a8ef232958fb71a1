"""The profit-factor gate: whether a rule's own record entitles it to trade."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from cts_tui.backtest.metrics import profit_factor
from cts_tui.model.strategy import StrategySpec


class GateState(StrEnum):
    """What a rule may do on a symbol."""

    OPEN = "open"
    """Trade."""
    GATED = "gated"
    """Enter nothing: the profit factor is below the strategy's minimum."""
    UNPROVEN = "unproven"
    """Trade on paper only: too few closed trades to judge."""


@dataclass(frozen=True, slots=True)
class Gate:
    """The verdict on one rule on one symbol, with the figures it rests on."""

    state: GateState
    trades: int
    """Closed trades ever."""
    profit_factor: float | None
    """Over the last `gate_trades` closed trades; None without losers, which counts as infinite."""
    reason: str
    """One line for the signal and the screen."""


def judge(spec: StrategySpec, trades: int, last_pnls: Sequence[Decimal]) -> Gate:
    """Return the verdict for `trades` closed trades, the last of which made `last_pnls`.

    Whether there are enough is asked of all trades, the profit factor of the last ones only.
    Minimum 1.0, pnls +30 and −20: 30 / 20 = 1.5 → open.
    """
    factor = profit_factor(last_pnls)
    if trades < spec.gate_min_trades:
        reason = f"unproven: {trades} of {spec.gate_min_trades} closed trades"
        return Gate(GateState.UNPROVEN, trades, factor, reason)
    shown = "without a loser" if factor is None else f"{factor:.2f}"
    figures = (
        f"profit factor {shown} over {len(last_pnls)} trades, minimum {spec.min_profit_factor}"
    )
    if factor is None or factor >= spec.min_profit_factor:
        return Gate(GateState.OPEN, trades, factor, figures)
    return Gate(GateState.GATED, trades, factor, figures)
