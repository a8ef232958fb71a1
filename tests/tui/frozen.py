"""Frozen rows for the screens: one desk on one afternoon, always the same."""

import math
import random
from dataclasses import replace
from decimal import Decimal
from functools import cache
from itertools import pairwise

from cts_tui.model.chart import (
    ChartView,
    Curve,
    LastPrice,
    Level,
    Mark,
    Series,
    Study,
    StudyKind,
    chart_timeframes,
)
from cts_tui.model.health import Fault, Gravity, HealthSample
from cts_tui.model.live_view import LiveConnection
from cts_tui.model.market import Candle, timeframe_ms
from cts_tui.model.trading import (
    Direction,
    HealthStatus,
    Mode,
    PositionStatus,
    SignalKind,
    SignalStatus,
)
from cts_tui.model.views import (
    DeskSummary,
    EngineProgramView,
    EventView,
    FeedView,
    HealthReport,
    PositionView,
    ProcessorView,
    SignalView,
)

from .frozen_time import HOUR, MINUTE, NOW_MS

BTC = PositionView(
    id=101,
    connection="bybit-paper",
    symbol="BTC/USDT:USDT",
    strategy="sma-cross",
    timeframe="5m",
    side=Direction.LONG,
    quantity=Decimal("0.0153"),
    entry_price=Decimal("81204.9"),
    mark_price=Decimal("81990.3"),
    pnl=Decimal("10.77"),
    pnl_pct=0.867,
    stop_price=Decimal("79580.8"),
    target_price=Decimal("83641.0"),
    status=PositionStatus.OPEN,
    opened_at_ms=NOW_MS - 42 * MINUTE,
    closed_at_ms=None,
    exit_price=None,
    exit_reason=None,
    fees=Decimal("1.2424"),
    source="stream",
    is_stale=False,
    is_live=False,
)
DOGE = replace(
    BTC,
    id=102,
    symbol="DOGE/USDT:USDT",
    strategy="rsi-dip",
    side=Direction.SHORT,
    quantity=Decimal("12500"),
    entry_price=Decimal("0.16842"),
    mark_price=Decimal("0.17011"),
    pnl=Decimal("-23.23"),
    pnl_pct=-1.103,
    stop_price=Decimal("0.17179"),
    target_price=Decimal("0.16337"),
    opened_at_ms=NOW_MS - 3 * HOUR,
    source="synthetic",
)
ETH = replace(
    BTC,
    id=103,
    connection="kraken-main",
    symbol="ETH/USD",
    strategy="macd-trend",
    quantity=Decimal("1.25"),
    entry_price=Decimal("1801.25"),
    mark_price=Decimal("1793.4"),
    pnl=Decimal("-12.06"),
    pnl_pct=-0.535,
    stop_price=Decimal("1765.23"),
    target_price=None,
    opened_at_ms=NOW_MS - 26 * HOUR,
    source="rest",
    is_stale=True,
    is_live=True,
    stop_order_id="cts-7f3a-s1",
)
OPEN_POSITIONS = [BTC, DOGE, ETH]

_EXITS = ("take_profit", "stop_loss", "rule", "trailing_stop", "manual")
CLOSED_POSITIONS = [
    replace(
        BTC,
        id=90 - index,
        symbol=("SOL/USDT:USDT", "BTC/USDT:USDT", "ETH/USDT:USDT")[index % 3],
        side=(Direction.LONG, Direction.SHORT)[index % 2],
        quantity=Decimal("2.5") + index,
        entry_price=Decimal("118.42") + index,
        mark_price=None,
        exit_price=Decimal("119.9") + index,
        pnl=Decimal("3.7") * (1 if index % 3 else -1) + index,
        pnl_pct=1.25 * (1 if index % 3 else -1),
        status=PositionStatus.CLOSED,
        closed_at_ms=NOW_MS - index * 5 * HOUR - 7 * MINUTE,
        opened_at_ms=NOW_MS - index * 5 * HOUR - 3 * HOUR,
        exit_reason=_EXITS[index % 5],
    )
    for index in range(8)
]

