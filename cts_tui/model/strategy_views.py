"""What faces show of strategies beside their fields: faults, gates, figures of the day."""

from dataclasses import dataclass
from typing import Final

from cts_tui.model.views import StrategyView

GATE_STATES: Final = ("open", "unproven", "gated")
"""What a gate may say, from the best to the worst."""


@dataclass(frozen=True, slots=True)
class StrategyFault:
    """One thing that is wrong with the text of a strategy, and where."""

    field: str
    """The key it is about; empty where it is about the whole text."""
    message: str
    """What is wrong, with the field and, in a rule, the column of the rule before it."""
    rule_column: int | None = None
    """The column within the rule, counted from 1."""
    line: int | None = None
    """The line of the text, counted from 1; None where the fault is that something is missing."""
    column: int | None = None
    """The column of that line, counted from 1."""

    def __str__(self) -> str:
        return self.message

    @property
    def placeless(self) -> str:
        """The message without the column of the rule, for a face that shows line and column."""
        return self.message.replace(f"{self.field}, column {self.rule_column}: ", f"{self.field}: ")


@dataclass(frozen=True, slots=True)
class GateView:
    """What the profit-factor gate says of one strategy on one symbol."""

    connection: str
    symbol: str
    timeframe: str
    state: str
    """open, gated or unproven."""
    trades: int
    profit_factor: float | None
    """None without losers."""
    reason: str
    held_back: int
    is_live: bool
    """Whether its connection trades real money; unproven rules enter nothing there."""


@dataclass(frozen=True, slots=True)
class StrategyOverview:
    """One stored strategy with what it does today."""

    view: StrategyView
    toml: str
    """The strategy as its file."""
    signals_today: int
    """Since 00:00 UTC."""
    open_positions: int
    gates: tuple[GateView, ...]
    """One per symbol of the enabled connections whose engine runs it."""

    @property
    def name(self) -> str:
        """Its name."""
        return self.view.name
