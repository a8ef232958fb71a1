"""The words of trading: connections, signals, orders, fills and positions."""

from enum import StrEnum


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
    STOP = "stop"
    """A stop that the desk saw touched: at its price, or worse."""
    LIMIT = "limit"
    """A target that the desk saw touched: at its price, never worse."""


class OrderStatus(StrEnum):
    """The life of an order."""

    INTENT = "intent"
    SUBMITTING = "submitting"
    OPEN = "open"
    FILLED = "filled"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


class PositionStatus(StrEnum):
    """The life of a position."""

    OPEN = "open"
    CLOSING = "closing"
    CLOSED = "closed"


class ExitReason(StrEnum):
    """Why a position was closed."""

    STOP_LOSS = "stop_loss"
    TAKE_PROFIT = "take_profit"
    TRAILING_STOP = "trailing_stop"
    RULE = "rule"
    END = "end"
    MANUAL = "manual"


class EngineStatus(StrEnum):
    """What an engine says of itself."""

    STOPPED = "stopped"
    STARTING = "starting"
    RUNNING = "running"
    DEGRADED = "degraded"
    FAILED = "failed"


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


class HealthStatus(StrEnum):
    """The overall verdict of the health report."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    UNHEALTHY = "unhealthy"
