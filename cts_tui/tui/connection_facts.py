"""Everything about one connection as names and values: its state, its session, what it can do."""

from cts_tui.model.capabilities import STREAMS, Capabilities
from cts_tui.model.connection_test import StepResult
from cts_tui.model.connection_view import (
    ConnectionDetail,
    FeedFigures,
    LimiterView,
    SessionFigures,
    SymbolFeed,
)
from cts_tui.model.trading import MarketType, Mode
from cts_tui.model.vault import StoredCredentials
from cts_tui.tui.cells import Cell, Tone
from cts_tui.tui.connection_rows import (
    down_text,
    enabled_cell,
    feed_cell,
    last_test_cell,
    symbols_text,
    verdict_cell,
)
from cts_tui.tui.formats import NONE, age_cell, age_text, millis_cell, stamp_text
from cts_tui.tui.states import engine_cell, live_cell, mode_cell
from cts_tui.tui.widgets.detail import Fact

_MOST_OFFSET_MS = 1_000
"""A clock that is further off than this is shown as a warning."""
_LITTLE_PCT = 10.0
"""Request budget below which the figure is shown as a warning."""


def connection_facts(connection: ConnectionDetail, now_ms: int) -> list[Fact]:
    """Return what is known of a connection at a glance."""
    view = connection.view
    restarts = Cell(str(view.restarts), Tone.ERROR if view.restarts else Tone.PLAIN)
    heartbeat = age_cell(view.heartbeat_ms, now_ms)
    test = last_test_cell(view.last_test, now_ms)
    return [
        Fact("Name", Cell(view.name, Tone.STRONG)),
        Fact("Exchange", Cell(view.exchange)),
        Fact("Market", Cell(f"{view.market}, {view.timeframe}")),
        Fact("Mode", mode_cell(view)),
        Fact("Enabled", enabled_cell(view)),
        Fact("Live", live_cell(view)),
        Fact("Keys", keys_cell(connection)),
        Fact("Engine", engine_cell(view.status)),
        Fact("Seen", _ago(heartbeat)),
        Fact("Restarts", restarts),
        Fact("Feed", feed_cell(connection)),
        Fact("Positions", Cell(f"{view.open_positions} open")),
        Fact("Test", _ago(test) if view.last_test else test),
        Fact("Breaker", _breaker(connection.session, now_ms), is_long=True),
        Fact("Symbols", Cell(symbols_text(connection)), is_long=True),
        Fact("Last error", error_cell(view.last_error), is_long=True),
    ]


def session_facts(connection: ConnectionDetail, now_ms: int) -> list[Fact]:
    """Return what the session with the exchange, and the feed, have been through."""
    session, feed = connection.session, connection.feed
    offset = session.clock_offset_ms
    is_off = offset is not None and abs(offset) > _MOST_OFFSET_MS
    limiter = session.limiter
    facts = [
        Fact("Clock off", _figure(offset, " ms", Tone.WARNING if is_off else Tone.PLAIN, sign="+")),
        Fact("Calls", _figure(session.calls)),
        Fact("Errors", _figure(session.errors, tone=Tone.ERROR if session.errors else Tone.PLAIN)),
        Fact("Headroom", _headroom(limiter)),
        Fact("Share", _figure(limiter.share_pct, " %")),
        Fact("Waiting", Cell(_counts(limiter) or "none")),
        Fact("Waited p95", _longest(limiter)),
        Fact("Reconnects", _figure(feed.reconnects)),
        Fact("Stalls", _figure(feed.stalls)),
        Fact("Gaps filled", _figure(feed.gaps_filled)),
        Fact("Missing", _figure(feed.missing)),
        Fact("Refused", _figure(feed.refused)),
        Fact("Feeds", Cell(states_text(feed) or "-"), is_long=True),
    ]
    if connection.not_traded:
        left_out = ", ".join(f"{symbol} ({reason})" for symbol, reason in connection.not_traded)
        facts.append(Fact("Not traded", Cell(left_out, Tone.WARNING), is_long=True))
    if connection.filter_error:
        facts.append(Fact("Filter", error_cell(connection.filter_error), is_long=True))
    if connection.overlay:
        overlay = Cell(f"changes {', '.join(connection.overlay)}")
        facts.append(Fact("Overlay", overlay, is_long=True))
    if limiter.throttled_s:
        text = f"the exchange asked for a pause: {limiter.throttled_s:.0f}s more"
        facts.append(Fact("Throttled", Cell(text, Tone.WARNING), is_long=True))
    facts += [
        Fact("Call error", error_cell(session.last_error), is_long=True),
        Fact("Feed error", error_cell(feed.last_error), is_long=True),
    ]
    return facts


def states_text(feed: FeedFigures) -> str:
    """Return how many symbols are in each state: `3 stream, 1 quiet`."""
    return ", ".join(f"{count} {state}" for state, count in feed.states)


