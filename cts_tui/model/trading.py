"""The words of trading: connections, signals, orders, fills and positions."""

from enum import StrEnum
from typing import Final


class Mode(StrEnum):
    """What a connection's orders are made of; anything unknown is paper (S1)."""

    PAPER = "paper"
    TESTNET = "testnet"
    LIVE = "live"

    @classmethod
    def _missing_(cls, value: object) -> "Mode":
        return cls.PAPER


class MarketType(StrEnum):
    """The kind of market a connection trades on."""

    SPOT = "spot"
    SWAP = "swap"


class Direction(StrEnum):
    """The direction of a position."""

    LONG = "long"
    SHORT = "short"

    @property
    def sign(self) -> int:
        """+1 for long, −1 for short."""
        return 1 if self is Direction.LONG else -1

    @property
    def opposite(self) -> "Direction":
        """The other direction."""
        return Direction.SHORT if self is Direction.LONG else Direction.LONG


class Side(StrEnum):
    """The side of an order or a fill."""

    BUY = "buy"
    SELL = "sell"

    @classmethod
    def to_open(cls, direction: Direction) -> "Side":
        """Return the side that opens a position in `direction`."""
        return cls.BUY if direction is Direction.LONG else cls.SELL

    @classmethod
    def to_close(cls, direction: Direction) -> "Side":
        """Return the side that closes a position in `direction`."""
        return cls.to_open(direction.opposite)


class SignalKind(StrEnum):
    """What a signal asks for."""

    ENTRY = "entry"
    EXIT = "exit"


class SignalStatus(StrEnum):
    """What became of a signal."""

    NEW = "new"
    EXECUTED = "executed"
    REFUSED = "refused"
    EXPIRED = "expired"


class OrderType(StrEnum):
    """How an order may fill."""

    MARKET = "market"
    """At the next price of the market."""
    LIMIT = "limit"
    """At its price or better: rests until the market comes there."""
    STOP = "stop"
    """At market once the price is touched: rests at the venue as a trigger order.

    On a venue that `matches_touches` (paper) it is sent when the desk saw the touch, and fills at
    its price or worse.
    """
    TAKE_PROFIT = "take_profit"
    """The same on the other side of the entry; on paper it fills at its price, never worse."""


class OrderPurpose(StrEnum):
    """What an order is for."""

    ENTRY = "entry"
    EXIT = "exit"
    STOP = "stop"
    """Rests at the venue and protects a position (S6)."""
    TARGET = "target"


class TimeInForce(StrEnum):
    """How long a limit order may rest."""

    GTC = "gtc"
    """Until it is cancelled."""
    IOC = "ioc"
    """What fills at once fills, the rest is cancelled."""


class OrderStatus(StrEnum):
    """The life of an order."""

    INTENT = "intent"
    SUBMITTING = "submitting"
    OPEN = "open"
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    EXPIRED = "expired"
    UNKNOWN = "unknown"
    """It may or may not have reached the venue; only the venue's evidence ends this (S5)."""

    @property
    def is_final(self) -> bool:
        """Whether the order is over: it rests nowhere and fills no more."""
        return self in _FINAL


_FINAL: Final = frozenset(
    (OrderStatus.FILLED, OrderStatus.CANCELLED, OrderStatus.REJECTED, OrderStatus.EXPIRED)
)


class PositionStatus(StrEnum):
    """The life of a position."""

    OPEN = "open"
    CLOSING = "closing"
    CLOSED = "closed"
    CLOSED_WITH_DUST = "closed_with_dust"
    """Closed but for less than the venue's least quantity, which cannot be sold."""

    @property
    def is_final(self) -> bool:
        """Whether the position is over."""
        return self in (PositionStatus.CLOSED, PositionStatus.CLOSED_WITH_DUST)


class StopKeeper(StrEnum):
    """Who keeps the stop of an open position (S6)."""

    VENUE = "venue"
    """It rests at the exchange, confirmed."""
    DESK = "desk"
    """The desk watches the level itself: on paper, and where the exchange has no stop orders."""
    NOBODY = "unprotected"
    """The exchange has not confirmed a stop."""
    NONE = "none"
    """The position has no stop."""


OPEN_POSITION: Final = (PositionStatus.OPEN, PositionStatus.CLOSING)
"""Of a position that is not over; by this list a query can use its index."""


class ExitReason(StrEnum):
    """Why a position was closed."""

    STOP_LOSS = "stop_loss"
    TAKE_PROFIT = "take_profit"
    TRAILING_STOP = "trailing_stop"
    RULE = "rule"
    END = "end"
    MANUAL = "manual"
    FLATTEN = "flatten"
    UNPROTECTED = "unprotected"
    """It was too long without a stop at the venue."""
    EXTERNAL = "external"
    """Something else than the desk closed it: by hand, or the venue by liquidation."""


class EngineStatus(StrEnum):
    """What an engine says of itself."""

    STOPPED = "stopped"
    STARTING = "starting"
    RUNNING = "running"
    DEGRADED = "degraded"
    FAILED = "failed"


SILENT_MS: Final = 6_000
"""An engine or program that has not been heard of for this long is taken for dead."""


class Actor(StrEnum):
    """Who changed something (S13)."""

    TUI = "tui"
    CLI = "cli"
    API = "api"
    ENGINE = "engine"


class EventKind(StrEnum):
    """What an event row tells of."""

    CONNECTION = "connection"
    STRATEGY = "strategy"
    ENGINE = "engine"
    POSITION = "position"
    ORDER = "order"
    FEED = "feed"
    STORE = "store"
    SETTING = "setting"
    RISK = "risk"
    ALERT = "alert"


class HealthStatus(StrEnum):
    """The overall verdict of the health report."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    UNHEALTHY = "unhealthy"