_REASONS = (
    "crosses_above(sma(10), sma(30)) and rsi(14) < 70",
    "refused: the kill switch is engaged",
    "rsi(14) < 30",
    "crosses_below(macd(12,26,9).macd, macd(12,26,9).signal)",
)
_STATUSES = (SignalStatus.EXECUTED, SignalStatus.REFUSED, SignalStatus.NEW, SignalStatus.EXPIRED)
SIGNALS = [
    SignalView(
        id=500 - index,
        time_ms=NOW_MS - index * 17 * MINUTE - 5 * MINUTE,
        connection=("bybit-paper", "kraken-main")[index % 2],
        symbol=("BTC/USDT:USDT", "ETH/USD", "DOGE/USDT:USDT")[index % 3],
        timeframe="5m",
        strategy=("sma-cross", "macd-trend", "rsi-dip")[index % 3],
        side=(Direction.LONG, Direction.SHORT)[index % 2],
        kind=(SignalKind.ENTRY, SignalKind.EXIT)[index // 2 % 2],
        price=(Decimal("81204.9"), Decimal("1801.25"), Decimal("0.16842"))[index % 3],
        reason=_REASONS[index % 4],
        status=_STATUSES[index % 4],
        source=("stream", "rest")[index % 2],
    )
    for index in range(14)
]

_HAPPENED = (
    ("position", "BTC/USDT:USDT", "opened long 0.0153 at 81,204.9"),
    ("connection", "kraken-main", "live trading was armed"),
    ("engine", "kraken-main", "the engine is degraded: the feed is late"),
    ("order", "ETH/USD", "stop placed at 1,765.23"),
    ("feed", "DOGE/USDT:USDT", "no price for 90 s: the feed goes synthetic"),
)
EVENTS = [
    EventView(
        id=900 - index,
        time_ms=NOW_MS - index * 11 * MINUTE - 30_000,
        who=("engine", "tui", "cli")[index % 3],
        kind=_HAPPENED[index % 5][0],
        subject=_HAPPENED[index % 5][1],
        before=None,
        after='{"status": "open"}',
        message=_HAPPENED[index % 5][2],
    )
    for index in range(12)
]

PROCESSORS = [
    ProcessorView("bybit-paper", "market", 41_233, 0, 0.4, 0.5, 1.9, None, None),
    ProcessorView("bybit-paper", "indication", 8_246, 0, 3.2, 3.1, 4.8, None, None),
    ProcessorView("bybit-paper", "strategy", 8_246, 0, 0.9, 0.8, 1.7, None, None),
    ProcessorView("bybit-paper", "realtime", 41_230, 0, 1.4, 1.3, 2.2, None, None),
    ProcessorView("bybit-paper", "execution", 23, 0, 6.1, 5.9, 8.8, None, None),
    ProcessorView(
        "kraken-main", "market", 1_203, 7, 10_004.1, 212.4, 9_800.0,
        "timeout after 10 s on ETH/USD", NOW_MS - 2 * MINUTE,
    ),
    ProcessorView("kraken-main", "indication", 240, 0, 2.2, 2.0, 2.9, None, None),
    ProcessorView("kraken-main", "reconcile", 40, 0, 310.5, 288.0, 402.3, None, None),
]  # fmt: skip

FEEDS = [
    FeedView("bybit-paper", "BTC/USDT:USDT", "stream", Decimal("81990.3"), 240, False),
    FeedView("bybit-paper", "ETH/USDT:USDT", "stream", Decimal("1794.11"), 610, False),
    FeedView("bybit-paper", "DOGE/USDT:USDT", "synthetic", Decimal("0.17011"), 1_000, False),
    FeedView("kraken-main", "BTC/USD", "rest", Decimal("81985.0"), 4_100, False),
    FeedView("kraken-main", "ETH/USD", "rest", Decimal("1793.4"), 131_000, True),
]

FAULTS = (
    Fault("position-unprotected", "kraken-main/ETH/USD", Gravity.CRITICAL,
          "the position on ETH/USD of kraken-main has had no confirmed stop for 9 s; place one at "
          "the exchange, or close it"),
    Fault("feed-stale", "kraken-main/ETH/USD", Gravity.WARNING,
          "kraken-main: ETH/USD has had no price for 131 s"),
    Fault("processor-error-rate", "kraken-main/market", Gravity.WARNING,
          "kraken-main: the market processor failed 7 times, last: timeout after 10 s"),
    Fault("disk-low", "disk", Gravity.WARNING, "the disk has 412 MB left; free some space"),
)  # fmt: skip
SAMPLES = tuple(
    HealthSample(
        NOW_MS - (120 - i) * MINUTE,
        HealthStatus.HEALTHY,
        {
            "faults": 4 if i == 119 else int(i % 40 == 7),
            "rss_mb": 120.0 + i / 6,
            "cpu_pct": round(6 + 4 * math.sin(i / 9), 1),
            "lag_ms": 2.0 + (i * 7) % 11,
            "writer_ms": 1.4,
            "open_pnl": str(round(40 * math.sin(i / 20), 2)),
        },
    )
    for i in range(120)
)

HEALTH = HealthReport(
    status=HealthStatus.UNHEALTHY,
    reasons=tuple(fault.message for fault in FAULTS),
    faults=FAULTS,
    sections={
        "database": {"status": "ok", "size_mb": 41.25, "wal_mb": 1.5, "schema": "0004"},
        "connections": {"status": "ok", "total": 3, "enabled": 2, "live": 1},
        "engines": {"status": "degraded", "running": 1, "degraded": 1, "failed": 0},
        "processors": {"status": "degraded", "cycles": 100_461, "errors": 7},
        "feeds": {"status": "degraded", "fresh": 3, "stale": 1, "synthetic": 1},
        "indications": {"status": "ok", "rows": 201_331, "last_age_s": 12.0},
        "strategies": {"status": "ok", "enabled": ["sma-cross", "rsi-dip", "macd-trend"]},
        "signals": {"status": "ok", "today": 14, "refused": 3},
        "positions": {"status": "degraded", "open": 3, "stale": 1, "unprotected": 0},
        "integrity": {"status": "ok", "checked": True, "faults": []},
        "api": {"status": "ok", "requests": 5_120, "rate_limited": 0},
        "process": {"status": "ok", "rss_mb": 143.2, "cpu_pct": 3.4, "threads": 9},
    },
    processors=tuple(PROCESSORS),
    feeds=tuple(FEEDS),
)

SUMMARY = DeskSummary(
    now_ms=NOW_MS,
    is_engine_running=True,
    programs=(
        EngineProgramView("vps-1:4711", 4711, "vps-1", NOW_MS - 5 * HOUR, NOW_MS, True, 143.2, 3.4),
    ),
    connections=3,
    connections_enabled=2,
    connections_live=1,
    open_positions=3,
    stale_positions=1,
    open_pnl=Decimal("-24.52"),
    realized_pnl_today=Decimal("41.3"),
    realized_pnl_total=Decimal("1204.77"),
    trades_today=5,
    wins_today=3,
    signals_today=14,
    is_synthetic=True,
    live=(LiveConnection("kraken-main", Mode.LIVE, is_on=True, positions=1),),
)

_STARTS = {"BTC/USDT:USDT": 81_000.0, "ETH/USD": 1_800.0, "DOGE/USDT:USDT": 0.168}
SERIES = [
    Series("bybit-paper", "BTC/USDT:USDT", "5m", True, NOW_MS - 5 * MINUTE),
    Series("bybit-paper", "DOGE/USDT:USDT", "5m", True, NOW_MS - 5 * MINUTE),
    Series("kraken-main", "ETH/USD", "5m", True, NOW_MS - 5 * MINUTE),
]


def candles(symbol: str, timeframe: str, count: int) -> tuple[Candle, ...]:
    """A walk that is always the same; the last candle forms."""
    walk = random.Random(symbol + timeframe)
    step_ms = timeframe_ms(timeframe)
    first_ms = NOW_MS - NOW_MS % step_ms - (count - 1) * step_ms
    price, made = _STARTS[symbol], []
    for index in range(count):
        drift = 0.0006 * math.sin(index / 17)
        close = price * (1 + drift + walk.gauss(0, 0.0012))
        high = max(price, close) * (1 + abs(walk.gauss(0, 0.0005)))
        low = min(price, close) * (1 - abs(walk.gauss(0, 0.0005)))
        volume = 40 * (1 + walk.random()) * (1 + 300 * abs(close / price - 1))
        made.append(Candle(first_ms + index * step_ms, price, high, low, close, volume))
        price = close
    return tuple(made)


def _ema(values: list[float], period: int) -> list[float]:
    made = [values[0]]
    for value in values[1:]:
        made.append(made[-1] + (value - made[-1]) * 2 / (period + 1))
    return made


def studies(closes: list[float]) -> tuple[Study, ...]:
    """SMA, RSI and MACD, plainly."""
    count = len(closes)
    sma = [math.nan if i < 19 else sum(closes[i - 19 : i + 1]) / 20 for i in range(count)]
    moves = [0.0, *(b - a for a, b in pairwise(closes))]
    gains, losses = _ema([max(m, 0) for m in moves], 27), _ema([max(-m, 0) for m in moves], 27)
    rsi = [
        math.nan if i < 14 else 100 * g / (g + x or 1)
        for i, (g, x) in enumerate(zip(gains, losses, strict=True))
    ]
    macd = [a - b for a, b in zip(_ema(closes, 12), _ema(closes, 26), strict=True)]
    signal = _ema(macd, 9)
    hist = [a - b for a, b in zip(macd, signal, strict=True)]
    return (
        Study("sma(20)", StudyKind.OVERLAY, (Curve("sma(20)", tuple(sma)),)),
        Study("rsi(14)", StudyKind.BOUNDED, (Curve("rsi(14)", tuple(rsi)),)),
        Study(
            "macd(12,26,9)",
            StudyKind.OSCILLATOR,
            (
                Curve("macd", tuple(macd)),
                Curve("signal", tuple(signal)),
                Curve("hist", tuple(hist), is_histogram=True),
            ),
        ),
    )


def marks(made: tuple[Candle, ...]) -> tuple[Mark, ...]:
    """Two closed trades and an entry, on candles 60, 45, 30, 22 and 9 from the end."""
    places = ((60, "long", 1, None), (45, "long", 0, 12.5), (30, "short", 1, None),
              (22, "short", 0, -7.25), (9, "long", 1, None))  # fmt: skip
    return tuple(
        Mark(made[-ago].time_ms, made[-ago].close, Direction(side), bool(entry), pnl)
        for ago, side, entry, pnl in places
        if ago <= len(made)
    )


@cache
def chart(connection: str, symbol: str, timeframe: str, count: int = 300) -> ChartView:
    made = candles(symbol, timeframe, count)
    last = made[-1].close
    return ChartView(
        symbol=symbol,
        timeframe=timeframe,
        candles=made,
        connection=connection,
        timeframes=chart_timeframes(["5m"]),
        has_forming=True,
        studies=studies([candle.close for candle in made[:-1]]),
        marks=marks(made),
        levels=(
            Level("entry", made[-9].close),
            Level("stop", made[-9].close * 0.994),
            Level("target", made[-9].close * 1.006),
        ),
        last=LastPrice(last, NOW_MS - 2_000, "stream", connection == "kraken-main"),
        invented=frozenset(c.time_ms for c in made[-120:-110]),
    )