def keys_cell(connection: ConnectionDetail) -> Cell:
    """Return whether credentials are stored, and whether they are needed."""
    if keys := connection.view.credentials:
        return Cell(f"stored {stamp_text(keys.updated_ms)[:10]}", Tone.GOOD)
    if connection.view.mode is Mode.PAPER:
        return Cell("not needed", Tone.MUTED)
    return Cell("missing", Tone.WARNING)


def keys_text(keys: StoredCredentials) -> str:
    """Return which credentials are stored since when; never what they are."""
    return f"{', '.join(keys.fields)} stored since {stamp_text(keys.updated_ms)}"


def capability_rows(able: Capabilities) -> list[tuple[str, Cell]]:
    """Return what an exchange can do on a kind of market, with what it means where it cannot."""
    rested = [kind for kind in STREAMS if kind not in able.streams]
    markets = [name for name, has in (("spot", able.spot), ("swap", able.swap)) if has]
    return [
        ("Markets", Cell(", ".join(markets) or "none the desk trades")),
        ("Streams", Cell(", ".join(able.streams) or "none")),
        ("By REST", Cell(", ".join(rested) or "nothing", Tone.MUTED)),
        ("Order types", Cell(", ".join(able.order_types) or "ccxt does not say")),
        ("Stop orders", _able(able.stop_orders, "no: the desk watches stops itself")),
        ("Client ids", _able(able.client_order_ids, "no: an unclear order is hard to find again")),
        ("Testnet", _able(able.sandbox, "no: only paper and live")),
        ("Key rights", _able(able.tells_permissions, "it cannot say what a key may do")),
        (
            "Reduce only",
            _able(able.reduce_only)
            if able.market is MarketType.SWAP
            else Cell("not needed on spot", Tone.MUTED),
        ),
        ("Valid for", Cell(", ".join(able.times_in_force) or "ccxt does not say")),
        ("Candles", Cell(" ".join(able.timeframes) or "none")),
        ("Key needs", Cell(", ".join(able.credentials) or "nothing")),
    ]


def step_facts(step: StepResult) -> list[Fact]:
    """Return one step of a connection test."""
    return [
        Fact("Step", Cell(step.name, Tone.STRONG)),
        Fact("Result", verdict_cell(step.status)),
        Fact("Took ms", millis_cell(step.duration_ms)),
        Fact("Found", Cell(step.message or "-"), is_long=True),
        Fact("Do", Cell(step.todo or "nothing"), is_long=True),
    ]


def symbol_facts(feed: SymbolFeed) -> list[Fact]:
    """Return one symbol of a connection's feed."""
    return [
        Fact("Symbol", Cell(feed.symbol, Tone.STRONG)),
        Fact("State", Cell(feed.state)),
        Fact("Last heard", NONE if feed.age_ms is None else Cell(f"{age_text(feed.age_ms)} ago")),
        Fact("Last candle", NONE if feed.candle_age_ms is None
             else Cell(f"closed {age_text(feed.candle_age_ms)} ago")),
        Fact("Note", Cell(feed.note or "-"), is_long=True),
    ]  # fmt: skip


def error_cell(text: str | None) -> Cell:
    """Return an error, or that there was none."""
    return Cell(text, Tone.ERROR) if text else Cell("none", Tone.MUTED)


def _breaker(session: SessionFigures, now_ms: int) -> Cell:
    down = down_text(session.breaker, now_ms)
    if down:
        why = f": {session.breaker.last_error}" if session.breaker.last_error else ""
        return Cell(down + why, Tone.LIVE)
    if not session.calls:
        return Cell("no call was made yet", Tone.MUTED)
    return Cell("closed: calls go out", Tone.GOOD)


def _ago(age: Cell) -> Cell:
    return age if age.text == "-" else Cell(f"{age.text} ago", age.tone)


def _figure(
    value: float | None, unit: str = "", tone: Tone = Tone.PLAIN, *, sign: str = ""
) -> Cell:
    return NONE if value is None else Cell(f"{value:{sign},.0f}{unit}", tone)


def _headroom(limiter: LimiterView) -> Cell:
    pct = limiter.headroom_pct
    is_little = pct is not None and pct < _LITTLE_PCT
    return _figure(pct, " %", Tone.WARNING if is_little else Tone.PLAIN)


def _counts(limiter: LimiterView) -> str:
    return ", ".join(f"{count} {name}" for name, count in limiter.waiting)


def _longest(limiter: LimiterView) -> Cell:
    if not limiter.waited_p95_ms:
        return NONE
    name, waited_ms = max(limiter.waited_p95_ms, key=lambda each: each[1])
    return Cell(f"{millis_cell(waited_ms).text} ms {name}")


def _able(is_able: bool, otherwise: str = "no") -> Cell:  # noqa: FBT001
    return Cell("yes", Tone.GOOD) if is_able else Cell(otherwise, Tone.WARNING)
