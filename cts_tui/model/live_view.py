"""What moves money at an exchange now: what the header of every screen has to tell."""

from dataclasses import dataclass

from cts_tui.model.trading import Mode


@dataclass(frozen=True, slots=True)
class LiveConnection:
    """A connection that trades at an exchange, or still holds positions there."""

    name: str
    mode: Mode
    is_on: bool
    """Whether its entries go to the exchange; exits of what it holds there always do."""
    positions: int
    """Open positions at the exchange."""
    unprotected: int = 0
    """Those of them without a confirmed stop (S6)."""
    unknown_orders: int = 0
    """Orders whose outcome is not known (S5)."""
    is_reconciled: bool = True
    """Whether its books were found to agree with the exchange's a moment ago."""
