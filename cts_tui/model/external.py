"""What is on an account that is not ours: orders and positions of others, and what is wished."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

ExternalKey = tuple[str, str]
"""Kind and venue key: what tells the externals of one account apart."""


class ExternalKind(StrEnum):
    """What an external is."""

    ORDER = "order"
    POSITION = "position"


class ExternalStatus(StrEnum):
    """What became of an external."""

    EXTERNAL = "external"
    """Shown, and left alone (S7)."""
    IGNORED = "ignored"
    """The trader knows of it; it is not shown any more."""
    ADOPTED = "adopted"
    """The desk has taken it over."""
    GONE = "gone"
    """It is not on the account any more."""

    @property
    def is_there(self) -> bool:
        """Whether it is on the account, and not the desk's."""
        return self in (ExternalStatus.EXTERNAL, ExternalStatus.IGNORED)


class ExternalWish(StrEnum):
    """What the trader asks for."""

    ADOPT = "adopt"
    IGNORE = "ignore"


@dataclass(frozen=True, slots=True)
class External:
    """An order or a position on the account that the desk has not made."""

    kind: ExternalKind
    venue_key: str
    """Venue order id; of a position its symbol and side."""
    symbol: str
    side: str
    """`buy` or `sell` of an order, `long` or `short` of a position."""
    quantity: Decimal
    """Base quantity; of a position what the venue holds beyond ours."""
    price: Decimal | None
    """Limit or trigger price; of a position its entry price as far as the venue tells it."""
    status: ExternalStatus
    first_seen_ms: int
    last_seen_ms: int

    @property
    def key(self) -> ExternalKey:
        """What tells it from others of its account."""
        return self.kind, self.venue_key


@dataclass(frozen=True, slots=True)
class ExternalView:
    """An external as faces show it."""

    id: int
    connection: str
    kind: ExternalKind
    venue_key: str
    symbol: str
    side: str
    quantity: Decimal
    price: Decimal | None
    status: ExternalStatus
    wish: ExternalWish | None
    first_seen_ms: int
    last_seen_ms: int
