"""Read models: what faces show. Frozen, plain, detached from the store."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from cts_tui.model.alerts import AlertCounts
from cts_tui.model.connection_test import ConnectionTest
from cts_tui.model.gate import Flattening
from cts_tui.model.health import Fault
from cts_tui.model.live_view import LiveConnection
from cts_tui.model.trading import (
    Direction,
    EngineStatus,
    HealthStatus,
    MarketType,
    Mode,
    OrderPurpose,
    OrderStatus,
    OrderType,
    PositionStatus,
    Side,
    SignalKind,
    SignalStatus,
    StopKeeper,
    TimeInForce,
)
from cts_tui.model.vault import StoredCredentials

Report = dict[str, Any]
"""A JSON-ready section of a report: plain values, lists and dicts."""


@dataclass(frozen=True, slots=True)
class ConnectionView:
    """One connection: desired state, and what its engine says of itself."""

    name: str
    exchange: str
    mode: Mode
    market: MarketType
    symbols: tuple[str, ...]
    timeframe: str
    enabled: bool
    live: bool
    status: EngineStatus
    last_test: ConnectionTest | None
    last_error: str | None
    heartbeat_ms: int | None
    restarts: int
    feed_source: str | None
    open_positions: int
    is_predefined: bool
    symbols_filter: str | None = None
    credentials: StoredCredentials | None = None
    """Which are stored, never what they are (S10)."""


@dataclass(frozen=True, slots=True)
class PositionView:
    """One position, marked at its last price."""

    id: int
    connection: str
    symbol: str
    strategy: str
    timeframe: str
    side: Direction
    quantity: Decimal
    entry_price: Decimal
    mark_price: Decimal | None
    pnl: Decimal
    """Net of the fees paid so far; realized once closed. Quote currency."""
    pnl_pct: float
    stop_price: Decimal | None
    target_price: Decimal | None
    status: PositionStatus
    opened_at_ms: int
    closed_at_ms: int | None
    exit_price: Decimal | None
    exit_reason: str | None
    fees: Decimal
    source: str
    is_stale: bool
    is_live: bool
    exited: Decimal = Decimal(0)
    """How much of the quantity is sold (short: bought back) already."""
    stop_order_id: str | None = None
    """Client order id of the stop that the exchange has confirmed."""
    unprotected_since_ms: int | None = None
    """Since when a position of real money has had no confirmed stop; None while it has one."""
    is_test_money: bool = False
    """Whether it is live on an exchange's testnet: its money is none."""

    @property
    def held(self) -> Decimal:
        """How much is still open."""
        return self.quantity - self.exited

    @property
    def protection(self) -> StopKeeper | None:
        """Who keeps its stop; None once it is closed."""
        if self.status.is_final:
            return None
        if self.is_live and self.unprotected_since_ms is not None:
            return StopKeeper.NOBODY
        if self.is_live and self.stop_order_id is not None:
            return StopKeeper.VENUE
        return StopKeeper.NONE if self.stop_price is None else StopKeeper.DESK


@dataclass(frozen=True, slots=True)
class SignalView:
    """One signal; `time_ms` is the open time of the candle at whose close it was given."""

    id: int
    time_ms: int
    connection: str
    symbol: str
    timeframe: str
    strategy: str
    side: Direction
    kind: SignalKind
    price: Decimal
    reason: str
    status: SignalStatus
    source: str


@dataclass(frozen=True, slots=True)
class OrderView:
    """One order and what has filled of it."""

    client_order_id: str
    venue_order_id: str | None
    connection: str
    symbol: str
    side: Side
    type: OrderType
    quantity: Decimal | None
    cost: Decimal | None
    """The quote amount of a market entry that is sized by cost; None otherwise."""
    price: Decimal | None
    status: OrderStatus
    filled: Decimal
    average_price: Decimal | None
    fees: Decimal
    reason: str
    """Why it ended badly, else why it was placed."""
    created_at_ms: int
    purpose: OrderPurpose = OrderPurpose.ENTRY
    answer: str = ""
    """Why it ended badly; empty where it did not."""
    is_live: bool = False
    time_in_force: TimeInForce = TimeInForce.GTC
    reduce_only: bool = False
    strategy: str = ""
    position_key: str = ""
    """By which the position that it belongs to is known."""
    updated_at_ms: int = 0


