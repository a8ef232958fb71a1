"""Frozen connections: three with engines and tests, a template, and what an exchange can do."""

from dataclasses import replace

from cts_tui.model.capabilities import Capabilities
from cts_tui.model.connection_test import ConnectionTest, Permissions, StepResult, StepStatus
from cts_tui.model.connection_view import (
    BreakerView,
    ConnectionDetail,
    FeedFigures,
    LimiterView,
    SessionFigures,
    SymbolFeed,
)
from cts_tui.model.trading import EngineStatus, MarketType, Mode
from cts_tui.model.vault import StoredCredentials
from cts_tui.model.views import ConnectionView

from .frozen_time import DAY, HOUR, MINUTE, NOW_MS

STEPS = (
    StepResult("reachability", StepStatus.PASS, "api.exchange.example answers", "", 212.4),
    StepResult("clock", StepStatus.PASS, "12 ms behind the exchange's", "", 41.0),
    StepResult("markets", StepStatus.PASS, "512 swap markets, all 4 symbols trade", "", 890.3),
    StepResult("ticker", StepStatus.PASS, "BTC/USDT:USDT 81990.3, 0.2 s old", "", 60.2),
    StepResult("authentication", StepStatus.SKIP, "not needed on paper"),
    StepResult("permissions", StepStatus.SKIP, "not needed on paper"),
    StepResult("balance", StepStatus.SKIP, "not needed on paper"),
    StepResult("rate limit", StepStatus.PASS, "96 % of the budget is free", "", 0.4),
    StepResult(
        "stream", StepStatus.WARN, "no candles of BTC/USDT:USDT came within 10 s",
        "prices come by REST until it does; test again in a minute", 10_000.8,
    ),
    StepResult("trading rules", StepStatus.PASS, "step 0.001, price step 0.1", "", 0.2),
)  # fmt: skip
TEST = ConnectionTest(
    NOW_MS - 65 * MINUTE, StepStatus.WARN, STEPS, Permissions(), clock_offset_ms=12
)
FAILED = ConnectionTest(
    NOW_MS - 3 * DAY,
    StepStatus.FAIL,
    (
        *STEPS[:4],
        StepResult(
            "authentication", StepStatus.FAIL, "the exchange does not know this key",
            "make a new key at the exchange, then E and enter it", 130.1,
        ),
    ),
    Permissions(),
)  # fmt: skip

PAPER = ConnectionView(
    name="bybit-paper",
    exchange="bybit",
    mode=Mode.PAPER,
    market=MarketType.SWAP,
    symbols=("BTC/USDT:USDT", "ETH/USDT:USDT", "SOL/USDT:USDT", "DOGE/USDT:USDT"),
    timeframe="5m",
    enabled=True,
    live=False,
    status=EngineStatus.RUNNING,
    last_test=TEST,
    last_error=None,
    heartbeat_ms=NOW_MS - 400,
    restarts=0,
    feed_source="stream",
    open_positions=2,
    is_predefined=False,
    symbols_filter="quote=USDT volume>10M top=4",
)
LIVE = replace(
    PAPER,
    name="kraken-main",
    exchange="kraken",
    mode=Mode.LIVE,
    market=MarketType.SPOT,
    symbols=("BTC/USD", "ETH/USD"),
    live=True,
    status=EngineStatus.DEGRADED,
    last_error="market feed: timeout after 10 s on ETH/USD; reconnecting",
    heartbeat_ms=NOW_MS - 2_300,
    restarts=1,
    feed_source="rest",
    open_positions=1,
    last_test=FAILED,
    symbols_filter=None,
    credentials=StoredCredentials(("apiKey", "secret"), NOW_MS - 40 * DAY),
)
OFF = replace(
    PAPER,
    name="binance-new",
    exchange="binance",
    mode=Mode.LIVE,
    market=MarketType.SPOT,
    symbols=("BTC/USDT",),
    enabled=False,
    status=EngineStatus.STOPPED,
    last_test=None,
    heartbeat_ms=None,
    feed_source=None,
    open_positions=0,
    symbols_filter=None,
)
CONNECTIONS = [PAPER, LIVE, OFF]
TEMPLATE = replace(OFF, name="okx", exchange="okx", mode=Mode.PAPER, is_predefined=True)

_SESSION = SessionFigures(
    breaker=BreakerView("closed", NOW_MS - 5 * HOUR),
    limiter=LimiterView(88.4, (), (("market", 12.5), ("account", 3.1)), 0.0, 50.0),
    clock_offset_ms=12,
    calls=4_211,
    errors=3,
    last_error="timed out after 10 s: fetch_tickers",
)
_DOWN = SessionFigures(
    breaker=BreakerView(
        "open", NOW_MS - 3 * MINUTE - 20_000, NOW_MS + 12_000, "the exchange did not answer in 10 s"
    ),
    limiter=LimiterView(3.2, (("market", 18),), (("market", 8_112.0),), 42.0, 100.0),
    clock_offset_ms=-1_820,
    calls=1_203,
    errors=41,
    last_error="the exchange did not answer in 10 s",
)
_FEED = FeedFigures(
    (
        SymbolFeed("BTC/USDT:USDT", "stream", 240, 61_000),
        SymbolFeed("DOGE/USDT:USDT", "quiet", 94_000, 61_000, "nobody trades it"),
        SymbolFeed("ETH/USDT:USDT", "stream", 610, 61_000),
        SymbolFeed("SOL/USDT:USDT", "rest", 4_100, 61_000, "the stream was cut"),
    ),
    states=(("quiet", 1), ("rest", 1), ("stream", 2)),
    reconnects=2,
    stalls=1,
    gaps_filled=1,
    missing=0,
    refused=7,
)
_LOST = FeedFigures(
    (SymbolFeed("BTC/USD", "dead", 200_000, 361_000), SymbolFeed("ETH/USD", "dead", 210_000)),
    states=(("dead", 2),),
    reconnects=14,
    last_error="tickers of 2 symbols: the exchange did not answer in 10 s",
)


def detail_of(view: ConnectionView) -> ConnectionDetail:
    """A connection in full, by its name."""
    if view.name == "bybit-paper":
        return ConnectionDetail(view, NOW_MS, (), _SESSION, _FEED)
    if view.name == "kraken-main":
        return ConnectionDetail(view, NOW_MS, ("httpsProxy", "options"), _DOWN, _LOST)
    return ConnectionDetail(view, NOW_MS)


CAPABLE = Capabilities(
    exchange="bybit",
    market=MarketType.SWAP,
    has_market=True,
    spot=True,
    swap=True,
    sandbox=True,
    streams=("ticker", "candles", "order book", "trades", "orders"),
    order_types=("market", "limit", "stop", "take profit"),
    stop_orders=True,
    take_profit_orders=True,
    attached_stops=True,
    client_order_ids=True,
    amend=True,
    reduce_only=True,
    times_in_force=("GTC", "IOC", "FOK", "PO"),
    hedge_mode=True,
    leverage=True,
    timeframes=("1m", "3m", "5m", "15m", "1h", "4h", "1d"),
    credentials=("apiKey", "secret"),
    tells_permissions=False,
)
