"""One connection's engine as it runs: restored, fed, cut off from its feed, stopped in order."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Any

import orjson
import pytest

import cts_tui.engine.backfill as backfill_module
import cts_tui.engine.connection as connection_module
import cts_tui.engine.feeding as feeding_module
from cts_tui.clock import ManualClock, SystemClock
from cts_tui.engine.connection import ConnectionEngine
from cts_tui.engine.feeds import connect_feed, resume_points
from cts_tui.engine.order_ids import exit_id
from cts_tui.errors import ConfigError, RetryableError
from cts_tui.model.columns import CandleColumns
from cts_tui.model.market import Candle, CandleClosed, Source, Tick
from cts_tui.model.records import Order, PositionRecord
from cts_tui.model.strategy import StrategySpec
from cts_tui.model.trading import (
    Direction,
    OrderPurpose,
    OrderStatus,
    OrderType,
    PositionStatus,
    Side,
)
from cts_tui.rules.evaluate import History
from cts_tui.rules.parser import parse_expression
from cts_tui.settings import Settings
from cts_tui.store.batch import Batch
from cts_tui.store.database import Database
from cts_tui.store.journal import Journal
from tests.loopback.overlay import overlay

from .world import (
    ENTER_LONG,
    MINUTE_MS,
    SYMBOL,
    T0,
    ScriptedFeed,
    make_connection,
    spoken,
    stored,
)

Until = Callable[..., Awaitable[None]]
NOW_MS = T0 + 100 * MINUTE_MS
NOBODY = overlay("http://127.0.0.1:1", "ws://127.0.0.1:1", "spot")
"""Addresses where nobody listens."""


def minute(number: int, price: float = 100.0, say: float = 0.0) -> Candle:
    """Return the candle that opens `number` minutes before the engine's clock."""
    return Candle(NOW_MS - number * MINUTE_MS, price, price, price, price, say)


def closed(candle: Candle, source: Source = Source.STREAM) -> CandleClosed:
    return CandleClosed(SYMBOL, "1m", candle, source)


def tick(price: str, source: Source = Source.STREAM) -> Tick:
    return Tick(SYMBOL, NOW_MS, Decimal(price), source)


NEUTRAL = {
    "paper_slippage_pct": 0,
    "paper_fee_pct": 0,
    "paper_latency_ms": 0,
    "paper_volume_pct": 0,
}


