"""Read models of one connection in full: what the screens and `connections show` tell of it."""

from dataclasses import dataclass

from cts_tui.model.connection import SIMULATED_EXCHANGE
from cts_tui.model.trading import EngineStatus
from cts_tui.model.views import ConnectionView


@dataclass(frozen=True, slots=True)
class BreakerView:
    """Whether calls go out to the exchange: `closed` they do, `open` they wait, `half-open` one."""

    state: str = "closed"
    since_ms: int | None = None
    next_try_ms: int | None = None
    last_error: str = ""

    @property
    def is_closed(self) -> bool:
        """Whether calls go out."""
        return self.state == "closed"


@dataclass(frozen=True, slots=True)
class LimiterView:
    """How much of the exchange's request budget is left, and what waits for it."""

    headroom_pct: float | None = None
    waiting: tuple[tuple[str, int], ...] = ()
    """Calls that wait, by priority."""
    waited_p95_ms: tuple[tuple[str, float], ...] = ()
    """How long 95 % of the last calls waited at most, by priority; who did not wait is left out."""
    throttled_s: float = 0.0
    """Rest of a ban by the exchange: nothing goes out before."""
    share_pct: float | None = None
    """This process's part of the budget."""


@dataclass(frozen=True, slots=True)
class SymbolFeed:
    """One symbol of a connection's feed, as its engine sees it."""

    symbol: str
    state: str
    """`stream`, `rest`, `quiet` (nothing trades), `dead` (nothing is heard), `halted`, `-`."""
    age_ms: int | None = None
    candle_age_ms: int | None = None
    """Since the newest closed candle closed."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class FeedFigures:
    """What a connection's feed has been through since its engine started."""

    symbols: tuple[SymbolFeed, ...] = ()
    """In order of name; of many, those that are worst."""
    states: tuple[tuple[str, int], ...] = ()
    """How many symbols are in each state, over all of them."""
    reconnects: int | None = None
    stalls: int | None = None
    """How often a stream fell silent and was replaced."""
    gaps_filled: int | None = None
    missing: int | None = None
    """Candles that the exchange could not give either."""
    refused: int | None = None
    """Fields that were no price, and never reached the pipeline."""
    last_error: str = ""


@dataclass(frozen=True, slots=True)
class SessionFigures:
    """What a connection's session with the exchange has been through."""

    breaker: BreakerView = BreakerView()
    limiter: LimiterView = LimiterView()
    clock_offset_ms: int | None = None
    """Exchange minus ours."""
    calls: int | None = None
    errors: int | None = None
    last_error: str = ""


@dataclass(frozen=True, slots=True)
class ConnectionDetail:
    """Everything there is to know of one connection now."""

    view: ConnectionView
    read_ms: int
    """When it was read, by the desk's clock."""
    overlay: tuple[str, ...] = ()
    """The first keys of its ccxt overlay; the values may hold a proxy's password."""
    session: SessionFigures = SessionFigures()
    feed: FeedFigures = FeedFigures()
    universe: tuple[str, ...] = ()
    """The symbols its engine trades now; those of a filter change."""
    not_traded: tuple[tuple[str, str], ...] = ()
    """Symbols that the trader listed and the exchange does not trade, with the reason."""
    filter_error: str = ""
    """Why the symbols could not be chosen anew."""


@dataclass(frozen=True, slots=True)
class ExchangeChoice:
    """An exchange that a connection can be made to."""

    id: str
    is_usual: bool
    """Whether the desk comes with a template of it."""
    connections: tuple[str, ...] = ()
    """Names of the connections there are to it."""


@dataclass(frozen=True, slots=True)
class DraftFault:
    """What is wrong with one field of a draft; `field` is empty where it is not one alone."""

    field: str
    message: str


def is_template(view: ConnectionView) -> bool:
    """Return whether a connection came with the desk and nobody has completed or used it yet."""
    return (
        view.is_predefined
        and not view.enabled
        and view.exchange != SIMULATED_EXCHANGE
        and view.status is EngineStatus.STOPPED
        and view.heartbeat_ms is None
        and view.credentials is None
        and not view.open_positions
    )
