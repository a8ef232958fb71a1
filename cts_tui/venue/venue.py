"""What every venue offers the engine, whether it is an exchange or the paper one."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Protocol

from cts_tui.model.instrument import Instrument
from cts_tui.model.records import Fill, Order
from cts_tui.model.trading import Direction, OrderStatus, OrderType, Side


@dataclass(frozen=True, slots=True)
class Accepted:
    """The venue has taken the order."""

    venue_order_id: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """The venue has refused the order; it does not exist there."""

    reason: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class OrderReport:
    """What the venue says of one order now. Quantities in base, prices in quote."""

    client_order_id: str
    """Empty where the order was not placed by client order id (by hand, by another program)."""
    venue_order_id: str
    symbol: str
    side: Side
    type: OrderType
    status: OrderStatus
    """Open, partially filled, filled, cancelled, rejected or expired; unknown if it will not say.

    Cancelled with `filled` > 0: cancelled after a part had filled.
    """
    quantity: Decimal | None
    price: Decimal | None
    """Limit price, or the trigger price of a stop; None for market."""
    filled: Decimal
    average_price: Decimal | None
    reduce_only: bool
    updated_ms: int


@dataclass(frozen=True, slots=True)
class Search:
    """The outcome of looking for an order: what was found, and where was looked."""

    report: OrderReport | None
    asked: tuple[str, ...]
    """The places that were asked and answered: `order`, `open orders`, `closed orders`, `trades`.

    None in `report` is evidence only of these places, only now.
    """
    silent: tuple[str, ...] = ()
    """The places that could not answer now: the order may be there."""


@dataclass(frozen=True, slots=True)
class VenuePosition:
    """A position as the venue holds it (swaps)."""

    symbol: str
    side: Direction
    quantity: Decimal
    entry_price: Decimal | None
    leverage: Decimal | None = None
    margin_mode: str | None = None
    liquidation_price: Decimal | None = None
    is_hedged: bool = False
    """Whether the account holds long and short of a symbol apart."""


@dataclass(frozen=True, slots=True)
class Balances:
    """What the account holds, by currency."""

    free: dict[str, Decimal]
    used: dict[str, Decimal]
    total: dict[str, Decimal]


@dataclass(frozen=True, slots=True)
class Traits:
    """What a venue can do, as far as execution must know."""

    has_stop: bool
    """Whether a stop can rest at the venue (S6)."""
    has_target: bool
    """Whether a target can rest at the venue beside the stop."""
    can_amend: bool
    has_client_ids: bool
    has_positions: bool
    """True where the venue keeps positions (swaps); a spot account has balances only."""
    matches_touches: bool = False
    """True where the desk itself tells of touched stops and targets, which fill at once (paper)."""
    has_hedge_mode: bool = False
    has_order_stream: bool = False
    absence_window_s: float = 0.0
    """How long after sending an order may still turn up; absence is no evidence before that."""


@dataclass(frozen=True, slots=True)
class Updates:
    """What came in since the last look, oldest first."""

    orders: Sequence[OrderReport] = ()
    fills: Sequence[Fill] = ()


NOTHING_NEW: Final = Updates()


class Venue(Protocol):
    """Where orders go and fills come from.

    Every call may raise RetryableError (the venue did not get it or could not answer),
    AuthenticationError or VenueError (it refused). An empty answer is an answer: a venue that
    answers garbage raises RetryableError instead.
    """

    @property
    def traits(self) -> Traits:
        """What this venue can do."""
        ...

    @property
    def is_hedged(self) -> bool:
        """Whether the account keeps both sides of a symbol apart (swaps in hedge mode)."""
        ...

    def instrument(self, symbol: str) -> Instrument | None:
        """Return the market of a symbol, None where the venue has none (delisted)."""
        ...

    async def submit(self, order: Order) -> Accepted | Rejected:
        """Send an order whose intent is recorded; quantities and prices are on the steps already.

        Raises UnknownOutcome when it may or may not have arrived; RetryableError and its kinds
        only when it certainly has not.
        """
        ...

    async def cancel(self, order: Order) -> bool:
        """Cancel an order; return whether it was still there to be cancelled.

        False says that the venue knows no such open order: look for what became of it.
        """
        ...

    async def amend(self, order: Order, *, price: Decimal, quantity: Decimal) -> bool:
        """Move a resting order in place; return False where the venue did not (place anew then)."""
        ...

    async def find(self, order: Order) -> Search:
        """Look for an order by client order id: by itself, among open and closed, in the trades."""
        ...

    async def name_of(self, symbol: str, venue_order_id: str) -> str:
        """Return the client order id of an order that is known by the venue's id alone.

        Empty where it was placed without one, and where the venue does not know.
        """
        ...

    async def open_orders(self, symbols: Sequence[str]) -> list[OrderReport]:
        """Return every order that rests on `symbols`, stops and targets included."""
        ...

    async def fills(self, symbol: str, since_ms: int) -> list[Fill]:
        """Return the account's fills on a symbol since a time, oldest first, complete (paged).

        A fill of an order that is not ours has an empty client order id.
        """
        ...

    async def positions(self, symbols: Sequence[str]) -> list[VenuePosition]:
        """Return the positions that are not zero; empty on spot."""
        ...

    async def balances(self) -> Balances:
        """Return what the account holds."""
        ...

    async def prepare(self, symbol: str, *, leverage: int | None, margin_mode: str | None) -> None:
        """Set and verify leverage and margin mode of a swap. Raises VenueError if it cannot be."""
        ...

    def follow(self, orders: Sequence[Order]) -> None:
        """Keep an eye on orders that others have sent to the venue: an earlier run, or by hand."""
        ...

    def take_updates(self) -> Updates:
        """Return what the venue has told of by itself since the last call (stream, or matching)."""
        ...

    def observe(
        self,
        symbol: str,
        price: Decimal,
        time_ms: int,
        *,
        bid: Decimal | None = None,
        ask: Decimal | None = None,
    ) -> None:
        """Hear the next price of a market. Only a venue that matches by itself makes use of it."""
        ...