class Rig:
    """Starts engines on scripted feeds, and reads what they leave."""

    def __init__(self, database: Database, journal: Journal, until: Until) -> None:
        self.database = database
        self.journal = journal
        self.until = until
        self.feeds: list[Any] = []
        self.resumed: list[Any] = []
        self.clock = ManualClock(NOW_MS)

    async def connect(self, context: Any, *_: Any) -> Any:
        self.resumed.append(resume_points(context))
        if not self.feeds:
            raise ConfigError("nothing to connect to")
        feed = self.feeds.pop(0)
        if isinstance(feed, Exception):
            raise feed
        return feed

    @asynccontextmanager
    async def running(
        self, setup: Any, *feeds: Any, specs: tuple[StrategySpec, ...] = (), **settings: Any
    ) -> AsyncIterator[ConnectionEngine]:
        """Run an engine until the end of the block; its end must be in order."""
        self.feeds = list(feeds)
        engine = ConnectionEngine(
            setup,
            specs or (spoken(),),
            settings=Settings(**{**NEUTRAL, **settings}),
            database=self.database,
            journal=self.journal,
            store_id="a-store",
            clock=self.clock,
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

    async def row(self, table: str, is_so: Callable[[Mapping[str, Any]], object]) -> Any:
        """Wait until a table has a row that is as asked for; return the newest such row."""
        found: list[Mapping[str, Any]] = []

        def look() -> bool:
            found[:] = [row for row in stored(self.database, table) if is_so(row)]
            return bool(found)

        await self.until(look, f"a row of {table}")
        return found[-1]


@pytest.fixture
def rig(database: Database, journal: Journal, until: Until, monkeypatch: pytest.MonkeyPatch) -> Rig:
    rig = Rig(database, journal, until)
    monkeypatch.setattr(connection_module, "connect_feed", rig.connect)
    monkeypatch.setattr(connection_module, "_STATE_EVERY_S", 0.01)
    monkeypatch.setattr(feeding_module, "_RETRY_S", (0.02, 0.02))
    return rig


HELD = PositionRecord(
    key="cts-held",
    strategy="spoken",
    symbol=SYMBOL,
    timeframe="1m",
    side=Direction.LONG,
    status=PositionStatus.CLOSING,
    quantity=Decimal(2),
    entry_price=Decimal(100),
    entry_time_ms=T0,
    stop_price=Decimal("98.5"),
    target_price=None,
    is_trailing=True,
    best_close=Decimal("101.5"),
    trailing_stop_pct=Decimal(3),
    source="stream",
    is_live=False,
    fees=Decimal("0.5"),
    entered=Decimal(2),
    entry_cost=Decimal(2) * Decimal(100),
    exited=Decimal(0),
    exit_value=Decimal(0),
    paid_fees=Decimal("0.5"),
)


def order(order_id: str, **changes: Any) -> Order:
    values: dict[str, Any] = {
        "client_order_id": order_id,
        "position_key": "cts-held",
        "strategy": "spoken",
        "symbol": SYMBOL,
        "side": Side.SELL,
        "type": OrderType.MARKET,
        "reduce_only": True,
        "quantity": Decimal(2),
        "cost": None,
        "price": None,
        "status": OrderStatus.OPEN,
        "created_ms": T0,
        "updated_ms": T0,
        "reason": "manual",
    }
    return Order(**(values | changes))


def leave_behind(database: Database, connection_id: int) -> None:
    """Leave what an engine leaves that was killed while it closed a position."""
    batch = Batch()
    batch.position(connection_id, HELD, T0)
    batch.intent(connection_id, order("cts-held", reduce_only=False, status=OrderStatus.FILLED))
    batch.intent(connection_id, order(exit_id("cts-held", 1), purpose=OrderPurpose.EXIT))
    batch.intent(
        connection_id,
        order("cts-new", reduce_only=False, position_key="cts-new", status=OrderStatus.INTENT),
    )
    for number in range(5, 1, -1):
        batch.candle(connection_id, SYMBOL, "1m", minute(number), "stream")
    with database.write() as transaction:
        batch.write(transaction)


async def test_an_engine_takes_up_what_was_open_and_can_close_it(
    rig: Rig, database: Database
) -> None:
    setup = make_connection(database)
    leave_behind(database, setup.id)
    feed = ScriptedFeed()
    async with rig.running(setup, feed) as engine:
        (held,) = engine.context.book
        assert (held.protection.stop, held.protection.best_close) == (
            Decimal("98.5"),
            Decimal("101.5"),
        )
        assert (held.holding.held, held.holding.fees, held.status) == (
            Decimal(2),
            Decimal("0.5"),
            "open",
        )
        await rig.row("positions", lambda row: row["status"] == "open")
        feed.say(tick("98"))
        position = await rig.row("positions", lambda row: row["status"] == "closed")
    assert (position["exit_reason"], position["exit_price"], position["pnl"]) == (
        "trailing_stop",
        Decimal(98),
        Decimal("-4.5"),
    )
    exits = [row for row in stored(database, "orders") if row["reduce_only"]]
    assert [(row["client_order_id"], row["status"]) for row in exits] == [
        (exit_id("cts-held", 1), "expired"),
        (exit_id("cts-held", 2), "filled"),
    ]


async def test_s13_orders_that_rested_in_the_paper_venue_expire_with_an_event(
    rig: Rig, database: Database
) -> None:
    setup = make_connection(database)
    leave_behind(database, setup.id)
    async with rig.running(setup, ScriptedFeed()):
        await rig.row("orders", lambda row: row["client_order_id"] == "cts-new")
    statuses = {row["client_order_id"]: row["status"] for row in stored(database, "orders")}
    assert statuses == {
        "cts-held": "filled",
        exit_id("cts-held", 1): "expired",
        "cts-new": "expired",
    }
    expiries = [row for row in stored(database, "events") if row["kind"] == "order"]
    assert {(row["subject"], row["before"], row["after"], row["who"]) for row in expiries} == {
        (exit_id("cts-held", 1), "open", "expired", "engine"),
        ("cts-new", "intent", "expired", "engine"),
    }


async def test_the_realized_pnl_of_earlier_runs_counts_in_the_equity(
    rig: Rig, database: Database
) -> None:
    setup = make_connection(database)
    batch = Batch()
    done = replace(
        HELD,
        status=PositionStatus.CLOSED,
        pnl=Decimal("-250.5"),
        exit_price=Decimal(1),
        exit_time_ms=T0,
    )
    batch.position(setup.id, done, T0)
    with database.write() as transaction:
        batch.write(transaction)
    async with rig.running(setup, ScriptedFeed(), paper_balance=1_000) as engine:
        assert engine.context.account.equity(("a", "b", "c")) == Decimal("749.5")
        assert len(engine.context.book) == 0


async def test_an_engine_is_warm_from_stored_and_fetched_candles_which_it_does_not_trade(
    rig: Rig, database: Database
) -> None:
    setup = make_connection(database)
    leave_behind(database, setup.id)
    past = [minute(number, say=ENTER_LONG) for number in range(8, 1, -1)]
    feed = ScriptedFeed(history=past)
    async with rig.running(setup, feed) as engine:
        columns = engine.context.market.buffer(SYMBOL, "1m").columns()
        assert columns.time_ms.tolist() == [minute(number).time_ms for number in range(8, 1, -1)]
        feed.say(closed(minute(1)))
        await rig.row("candles", lambda row: row["time_ms"] == minute(1).time_ms)
    assert stored(database, "signals") == []
    assert rig.resumed == [{SYMBOL: (minute(2).time_ms, 100.0)}]


async def test_a_candle_becomes_a_signal_an_order_and_with_the_next_tick_a_position(
    rig: Rig, database: Database
) -> None:
    setup = make_connection(database)
    feed = ScriptedFeed()
    async with rig.running(setup, feed) as engine:
        feed.say(tick("100"))
        feed.say(closed(minute(1, say=ENTER_LONG)))
        await rig.row("orders", lambda row: row["status"] == "open")
        feed.say(tick("101"))
        position = await rig.row("positions", lambda row: row["status"] == "open")
        assert position["entry_price"] == Decimal(101)
        assert engine.status == "running"
        state = await rig.row("engine_states", lambda row: row["status"] == "running")
    names = [figures["name"] for figures in state["figures"]["processors"]]
    pipeline = ["realtime", "indication", "strategy", "execution"]
    assert names == [*pipeline, "losses", "entries", "flatten", "backfill"]
    assert state["feed_source"] == "stream"


LOSSES = {
    "an error": RetryableError("the socket was reset", 1.0),
    "a broken socket": ConnectionResetError("reset by peer"),
    "nonsense": ValueError("no JSON"),
}


@pytest.mark.parametrize("case", LOSSES)
async def test_a_lost_feed_goes_synthetic_in_every_row_and_comes_back(
    rig: Rig, database: Database, case: str
) -> None:
    setup = make_connection(database)
    first = ScriptedFeed(history=[minute(6), minute(5)])
    second = ScriptedFeed(history=[minute(number, 103.0) for number in range(4, 1, -1)])
    async with rig.running(setup, first) as engine:
        first.say(tick("100"))
        await rig.row("latest_prices", lambda row: row["source"] == "stream")
        engine.pipeline.realtime._stored_at = 0.0
        first.fail(LOSSES[case])
        state = await rig.row("engine_states", lambda row: row["status"] == "degraded")
        assert (state["feed_source"], state["last_error"]) == (
            "synthetic",
            str(LOSSES[case]),
        )
        await rig.until(lambda: engine.context.market.quotes[SYMBOL].source == "synthetic")
        engine.pipeline.realtime._stored_at = 0.0
        engine.pipeline.realtime.wake()
        await rig.row("latest_prices", lambda row: row["source"] == "synthetic")
        assert first.is_closed
        engine.context.market.apply([closed(minute(4, 99.0), Source.SYNTHETIC)], NOW_MS)
        rig.feeds.append(second)
        second.say(tick("103"), closed(minute(1, 103.0)))
        state = await rig.row("engine_states", lambda row: row["status"] == "running")
        await rig.until(lambda: engine.context.market.quotes[SYMBOL].source == "stream")
        await rig.row("candles", lambda row: row["time_ms"] == minute(1).time_ms)
        buffer = engine.context.market.buffer(SYMBOL, "1m")
        assert [candle.time_ms for candle in buffer.columns()] == [
            minute(number).time_ms for number in range(6, 0, -1)
        ]
        assert [candle.close for candle in buffer.columns()][2:] == 4 * [103.0]
        engine.pipeline.realtime._stored_at = 0.0
        engine.pipeline.realtime.wake()
        price = await rig.row("latest_prices", lambda row: row["source"] == "stream")
        assert price["price"] == Decimal(103)
    by_time = {row["time_ms"]: row for row in stored(database, "candles")}
    assert by_time[minute(4).time_ms]["source"] == "stream", "real candles replace invented ones"
    assert by_time[minute(4).time_ms]["close"] == 103.0


async def test_a_silent_feed_is_lost(rig: Rig, database: Database) -> None:
    setup = make_connection(database)
    feed = ScriptedFeed()
    feed.say(tick("100"))
    async with rig.running(setup, feed, feed_lost_s=0.05):
        state = await rig.row("engine_states", lambda row: row["status"] == "degraded")
        await rig.row("engine_states", lambda row: row["feed_source"] == "synthetic")
    assert "no market data for 0.05 s" in state["last_error"]


async def test_a_feed_that_ends_is_lost(rig: Rig, database: Database) -> None:
    class Ending(ScriptedFeed):
        async def events(self) -> Any:
            yield [tick("100")]

    async with rig.running(make_connection(database), Ending()):
        await rig.row("engine_states", lambda row: row["last_error"] == "the market feed has ended")


async def test_a_feed_that_comes_back_without_its_history_is_tried_again(
    rig: Rig, database: Database
) -> None:
    class Mute(ScriptedFeed):
        async def history(self, symbol: str, timeframe: str, limit: int) -> Any:
            raise RetryableError("too many requests", 1.0)

    first, mute, third = ScriptedFeed(), Mute(), ScriptedFeed()
    async with rig.running(make_connection(database), first, mute, third) as engine:
        first.fail(OSError("gone"))
        third.say(tick("105"))
        await rig.until(lambda: SYMBOL in engine.context.market.quotes)
        assert engine._feeder.errors == 2
        assert mute.is_closed


async def test_an_exchange_that_cannot_be_reached_leaves_the_engine_impaired_and_alive(
    rig: Rig, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection_module, "connect_feed", connect_feed)
    setup = make_connection(database, exchange="binance", ccxt_config=NOBODY)
    leave_behind(database, setup.id)
    async with rig.running(setup) as engine:
        state = await rig.row("engine_states", lambda row: row["status"] == "degraded")
        assert "binance" in state["last_error"]
        assert len(engine.context.book) == 1
    assert stored(database, "engine_states")[0]["status"] == "stopped"


async def test_stopping_cancels_what_rests_and_says_so(rig: Rig, database: Database) -> None:
    setup = make_connection(database)
    feed = ScriptedFeed()
    async with rig.running(setup, feed):
        feed.say(tick("100"))
        feed.say(closed(minute(1, say=ENTER_LONG)))
        await rig.row("orders", lambda row: row["status"] == "open")
    (row,) = stored(database, "orders")
    assert (row["status"], row["answer"]) == ("cancelled", "the engine stopped")
    assert stored(database, "engine_states")[0]["status"] == "stopped"
    assert stored(database, "positions") == []
    assert feed.is_closed


async def test_strategies_can_change_while_the_engine_runs(rig: Rig, database: Database) -> None:
    setup = make_connection(database)
    feed = ScriptedFeed(history=[minute(3)])
    async with rig.running(setup, feed, specs=(spoken("one"),)) as engine:
        engine.set_strategies([spoken("two")])
        feed.say(tick("100"))
        feed.say(closed(minute(2)), closed(minute(1, say=ENTER_LONG)))
        signal = await rig.row("signals", lambda row: row["status"] == "executed")
    assert signal["strategy"] == "two"
    assert len(stored(database, "signals")) == 1


async def test_a_simulated_market_is_traded_from_its_past_on_but_only_once(
    rig: Rig, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection_module, "connect_feed", connect_feed)
    setup = make_connection(database, symbols=(SYMBOL, "ETH/USDT"))
    eager = StrategySpec(
        "eager", entry_long="close > open", exit_long="close < open", gate_min_trades=10**6
    )
    rig.clock = ManualClock(SystemClock().now_ms())
    async with rig.running(setup, specs=(eager,)):
        pass
    first = stored(database, "positions")
    assert len(first) > 20
    times = [row["opened_at"].timestamp() * 1000 for row in first]
    assert max(times) - min(times) > 60 * MINUTE_MS, "at the market's own time"
    assert min(times) > rig.clock.now_ms() - 122 * MINUTE_MS, "what is older only warms up"
    own = [row["time_ms"] for row in stored(database, "candles") if row["timeframe"] == "1m"]
    assert min(own) < rig.clock.now_ms() - 450 * MINUTE_MS
    signals = {(row["symbol"], row["time_ms"], row["side"]) for row in stored(database, "signals")}
    candles = len(stored(database, "candles"))
    async with rig.running(setup, specs=(eager,)):
        pass
    assert len(stored(database, "positions")) == len(first)
    assert len(stored(database, "candles")) == candles
    assert len(signals) == len(stored(database, "signals"))


@pytest.mark.parametrize(("gate_history", "trades"), [(0, 0), (1_000, 2)])
async def test_a_rules_record_reaches_back_to_the_stored_candles_that_memory_has_dropped(
    rig: Rig, gate_history: int, trades: int
) -> None:
    setup = make_connection(rig.database, symbols=[SYMBOL], timeframe="1m")
    says = {600: 1, 590: 2, 580: 1, 570: 2}
    batch = Batch()
    for number in range(700, 0, -1):
        batch.candle(setup.id, SYMBOL, "1m", minute(number, say=says.get(number, 0)), "stream")
    with rig.database.write() as transaction:
        batch.write(transaction)
    settings = {"candle_history": 300, "gate_history": gate_history}
    async with rig.running(setup, ScriptedFeed(), **settings) as engine:
        (row,) = engine.pipeline.strategy.gate_rows()
    assert row["trades"] == trades


async def test_stored_candles_get_their_indications_once_and_the_work_goes_on_after_a_restart(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backfill_module, "_ROWS_PER_CYCLE", 40)
    setup = make_connection(rig.database, symbols=[SYMBOL], timeframe="1m")
    batch = Batch()
    candles = [minute(number, price=100 + number % 7) for number in range(100, 0, -1)]
    for candle in candles:
        batch.candle(setup.id, SYMBOL, "1m", candle, "stream")
    batch.indication(setup.id, SYMBOL, "1m", candles[50].time_ms, {"kept": 1.0}, "stream")
    with rig.database.write() as transaction:
        batch.write(transaction)
    async with rig.running(setup, ScriptedFeed()):
        await rig.until(lambda: len(stored(rig.database, "indications")) == 100, "all rows")
    rows = {
        row["time_ms"]: orjson.loads(row["values"]) for row in stored(rig.database, "indications")
    }
    assert rows[candles[50].time_ms] == {"kept": 1.0}
    history = History(CandleColumns.from_candles(candles), "1m")
    expected = history.values(parse_expression("sma(20)"))
    assert rows[candles[-1].time_ms]["sma(20)"] == expected[-1]
    assert rows[candles[0].time_ms]["sma(20)"] is None
    async with rig.running(setup, ScriptedFeed()) as engine:
        await rig.until(lambda: engine._backfill.progress()["series_done"] == 1, "nothing left")
        assert engine._backfill.rows == 0
