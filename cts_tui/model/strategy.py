"""A strategy as it is written: rules, protection, gate and size."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

ANY_TIMEFRAME: Final = "*"
"""A strategy with this timeframe runs on the timeframe of the candles it is given."""


class SizeKind(StrEnum):
    """How the notional of an entry is chosen."""

    QUOTE = "quote"
    EQUITY_PCT = "equity_pct"
    RISK_PCT = "risk_pct"


@dataclass(frozen=True, slots=True)
class Size:
    """The size of an entry: quote currency, percent of equity, or percent of equity at risk."""

    kind: SizeKind = SizeKind.QUOTE
    amount: Decimal = Decimal(100)


@dataclass(frozen=True, slots=True)
class StrategySpec:
    """One strategy, field by field as in its TOML file. An empty rule never fires."""

    name: str
    entry_long: str = ""
    exit_long: str = ""
    entry_short: str = ""
    exit_short: str = ""
    timeframe: str = ANY_TIMEFRAME
    stop_loss_pct: Decimal = Decimal(2)
    """Distance of the stop from the entry in percent; 0 is off."""
    take_profit_pct: Decimal = Decimal(3)
    """Distance of the target from the entry in percent; 0 is off."""
    trailing_stop_pct: Decimal = Decimal(0)
    """Distance of the trailing stop from the best close in percent; 0 is off."""
    min_profit_factor: float = 1.0
    gate_trades: int = 50
    gate_min_trades: int = 10
    size: Size = Size()
    symbols: tuple[str, ...] = ("*",)
    description: str = ""

    def trades_symbol(self, symbol: str) -> bool:
        """Return whether the strategy is meant for `symbol`."""
        return "*" in self.symbols or symbol in self.symbols
