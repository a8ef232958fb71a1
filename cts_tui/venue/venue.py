"""What every venue offers the engine, whether it is an exchange or the paper one."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from cts_tui.model.records import Fill, Order


@dataclass(frozen=True, slots=True)
class Accepted:
    """The venue has taken the order."""

    venue_order_id: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """The venue has refused the order; it does not exist there."""

    reason: str


class Venue(Protocol):
    """Where orders go and fills come from."""

    async def submit(self, order: Order) -> Accepted | Rejected:
        """Send an order whose intent is recorded.

        Raises UnknownOutcome when it may or may not have arrived.
        """
        ...

    async def cancel(self, client_order_id: str) -> bool:
        """Cancel an order; return whether it was still there to be cancelled."""
        ...

    def take_fills(self) -> list[Fill]:
        """Return the fills since the last call, in the order in which they happened."""
        ...

    def observe(self, symbol: str, price: Decimal, time_ms: int) -> None:
        """Hear the next price of a market. Only a venue that matches by itself makes use of it."""
        ...
