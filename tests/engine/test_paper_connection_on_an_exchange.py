"""A paper connection on an exchange, whole: by stream, through every fault, with no gap after."""

import asyncio
import logging
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest

import cts_tui.engine.connection as connection_module
import cts_tui.engine.feeding as feeding_module
from cts_tui.engine.connection import ConnectionEngine
from cts_tui.exchange import breaker
from cts_tui.model.connection import ConnectionSetup
from cts_tui.model.strategy import StrategySpec
from cts_tui.settings import Settings
from cts_tui.store.database import Database
from cts_tui.store.journal import Journal
from tests.loopback import LoopbackExchange

from .world import make_connection, stored

Until = Callable[..., Awaitable[None]]
MINUTE_MS = 60_000
SYMBOLS = ("BTC/USDT", "ETH/USDT")
EAGER = StrategySpec("eager", entry_long="close > 0", exit_long="close < 0", timeframe="1m")
HOURLY = StrategySpec("slow", entry_long="close < 0", timeframe="5m")


class Floor:
    """An exchange and an engine on it, time held by hand."""

    def __init__(
        self, exchange: LoopbackExchange, database: Database, journal: Journal, until: Until
    ) -> None:
        self.exchange = exchange
        self.database = database
        self.journal = journal
        self.until = until
        self.engine: ConnectionEngine
        self.price = 50_000

    def setup(self, **values: Any) -> ConnectionSetup:
        """Add a connection to the exchange."""
        overlay = {**self.exchange.overlay("spot"), "rateLimit": 0.01}
        return make_connection(
            self.database,
            **{"exchange": "binance", "symbols": SYMBOLS, "ccxt_config": overlay, **values},
        )

    @asynccontextmanager
    async def running(
        self, setup: ConnectionSetup, *specs: StrategySpec, **settings: Any
    ) -> AsyncIterator[ConnectionEngine]:
        """Run an engine within the block; its end must be in order."""
        bounds = {"feed_poll_s": 0.1, "feed_silent_s": 0.4, "candle_grace_s": 1.0}
        engine = self.engine = ConnectionEngine(
            setup,
            specs or (EAGER, HOURLY),
            settings=Settings(**{**bounds, "candle_history": 300, **settings}),
            database=self.database,
            journal=self.journal,
            store_id="a-store",
            clock=self.exchange.clock,
        )
        task = asyncio.create_task(engine.run())
        try:
            await self.until(lambda: engine._is_ready or task.done(), "ready")
            yield engine
            assert not task.done(), "the engine has ended by itself"
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await self.journal.flush()

    async def is_streaming(self) -> None:
        """Wait until the streams are up and have told the forming candles: time will jump."""
        await self.until(lambda: self.feed is not None and self.feed.source == "stream", "streams")
        assemblies = self.feed._intake.assemblies.values()
        await self.until(lambda: all(one.newest_heard_ms for one in assemblies), "candles")

    @property
    def feed(self) -> Any:
        return self.engine._feeder.feed

    async def minutes(self, count: int) -> None:
        """Trade through some minutes; each ends two seconds after the candle's close."""
        for _ in range(count):
            for step_ms in (10_000, 40_000, 10_000):
                self.price += 3
                self.trade()
                self.exchange.advance(step_ms)
                await asyncio.sleep(0)
            await self.until(self.is_all_sent)

    def is_all_sent(self) -> bool:
        return all(one.is_idle or one.is_stalled for one in self.exchange.sockets.open)

    def trade(self) -> None:
        self.exchange.market.trade("BTCUSDT", self.price)
        self.exchange.market.trade("ETHUSDT", self.price / 10)

    async def is_whole(self, timeframe: str = "1m") -> None:
        """Wait until the stored candles are the exchange's own, to the newest closed one."""
        now_ms = self.exchange.clock.now_ms()

        def differences() -> list[Any]:
            rows = stored(self.database, "candles")
            return [one for s in SYMBOLS for one in self._differences(rows, s, timeframe, now_ms)]

        try:
            await self.until(lambda: not differences())
        except AssertionError:
            figures = self.feed and self.feed.figures()
            raise AssertionError(f"stored otherwise: {differences()[:5]} {figures}") from None

    def _differences(
        self, rows: list[Mapping[str, Any]], symbol: str, timeframe: str, now_ms: int
    ) -> list[Any]:
        series = self.exchange.market.quote(symbol.replace("/", "")).candles
        ours = {
            row["time_ms"]: tuple(
                row[name] for name in ("open", "high", "low", "close", "volume", "source")
            )
            for row in rows
            if (row["symbol"], row["timeframe"]) == (symbol, timeframe)
        }
        if not ours:
            return ["nothing stored"]
        theirs = {
            one.time_ms: tuple(map(float, (one.open, one.high, one.low, one.close, one.volume)))
            for one in list(series.series(timeframe, min(ours), now_ms))[:-1]
        }
        return [
            (time_ms, ours.get(time_ms), theirs.get(time_ms))
            for time_ms in sorted(theirs.keys() | ours.keys())
            if not _is_same(ours.get(time_ms), theirs.get(time_ms))
        ]


