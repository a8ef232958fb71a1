"""What loss limits say of an equity: pure figures over a state, and the words they are told in."""

from dataclasses import replace
from decimal import Decimal
from typing import Final

from cts_tui.model.limits import RiskLimits, RiskState
from cts_tui.model.money import ZERO, percent

_NOTICEABLE: Final = Decimal("0.0001")


def daily_reason(limits: RiskLimits, state: RiskState, equity: Decimal) -> str | None:
    """Return which daily limit is reached, in figures.

    The day began with 10,000, now 9,480: with a limit of 500 it is reached.
    """
    began = state.day_equity
    if began is None or equity >= began:
        return None
    loss = began - equity
    said = f"daily loss {_money(loss)} of {_money(began)} since 00:00 UTC"
    if limits.max_daily_loss is not None and loss >= limits.max_daily_loss:
        return f"{said}, the limit is {_money(limits.max_daily_loss)}: no entries until tomorrow"
    most_pct = limits.max_daily_loss_pct
    lost_pct = percent(loss, began)
    if most_pct is not None and began > 0 and lost_pct >= most_pct:
        return f"{said}, {lost_pct:.2f} %, the limit is {most_pct} %: no entries until tomorrow"
    return None


def drawdown_reason(limits: RiskLimits, state: RiskState, equity: Decimal) -> str | None:
    """Return that the drawdown limit is reached, in figures."""
    peak, most_pct = state.peak_equity, limits.max_drawdown_pct
    if peak is None or most_pct is None or peak <= 0:
        return None
    lost_pct = percent(peak - equity, peak)
    if lost_pct < most_pct:
        return None
    return (
        f"drawdown {lost_pct:.2f} % from {_money(peak)} to {_money(equity)}, the limit is "
        f"{most_pct} %: no entries until it is reset (cts-tui risk reset)"
    )


def used_limits(limits: RiskLimits, state: RiskState, equity: Decimal) -> dict[str, float]:
    """Return how much of each loss limit is used, in percent, by what was lost in words.

    The day began with 10,000, now 9,600: of a limit of 500 it has used 80 %.
    """
    lost = max((state.day_equity or equity) - equity, ZERO)
    peak = state.peak_equity or equity
    fallen_pct = percent(max(peak - equity, ZERO), peak)
    lost_pct = percent(lost, state.day_equity or equity)
    most, most_pct = limits.max_daily_loss, limits.max_daily_loss_pct
    used = {}
    if most is not None:
        used[f"lost {_money(lost)} of {_money(most)} today"] = percent(lost, most)
    if most_pct is not None:
        used[f"lost {lost_pct:.2f} % of {most_pct} % today"] = 100 * lost_pct / float(most_pct)
    if limits.max_drawdown_pct is not None:
        said = f"drawdown {fallen_pct:.2f} % of {limits.max_drawdown_pct} %"
        used[said] = 100 * fallen_pct / float(limits.max_drawdown_pct)
    return used


def measured(state: RiskState, equity: Decimal) -> RiskState:
    """Return the state with the highest equity so far."""
    began = equity if state.day_equity is None else state.day_equity
    peak = equity if state.peak_equity is None else max(state.peak_equity, equity)
    return replace(state, day_equity=began, peak_equity=peak)


def is_news(stored: RiskState, state: RiskState) -> bool:
    """Return whether a state is worth a row: a peak that grew by a hundredth of a percent is."""
    if stored != replace(state, peak_equity=stored.peak_equity):
        return True
    before, now = stored.peak_equity, state.peak_equity
    if before is None or now is None:
        return before is not now
    return abs(now - before) >= abs(before) * _NOTICEABLE


def _money(amount: Decimal) -> str:
    return f"{amount:,.2f}"