@dataclass(frozen=True, slots=True)
class EventView:
    """One change of trading state: when, who, what, before and after (S13)."""

    id: int
    time_ms: int
    who: str
    kind: str
    subject: str
    before: str | None
    after: str | None
    message: str


@dataclass(frozen=True, slots=True)
class StrategyView:
    """One stored strategy."""

    name: str
    enabled: bool
    is_builtin: bool
    timeframe: str
    description: str
    entry_long: str
    exit_long: str
    entry_short: str
    exit_short: str
    stop_loss_pct: Decimal
    take_profit_pct: Decimal
    trailing_stop_pct: Decimal
    min_profit_factor: float
    gate_trades: int
    gate_min_trades: int
    size_kind: str
    size_amount: Decimal
    symbols: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProcessorView:
    """The cycle figures of one processor of one engine."""

    connection: str
    name: str
    cycles: int
    errors: int
    last_ms: float | None
    median_ms: float | None
    p95_ms: float | None
    last_error: str | None
    last_error_at_ms: int | None
    ended_at_ms: int | None = None
    """When its last cycle came to its end."""
    failed: int = 0
    """How many of its last cycles had an error."""
    failed_of: int = 0
    """Of how many that is: 512 at most."""

    @property
    def error_rate_pct(self) -> float | None:
        """Of its last cycles the share that had an error, in percent; None before the first."""
        return 100 * self.failed / self.failed_of if self.failed_of else None


@dataclass(frozen=True, slots=True)
class FeedView:
    """One symbol of one connection's market feed."""

    connection: str
    symbol: str
    source: str
    price: Decimal | None
    age_ms: int | None
    is_stale: bool
    state: str = "-"
    """`stream`, `rest`, `quiet` (nothing trades), `dead` (nothing is heard), `halted`, `-`."""
    candle_age_ms: int | None = None
    """Since the newest closed candle closed."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class EngineProgramView:
    """One running engine program (a process that trades on this store)."""

    owner: str
    pid: int
    host: str
    started_at_ms: int
    heartbeat_ms: int
    is_alive: bool
    rss_mb: float
    cpu_pct: float
    brakes: Mapping[str, str] = field(default_factory=dict)
    """Why it opens nothing now, by what found it: `{"disk": "…"}`."""


@dataclass(frozen=True, slots=True)
class DeskSummary:
    """The figures of the header and the dashboard, one small read."""

    now_ms: int
    is_engine_running: bool
    programs: tuple[EngineProgramView, ...]
    connections: int
    connections_enabled: int
    connections_live: int
    open_positions: int
    stale_positions: int
    open_pnl: Decimal
    realized_pnl_today: Decimal
    """Of positions closed since 00:00 UTC."""
    realized_pnl_total: Decimal
    trades_today: int
    wins_today: int
    signals_today: int
    is_synthetic: bool
    """Whether any running feed walks on invented prices."""
    live: tuple[LiveConnection, ...] = ()
    """The connections that trade at an exchange, or still hold positions there."""
    flattening: tuple[Flattening, ...] = ()
    """What is left where everything is being closed."""
    alerts: AlertCounts = field(default_factory=AlertCounts)
    """Alerts that stand and are not acknowledged."""

    @property
    def brakes(self) -> tuple[str, ...]:
        """What holds entries back in any running program: `disk`, `clock`, `memory`…"""
        found = (name for one in self.programs if one.is_alive for name in one.brakes)
        return tuple(dict.fromkeys(found))


@dataclass(frozen=True, slots=True)
class HealthReport:
    """The health of everything; sections are JSON-ready."""

    status: HealthStatus
    reasons: tuple[str, ...]
    """The messages of the faults."""
    sections: Report
    """By name: database, connections, engines, processors, feeds, indications, strategies,
    signals, positions, integrity, api, process."""
    faults: tuple[Fault, ...] = ()
    """The gravest first."""
    processors: tuple[ProcessorView, ...] = ()
    """Of every engine; the programs' own ones last."""
    feeds: tuple[FeedView, ...] = ()
    """Every symbol of the enabled connections, with the age of its price."""