def _is_same(ours: tuple[Any, ...] | None, theirs: tuple[float, ...] | None) -> bool:
    """Return whether a stored candle is the exchange's, but for rounding in a sum of volumes."""
    if ours is None or theirs is None or ours[5] == "synthetic":
        return False
    return ours[:4] == theirs[:4] and math.isclose(ours[4], theirs[4])


@pytest.fixture
async def floor(
    database: Database, journal: Journal, until: Until, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Floor]:
    monkeypatch.setattr(connection_module, "_STATE_EVERY_S", 0.02)
    monkeypatch.setattr(feeding_module, "_RETRY_S", (0.1, 0.1))
    monkeypatch.setattr(breaker, "LONGEST_WAIT_S", 0.2)
    async with LoopbackExchange() as exchange:
        exchange.clock.hold(exchange.clock.now_ms() // MINUTE_MS * MINUTE_MS + 2_000)
        yield Floor(exchange, database, journal, until)


@pytest.fixture(autouse=True)
def no_unhandled_error(caplog: pytest.LogCaptureFixture) -> Any:
    """Nothing may be logged as an error, by us or by asyncio."""
    yield
    assert [one.getMessage() for one in caplog.records if one.levelno >= logging.ERROR] == []


async def test_the_whole_pipeline_runs_by_stream(floor: Floor, until: Until) -> None:
    async with floor.running(floor.setup(), candle_grace_s=30.0):
        await floor.is_streaming()
        await floor.minutes(3)
        await until(lambda: stored(floor.database, "signals"), "a signal")

        def is_held() -> bool:
            floor.exchange.advance(100)
            floor.price += 1
            floor.trade()
            return bool(stored(floor.database, "positions"))

        await until(is_held, "a position")
        await floor.is_whole()
        await until(lambda: stored(floor.database, "indications"), "indications")
        (state,) = stored(floor.database, "engine_states")
        assert (state["status"], state["feed_source"]) == ("running", "stream")
        await until(lambda: stored(floor.database, "engine_states")[0]["figures"]["feed"])
        figures = stored(floor.database, "engine_states")[0]["figures"]
        assert figures["session"]["breaker"]["state"] == "closed"
        assert set(figures["feed"]["symbols"]) == set(SYMBOLS)
    (position, *_) = stored(floor.database, "positions")
    assert position["source"] == "stream"


async def cut(floor: Floor) -> None:
    floor.exchange.sockets.cut()
    await floor.minutes(2)


async def stall(floor: Floor) -> None:
    floor.exchange.sockets.stall()

    def is_found() -> bool:
        floor.price += 1
        floor.trade()
        return bool(floor.feed.figures()["stalls"])

    await floor.until(is_found, "the stall")
    await floor.minutes(2)


async def storm(floor: Floor) -> None:
    rule = floor.exchange.faults.add(
        "GET /api/v3/*", "status", status=429, retry_after_s=1, times=None
    )
    floor.exchange.sockets.cut()
    await floor.minutes(2)
    await floor.until(lambda: rule.hits, "the storm")
    floor.exchange.faults.clear()


async def malformed(floor: Floor) -> None:
    floor.exchange.faults.add("STREAM *", "malformed", times=4)
    floor.exchange.faults.add("GET /api/v3/klines", "malformed", times=1)
    floor.exchange.faults.add("GET /api/v3/klines", "html", times=1)
    await floor.minutes(2)


async def outage(floor: Floor) -> None:
    async with floor.exchange.gone():
        await floor.until(lambda: floor.feed.source == "rest", "the break")
        await floor.minutes(3)


@pytest.mark.parametrize("fault", [cut, stall, storm, malformed, outage])
async def test_a_fault_leaves_no_gap_and_no_wrong_candle(
    floor: Floor, until: Until, fault: Callable[[Floor], Awaitable[None]]
) -> None:
    async with floor.running(floor.setup()) as engine:
        await floor.is_streaming()
        await floor.minutes(1)
        await fault(floor)
        await until(lambda: floor.feed.source == "stream", "streams")
        await floor.minutes(1)
        await floor.is_whole()
        assert not any(one.figures.last_error for one in engine.pipeline.processors)
        await until(lambda: stored(floor.database, "engine_states")[0]["status"] == "running")


async def test_a_long_outage_goes_synthetic_and_all_of_it_is_replaced(
    floor: Floor, until: Until
) -> None:
    async with floor.running(floor.setup(), feed_lost_s=1.6) as engine:
        await floor.is_streaming()
        await floor.minutes(6)
        await floor.is_whole()
        market = engine.context.market
        async with floor.exchange.gone():
            await until(lambda: market.quotes["BTC/USDT"].source == "synthetic", "the walk")
            for _ in range(6):
                walked = market.buffer("BTC/USDT", "1m").last
                floor.exchange.advance(MINUTE_MS)
                await until(lambda walked=walked: market.buffer("BTC/USDT", "1m").last != walked)
            await until(
                lambda: "synthetic" in {row["source"] for row in stored(floor.database, "candles")},
                "invented candles are stored, flagged",
            )
            state = stored(floor.database, "engine_states")[0]
            assert (state["status"], state["feed_source"]) == ("degraded", "synthetic")
        await until(lambda: floor.feed is not None and floor.feed.source == "stream", "streams")
        await floor.minutes(1)
        await floor.is_whole()
        await floor.is_whole("5m")
        await until(lambda: _have_indications(floor), "indications of what was replaced")
        rows = stored(floor.database, "indications")
        assert "synthetic" not in {row["source"] for row in rows}


def _have_indications(floor: Floor) -> bool:
    rows = {
        table: {(r["symbol"], r["timeframe"], r["time_ms"]) for r in stored(floor.database, table)}
        for table in ("candles", "indications")
    }
    return rows["candles"] == rows["indications"]


async def test_an_exchange_that_is_away_at_the_start_is_tried_again(
    floor: Floor, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cts_tui.engine.sessions._BACKOFF_S", (0.05,))
    floor.exchange.outage()
    setup = floor.setup()
    async with floor.running(setup):
        await until(lambda: stored(floor.database, "engine_states")[0]["last_error"], "a reason")
        assert stored(floor.database, "engine_states")[0]["status"] == "degraded"
        await floor.exchange.recover()
        await until(lambda: floor.feed is not None, "the feed")
        await floor.is_streaming()
        await floor.minutes(2)
        await floor.is_whole()


async def test_a_restart_fills_what_was_missed_in_between(floor: Floor, until: Until) -> None:
    setup = floor.setup()
    async with floor.running(setup):
        await floor.is_streaming()
        await floor.minutes(1)
        await floor.is_whole()
    await floor.minutes(5)
    async with floor.running(setup):
        await floor.is_streaming()
        await floor.minutes(1)
        await floor.is_whole()
    assert floor.engine.sessions.session is None, "the session is closed"


async def test_symbols_that_cannot_be_traded_are_left_out_and_the_others_go_on(
    floor: Floor, until: Until
) -> None:
    floor.exchange.halt("ETHUSDT")
    setup = floor.setup(symbols=("BTC/USDT", "ETH/USDT", "BTX/USDT"))
    async with floor.running(setup) as engine:
        await floor.until(lambda: floor.feed is not None and floor.feed.source == "stream")
        assert engine.symbols == ("BTC/USDT",)
        await until(lambda: "not_traded" in stored(floor.database, "engine_states")[0]["figures"])
        reasons = stored(floor.database, "engine_states")[0]["figures"]["not_traded"]
        assert "halted or delisted" in reasons["ETH/USDT"]
        assert "did you mean BTC/USDT" in reasons["BTX/USDT"]
    told = [row["message"] for row in stored(floor.database, "events") if row["kind"] == "feed"]
    assert len(told) == 2


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"symbols": ("BTX/USDT",)}, "no spot market BTX/USDT"),
        ({"timeframe": "7m"}, "no 7m candles"),
        ({"symbols": (), "symbols_filter": "quote=USDT volume>900B"}, "no symbol of binance fits"),
    ],
)
async def test_a_connection_that_can_trade_nothing_says_why(
    floor: Floor, until: Until, values: dict[str, Any], reason: str
) -> None:
    async with floor.running(floor.setup(**values)):
        await until(lambda: stored(floor.database, "engine_states")[0]["last_error"], "a reason")
        state = stored(floor.database, "engine_states")[0]
    assert reason in state["last_error"]


