"""Risk limits as the screens show them: words, values, what is used of them, halts."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from textwrap import wrap
from typing import Any, Final

from cts_tui.model.limits import LIMITS, OFF, RiskLimits, RiskView
from cts_tui.model.risk_usage import RiskUsage
from cts_tui.tui.cells import Cell, Line, Tone
from cts_tui.tui.formats import NONE, age_text, one_line, quantity_text, time_text
from cts_tui.tui.widgets.columns import Column

_QUESTION_WIDTH: Final = 58
"""Characters in a line of a dialog."""
LIMIT_WORDS: Final = {
    "collar_pct": "price collar",
    "max_orders_per_minute": "orders a minute",
    "max_order_notional": "one order",
    "max_position_notional": "on one symbol",
    "max_open_positions": "open positions",
    "max_exposure": "exposure",
    "max_total_exposure": "exposure of all",
    "max_daily_loss": "daily loss",
    "max_daily_loss_pct": "daily loss in percent",
    "max_drawdown_pct": "drawdown",
    "cool_down_s": "cool-down after a stop",
    "leverage": "leverage",
    "margin_mode": "margin mode",
}
"""What every limit is called on the screens."""


def value_text(key: str, value: Any) -> str:
    """Return a limit as it is read: `5%`, `1,000`, `3x`, `15m`; `off` where there is none.

    Money is in the quote currency.
    """
    if value is None:
        return OFF
    unit = LIMITS[key].unit
    if unit == "s":
        return f"{value}s" if value % 60 else f"{value // 60}m"
    text = quantity_text(value) if isinstance(value, Decimal) else str(value)
    return f"{text}{unit}" if unit in ("x", "%") else text


def limits_text(limits: RiskLimits) -> str:
    """Return the limits in force in one sentence; those that are off are not listed."""
    values = {key: getattr(limits, key) for key in LIMITS}
    said = [
        f"{LIMIT_WORDS[key]} {value_text(key, value)}"
        for key, value in values.items()
        if value is not None
    ]
    return ", ".join(said) + "; all others are off" if said else "none: all are off"


@dataclass(frozen=True, slots=True)
class LimitRow:
    """One limit of a connection: what it is, from where, and what is used of it."""

    key: str
    value: Cell
    origin: str
    used: Cell

    @property
    def words(self) -> str:
        """What the limit is called."""
        return LIMIT_WORDS[self.key]


_L = Column[LimitRow]
LIMIT_COLUMNS = (
    _L("limit", "Limit", lambda row, _: Cell(row.words), 20, 1, 26),
    _L("value", "Value", lambda row, _: row.value, 10, 1, 20, is_number=True),
    _L("origin", "Set for", lambda row, _: Cell(row.origin, Tone.MUTED), 10, 3, 20),
    _L("used", "Now", lambda row, _: row.used, 10, 2, 30),
)
"""The limits of a connection, and what is used of them."""


def limit_rows(view: RiskView, usage: RiskUsage) -> list[LimitRow]:
    """Return one row per limit, in the order of the registry."""
    return [_row(key, view, usage) for key in LIMITS]


def _row(key: str, view: RiskView, usage: RiskUsage) -> LimitRow:
    value = getattr(view.limits, key)
    text = Cell(value_text(key, value), Tone.MUTED if value is None else Tone.STRONG)
    origin = (view.connection or "all") if key in view.own else "all"
    return LimitRow(key, text, origin, _used(key, value, usage))


def _used(key: str, limit: Any, usage: RiskUsage) -> Cell:
    """Return what is used of a limit; one that is reached stands out."""
    if key == "cool_down_s":
        cooling = [f"{symbol} {age_text(until - usage.read_ms)}" for symbol, until in usage.cooling]
        return Cell(", ".join(cooling), Tone.WARNING) if cooling else NONE
    figure, text = _figure(key, usage)
    if figure is None:
        return NONE
    is_reached = limit is not None and figure >= limit
    return Cell(text, Tone.LIVE if is_reached else Tone.PLAIN)


def _figure(key: str, usage: RiskUsage) -> tuple[Decimal | float | None, str]:
    """Return what is used of a limit, and the same in words; None where that is not reckoned."""
    loss, held = usage.day_loss, usage.largest if usage.largest_symbol else None
    figures: dict[str, tuple[Decimal | float | None, str]] = {
        "max_open_positions": (usage.open_positions, str(usage.open_positions)),
        "max_position_notional": (held, f"{usage.largest:,.2f} on {usage.largest_symbol}"),
        "max_exposure": (usage.exposure, f"{usage.exposure:,.2f}"),
        "max_total_exposure": (usage.total_exposure, f"{usage.total_exposure:,.2f}"),
        "max_daily_loss": (loss, "" if loss is None else _loss(loss)),
        "max_daily_loss_pct": (usage.day_loss_pct, _percent(usage.day_loss_pct)),
        "max_drawdown_pct": (usage.drawdown_pct, _percent(usage.drawdown_pct)),
    }
    return figures.get(key, (None, ""))


def _percent(lost: float | None) -> str:
    return "" if lost is None else f"{max(lost, 0.0):.2f} %"


def _loss(lost: Decimal) -> str:
    return f"{lost:,.2f}" if lost > 0 else f"none ({-lost:+,.2f})"


def standing_lines(view: RiskView, usage: RiskUsage, width: int) -> list[Line]:
    """Return what money the limits hold, and which halts stop its entries."""
    money = "money at the exchange" if usage.is_live else "paper money"
    equity = "not known yet" if usage.equity is None else f"{usage.equity:,.2f}"
    return [
        (Cell("Entries use ", Tone.MUTED), Cell(money), Cell(", equity ", Tone.MUTED),
         Cell(equity)),
        *halt_lines(view, usage.read_ms, width),
    ]  # fmt: skip


def halt_lines(view: RiskView, now_ms: int, width: int = _QUESTION_WIDTH) -> Sequence[Line]:
    """Return one line per halt with its reason, or that there is none."""
    lines: list[Line] = []
    for state in view.states:
        if state.is_halted:
            money = "real money" if state.is_live else "paper"
            since = time_text(state.halted_ms or now_ms, now_ms)
            pieces = wrap(f"{money} since {since}: {one_line(state.halt_reason)}", width - 9)
            heads = [Cell(" HALTED ", Tone.BADGE_KILLED), *[Cell(" " * 8)] * (len(pieces) - 1)]
            lines += [
                (head, Cell(f" {piece}", Tone.ERROR))
                for head, piece in zip(heads, pieces, strict=True)
            ]
        elif state.is_reset_asked:
            lines.append((Cell("a reset is asked for; the engine has yet to", Tone.WARNING),))
    return lines or [(Cell("no loss limit stops entries", Tone.GOOD),)]