async def test_a_filter_chooses_the_symbols_and_chooses_again(floor: Floor, until: Until) -> None:
    def volume(market_id: str, millions: int) -> None:
        floor.exchange.market.quote(market_id).quote_volume = millions * 10**6

    for market_id, millions in {"BTCUSDT": 90, "SOLUSDT": 80, "ETHUSDT": 70}.items():
        volume(market_id, millions)
    for market_id in ("BNBUSDT", "XRPUSDT", "DOGEUSDT"):
        volume(market_id, 1)
    setup = floor.setup(symbols=(), symbols_filter="quote=USDT volume>10M top=2")
    async with floor.running(setup, EAGER) as engine:
        await until(lambda: floor.feed is not None and floor.feed.source == "stream")
        assert engine.symbols == ("BTC/USDT", "SOL/USDT")
        forming = floor.feed._intake.assemblies.values()
        await until(lambda: all(one.newest_heard_ms for one in forming))
        await floor.minutes(1)
        await until(lambda: stored(floor.database, "orders"), "an order")

        def is_held() -> bool:
            floor.exchange.advance(100)
            floor.price += 1
            floor.trade()
            return any(position.symbol == "BTC/USDT" for position in engine.context.book)

        await until(is_held, "held")
        volume("BTCUSDT", 1)
        assert await engine._link.renew(engine._feeder)
        assert engine.symbols == ("SOL/USDT", "ETH/USDT", "BTC/USDT")
        assert "no longer fits" in engine.context.blocked["BTC/USDT"]
        assert len(engine.context.market.buffer("ETH/USDT", "1m")), "warm"
        await floor.minutes(1)
        await until(lambda: "ETH/USDT" in engine.context.market.quotes, "a price of the new one")


@pytest.mark.soak
async def test_an_outage_of_sixty_seconds_is_survived_at_little_cost(
    database: Database, journal: Journal, until: Until
) -> None:
    async with LoopbackExchange() as exchange:
        floor = Floor(exchange, database, journal, until)
        async with floor.running(floor.setup()):
            await floor.is_streaming()
            began = asyncio.get_running_loop().time()
            async with exchange.gone():
                while asyncio.get_running_loop().time() < began + 60:
                    floor.price += 1
                    floor.trade()
                    await asyncio.sleep(0.5)
            await until(lambda: floor.feed is not None and floor.feed.source == "stream")
            await floor.is_whole()
