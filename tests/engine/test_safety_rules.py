"""The safety rules of design.md §5, each test named after the rule it holds the engine to."""

import re
import sqlite3
import time
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cts_tui.engine.order_ids import entry_id, exit_id
from cts_tui.engine.requests import EntryRequest, ExitRequest
from cts_tui.engine.risk import Situation, check_automatic_exit, check_entry, check_exit
from cts_tui.errors import UnknownOutcome, VenueError
from cts_tui.model.market import Candle, CandleClosed, Source, Tick
from cts_tui.model.records import Order, Signal
from cts_tui.model.trading import Direction, ExitReason, SignalKind
from cts_tui.store.database import Database
from cts_tui.store.positions import views
from cts_tui.venue.paper import PaperVenue
from cts_tui.venue.venue import Accepted, Rejected

from .world import (
    ENTER_LONG,
    EXIT_LONG,
    MINUTE_MS,
    SYMBOL,
    T0,
    TO_SHORT,
    ScriptedVenue,
    World,
    make_connection,
    spoken,
    stored,
)

Make = Callable[..., World]

WELL = Situation(
    is_live=False,
    stopped="",
    has_lease=True,
    is_store_failing=False,
    source=Source.STREAM,
    is_stale=False,
)
SIGNAL = Signal(
    "any", SYMBOL, "1m", T0, Direction.LONG, SignalKind.ENTRY, Decimal(100), "a test", "csv"
)


# the risk table: what blocks an entry, a level or a rule, and the trader's own close

RISKS = {
    "all is well": ({}, None, None, None),
    "S11 killed": ({"stopped": "the kill switch is on"}, "kill switch", None, None),
    "S9 lease lost": ({"has_lease": False}, "lease", "lease", "lease"),
    "S4 store failing": ({"is_store_failing": True}, "database refuses", None, None),
    "S8 stale": ({"is_stale": True}, "stale", None, None),
    "synthetic": ({"source": Source.SYNTHETIC}, None, None, None),
    "live": ({"is_live": True}, None, None, None),
    "S3 live, stale": ({"is_live": True, "is_stale": True}, "stale", "stale", None),
    "S3 live, synthetic": (
        {"is_live": True, "source": Source.SYNTHETIC},
        "synthetic",
        "synthetic",
        None,
    ),
}


@pytest.mark.parametrize("case", RISKS)
def test_what_each_situation_blocks(case: str) -> None:
    changes, *fragments = RISKS[case]
    situation = replace(WELL, **changes)
    for check, fragment in zip(
        (check_entry, check_automatic_exit, check_exit), fragments, strict=True
    ):
        refusal = check(situation)
        assert (refusal is None) is (fragment is None), check.__name__
        assert refusal is None or fragment in refusal.reason


@given(st.builds(Situation, *6 * [st.booleans()]))
def test_whatever_blocks_the_trader_blocks_levels_and_entries_too(situation: Situation) -> None:
    if check_exit(situation) is not None:
        assert check_automatic_exit(situation) is not None
    if check_automatic_exit(situation) is not None:
        assert check_entry(situation) is not None


# in the pipeline


async def opened(make: Make, **options: Any) -> World:
    """Return a world with ticks in which a long position is open from 100, stop 98, target 103."""
    run = make(spoken(), has_ticks=True, **options)
    await run.tick("100")
    await run.flat(100, ENTER_LONG)
    await run.tick("100")
    assert [row["status"] for row in await run.rows("positions")] == ["open"]
    return run


async def refusal_of_an_entry(run: World, **candle: Any) -> str:
    """Let a candle say "enter long"; return why nothing was sent."""
    before = len(await run.rows("orders"))
    await run.flat(100, ENTER_LONG, **candle)
    assert len(await run.rows("orders")) == before, "an order went out"
    signal = (await run.rows("signals"))[-1]
    assert signal["status"] == "refused"
    assert run.pipeline.execution.refused == 1
    return str(signal["reason"])


async def test_s11_the_kill_switch_stops_entries_and_no_exits(world: Make) -> None:
    run = await opened(world)
    run.context.is_killed = True
    await run.tick("97")
    assert (await run.row("positions"))["exit_reason"] == "stop_loss"
    assert "kill switch" in await refusal_of_an_entry(run)


async def test_s9_without_the_lease_nothing_is_opened_and_nothing_closed(world: Make) -> None:
    run = await opened(world)
    run.context.lease_until = time.monotonic() - 1
    await run.tick("90")
    (held,) = run.context.book
    run.pipeline.execution.request(ExitRequest(held, ExitReason.MANUAL))
    await run.flat(90, EXIT_LONG)
    await run.tick("90")
    assert (await run.row("positions"))["status"] == "open"
    assert len(await run.rows("orders")) == 1
    assert run.pipeline.realtime.held_back > 0


async def test_s9_the_lease_ends_by_itself_when_nobody_renews_it(world: Make) -> None:
    run = world(spoken())
    assert run.context.has_lease
    run.context.lease_until = time.monotonic()
    assert "lease" in await refusal_of_an_entry(run)


async def test_s4_no_entry_goes_out_while_the_store_refuses_to_write(world: Make) -> None:
    run = world(spoken())
    run.journal.figures.is_failing = True
    await run.flat(100, ENTER_LONG)
    run.journal.figures.is_failing = False
    signal = await run.row("signals")
    assert "the database refuses to write" in signal["reason"]
    assert await run.rows("orders") == []


@pytest.mark.parametrize(
    ("candle_age", "tick_age_s", "is_refused"),
    [(0, 0, False), (2, 0, False), (3, 0, True), (0, 29, False), (0, 31, True), (0, -3, True)],
)
async def test_s8_stale_candles_or_ticks_block_an_entry(
    world: Make, candle_age: int, tick_age_s: int, is_refused: bool
) -> None:
    run = world(spoken(), has_ticks=True)
    now_ms = T0 + MINUTE_MS * (1 + candle_age)
    run.clock.set(now_ms)
    candle = Candle(T0, 100, 100, 100, 100, ENTER_LONG)
    await run.step(
        [
            Tick(SYMBOL, now_ms - tick_age_s * 1_000, Decimal(100), Source.STREAM),
            CandleClosed(SYMBOL, "1m", candle, Source.STREAM),
        ]
    )
    signal = await run.row("signals")
    assert (signal["status"] == "refused") is is_refused
    assert ("stale" in signal["reason"]) is is_refused
    assert bool(await run.rows("orders")) is not is_refused


async def test_s8_a_signal_that_comes_in_late_is_as_stale_as_its_candle(world: Make) -> None:
    """After a leap the newest candle is fresh; the one that asks for an entry is hours old."""
    run = world(spoken(), has_ticks=True)
    run.clock.set(T0 + 300 * MINUTE_MS)
    await run.step(
        [
            *(
                CandleClosed(
                    SYMBOL,
                    "1m",
                    Candle(T0 + i * MINUTE_MS, 100, 100, 100, 100, ENTER_LONG * (i == 5)),
                    Source.STREAM,
                )
                for i in range(300)
            ),
            Tick(SYMBOL, run.clock.now_ms(), Decimal(100), Source.STREAM),
        ]
    )
    signal = await run.row("signals")
    assert (signal["status"], signal["reason"]) == ("refused", "the market data is stale")
    assert await run.rows("orders") == []


async def test_s8_stale_data_closes_a_paper_position(world: Make) -> None:
    run = await opened(world)
    await run.tick("97", age_ms=31_000)
    assert (await run.row("positions"))["exit_reason"] == "stop_loss"


def live(database: Database) -> Any:
    return make_connection(database, mode="live", live=True)


@pytest.mark.parametrize(
    "tick", [{"source": Source.SYNTHETIC}, {"age_ms": 31_000}], ids=["synthetic", "stale"]
)
async def test_s3_an_invented_or_old_price_closes_no_live_position(
    world: Make, database: Database, tick: dict[str, Any]
) -> None:
    run = await opened(world, setup=live(database))
    await run.tick("90", **tick)
    assert (await run.row("positions"))["status"] == "open"
    assert run.pipeline.realtime.held_back == 1
    await run.tick("97.5")
    await run.tick("97.5")  # what is live closes at market: at the next price
    position = await run.row("positions")
    assert (position["exit_reason"], position["exit_price"]) == ("stop_loss", Decimal("97.5"))
    assert position["is_live"]


async def test_s3_an_invented_candle_opens_no_live_position(
    world: Make, database: Database
) -> None:
    run = world(spoken(), setup=live(database), has_ticks=True)
    assert "synthetic" in await refusal_of_an_entry(run, source=Source.SYNTHETIC)


async def test_s3_an_invented_candle_opens_no_live_position_even_once_prices_are_real_again(
    world: Make, database: Database
) -> None:
    run = world(spoken(), setup=live(database), has_ticks=True)
    run.clock.set(T0 + MINUTE_MS)
    invented = Candle(T0, 100, 100, 100, 100, ENTER_LONG)
    await run.step(
        [
            CandleClosed(SYMBOL, "1m", invented, Source.SYNTHETIC),
            Tick(SYMBOL, T0 + MINUTE_MS, Decimal(100), Source.STREAM),
        ]
    )
    signal = await run.row("signals")
    assert (signal["status"], "synthetic" in signal["reason"]) == ("refused", True)


@pytest.mark.parametrize("is_back", [False, True], ids=["prices invented", "prices real again"])
async def test_s3_a_rule_that_saw_an_invented_candle_closes_no_live_position(
    world: Make, database: Database, is_back: bool
) -> None:
    run = await opened(world, setup=live(database))
    time_ms = run.next_ms
    run.clock.set(time_ms + MINUTE_MS)
    candle = Candle(time_ms, 100, 100, 100, 100, EXIT_LONG)
    source = Source.STREAM if is_back else Source.SYNTHETIC
    await run.step(
        [
            CandleClosed(SYMBOL, "1m", candle, Source.SYNTHETIC),
            Tick(SYMBOL, run.clock.now_ms(), Decimal(100), source),
        ]
    )
    assert (await run.row("positions"))["status"] == "open"
    exit_signal = (await run.rows("signals"))[-1]
    assert (exit_signal["kind"], exit_signal["status"]) == ("exit", "refused")
    assert "synthetic" in exit_signal["reason"]


async def test_s3_a_rule_closes_a_paper_position_on_invented_candles(world: Make) -> None:
    run = await opened(world)
    await run.flat(100, EXIT_LONG, source=Source.SYNTHETIC)
    await run.tick("100", source=Source.SYNTHETIC)
    assert (await run.row("positions"))["exit_reason"] == "rule"


async def test_s3_a_live_position_is_shown_at_its_last_real_price_marked_stale(
    world: Make, database: Database
) -> None:
    run = await opened(world, setup=live(database))
    await run.tick("101")
    await run.tick("50", source=Source.SYNTHETIC)
    price = await run.row("latest_prices")
    assert (price["price"], price["source"], price["is_stale"]) == (
        Decimal(101),
        "stream",
        True,
    )
    with database.read() as transaction:
        (view,) = views(transaction, run.clock.now_ms())
    assert (view.mark_price, view.is_stale, view.source) == (Decimal(101), True, "stream")
    await run.tick("102")
    price = await run.row("latest_prices")
    assert (price["price"], price["is_stale"]) == (Decimal(102), False)


async def test_a_paper_position_is_valued_at_invented_prices_which_are_flagged(
    world: Make,
) -> None:
    run = await opened(world)
    await run.tick("101", source=Source.SYNTHETIC)
    price = await run.row("latest_prices")
    assert (price["price"], price["source"], price["is_stale"]) == (
        Decimal(101),
        "synthetic",
        False,
    )


@pytest.mark.parametrize("price", ["NaN", "sNaN", "Infinity", "-Infinity", "0", "-1"])
async def test_s12_a_tick_that_is_no_price_is_refused_and_counted(world: Make, price: str) -> None:
    run = await opened(world)
    before = run.context.market.quotes[SYMBOL].price
    await run.tick(price)
    assert run.context.market.refused == 1
    assert run.context.market.quotes[SYMBOL].price == before
    assert (await run.row("positions"))["status"] == "open"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 0.0, -1.0])
@pytest.mark.parametrize("field", ["open", "high", "low", "close"])
async def test_s12_a_candle_with_what_is_no_price_is_refused_and_counted(
    world: Make, field: str, value: float
) -> None:
    run = world(spoken())
    candle = Candle(T0, 100, 101, 99, 100, ENTER_LONG)._replace(**{field: value})
    await run.step([CandleClosed(SYMBOL, "1m", candle, Source.STREAM)])
    assert run.context.market.refused == 1
    for table in ("candles", "indications", "signals", "latest_prices"):
        assert await run.rows(table) == [], table


# orders


@given(
    st.text(min_size=1, max_size=12),
    st.text(min_size=1, max_size=12),
    st.integers(0, 2**53),
    st.sampled_from(Direction),
)
def test_an_order_id_is_at_most_36_plain_characters(
    store: str, strategy: str, time_ms: int, side: Direction
) -> None:
    key = entry_id(store, "paper", replace(SIGNAL, strategy=strategy, time_ms=time_ms, side=side))
    for order_id in (key, exit_id(key, 1)):
        assert re.fullmatch(r"[a-z0-9-]{1,36}", order_id)


def test_an_order_id_follows_from_what_the_order_is_for_and_from_nothing_else() -> None:
    def ids() -> list[str]:
        key = entry_id("store", "paper", SIGNAL)
        variants = {"strategy": "x", "symbol": "X/Y", "timeframe": "5m", "time_ms": 1}
        changed = [replace(SIGNAL, **{name: value}) for name, value in variants.items()]
        changed.append(replace(SIGNAL, side=Direction.SHORT))
        return [
            key,
            entry_id("other store", "paper", SIGNAL),
            entry_id("store", "other", SIGNAL),
            *(entry_id("store", "paper", signal) for signal in changed),
            exit_id(key, 1),
            exit_id(key, 2),
        ]

    assert ids() == ids()
    assert len(set(ids())) == len(ids())
    same = replace(SIGNAL, price=Decimal(7), reason="else", source="rest")
    assert entry_id("store", "paper", same) == ids()[0]


class Witness(PaperVenue):
    """A venue that looks into the database file at the moment it is called."""

    def __init__(self, file: str) -> None:
        super().__init__(fee_pct=Decimal(0), slippage_pct=Decimal(0))
        self.file = file
        self.seen: list[tuple[str, str]] = []

    async def submit(self, order: Order) -> Accepted | Rejected:
        connection = sqlite3.connect(self.file)
        row = connection.execute(
            "SELECT client_order_id, status FROM orders WHERE client_order_id = ?",
            (order.client_order_id,),
        ).fetchone()
        connection.close()
        self.seen.append(row)
        return await super().submit(order)


async def test_s4_the_intent_is_in_the_file_before_the_venue_is_called(
    world: Make, database: Database
) -> None:
    venue = Witness(database.url.removeprefix("sqlite:///"))
    run = await opened(world, venue=venue)
    await run.tick("97")
    orders = [row["client_order_id"] for row in await run.rows("orders")]
    assert venue.seen == [(order_id, "intent") for order_id in orders]
    assert len(orders) == 2


async def test_s4_several_intents_of_one_moment_are_in_the_file_before_the_first_is_sent(
    world: Make, database: Database
) -> None:
    venue = Witness(database.url.removeprefix("sqlite:///"))
    counts: list[int] = []
    submit = venue.submit

    async def counting(order: Order) -> Accepted | Rejected:
        counts.append(len(stored(database, "orders")))
        return await submit(order)

    venue.submit = counting  # type: ignore[method-assign]
    run = world(spoken("one"), spoken("two"), spoken("three"), venue=venue)
    await run.flat(100, ENTER_LONG)
    assert counts == [3, 3, 3]
    assert {status for _, status in venue.seen} == {"intent"}


async def test_s4_an_order_whose_intent_cannot_be_recorded_is_not_sent(
    world: Make, database: Database
) -> None:
    venue = ScriptedVenue()
    run = world(spoken(), venue=venue)
    with database.write() as transaction:
        transaction.exec_driver_sql(
            "CREATE TRIGGER full BEFORE INSERT ON orders BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
    await run.flat(100, ENTER_LONG)
    assert venue.sent == []
    signal = await run.row("signals")
    assert (signal["status"], "full" in signal["reason"]) == ("refused", True)
    assert run.errors
    with database.write() as transaction:
        transaction.exec_driver_sql("DROP TRIGGER full")
    await run.flat(100, ENTER_LONG)
    assert len(venue.sent) == 1, "the next signal is not blocked by the lost one"


async def test_a_rule_exit_that_cannot_be_recorded_is_tried_again(
    world: Make, database: Database
) -> None:
    run = await opened(world)
    with database.write() as transaction:
        transaction.exec_driver_sql(
            "CREATE TRIGGER full BEFORE INSERT ON orders BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
    await run.flat(100, EXIT_LONG)
    assert [held.status for held in run.context.book] == ["open"]
    with database.write() as transaction:
        transaction.exec_driver_sql("DROP TRIGGER full")
    await run.pipeline.execution.run_cycle()
    await run.tick("100")
    assert (await run.row("positions"))["exit_reason"] == "rule"
    assert (await run.rows("signals"))[-1]["status"] == "executed"


async def test_s5_the_same_signal_twice_makes_one_order(world: Make) -> None:
    venue = ScriptedVenue()
    run = world(spoken(), venue=venue)
    await run.flat(100, ENTER_LONG)
    (order,) = venue.sent
    signal = replace(
        SIGNAL, strategy="spoken", reason=spoken().entry_long, source="csv", time_ms=T0
    )
    run.pipeline.execution.request(EntryRequest(signal, spoken()))
    await run.pipeline.execution.run_cycle()
    assert venue.sent == [order]
    assert len(await run.rows("orders")) == 1
    assert (await run.row("signals"))["status"] == "executed", "its fate is told once"


async def test_one_taken_order_id_keeps_up_no_other_order(world: Make) -> None:
    venue = ScriptedVenue()
    run = world(spoken("one"), spoken("two"), venue=venue)
    signals = [
        replace(SIGNAL, strategy=name, reason="x", source="csv") for name in ("one", "one", "two")
    ]
    for signal in signals:
        run.pipeline.execution.request(EntryRequest(signal, spoken(signal.strategy)))
    await run.flat(100)
    sent = [order.strategy for order in venue.sent]
    assert sorted(sent) == ["one", "two"]


async def test_a_rejected_entry_is_told_and_another_may_follow(world: Make) -> None:
    venue = ScriptedVenue([Rejected("insufficient balance")])
    run = world(spoken(), venue=venue)
    await run.flat(100, ENTER_LONG)
    order, signal = await run.row("orders"), await run.row("signals")
    assert (order["status"], order["answer"]) == ("rejected", "insufficient balance")
    assert (signal["status"], signal["reason"]) == (
        "refused",
        "rejected by the venue: insufficient balance",
    )
    await run.flat(100, ENTER_LONG)
    assert [row["status"] for row in await run.rows("orders")] == ["rejected", "open"]


async def test_a_rejected_exit_leaves_the_position_open_and_protected(world: Make) -> None:
    venue = ScriptedVenue([Accepted("v-1"), Rejected("try later")])
    run = world(spoken(), venue=venue, has_ticks=True)
    await run.tick("100")
    await run.flat(100, ENTER_LONG)
    venue.fill(venue.sent[0], "100")
    await run.tick("100")
    await run.tick("97")
    assert (await run.row("positions"))["status"] == "open"
    await run.tick("97")
    assert len(venue.sent) == 2, "a refused exit waits a moment before the next"
    run.clock.advance(1_000)
    await run.tick("97")
    first, second = venue.sent[1:]
    assert first.client_order_id != second.client_order_id, "an exit that is sent anew has a new id"
    assert (await run.row("positions"))["status"] == "closing"


async def test_an_exit_that_rests_blocks_its_reversal_until_it_has_filled(world: Make) -> None:
    venue = ScriptedVenue()
    run = world(spoken(), venue=venue)
    await run.flat(100, ENTER_LONG)
    venue.fill(venue.sent[0], "100")
    await run.flat(100)
    await run.flat(100, TO_SHORT)
    await run.flat(100)
    assert [order.reduce_only for order in venue.sent] == [False, True]
    venue.fill(venue.sent[1], "101")
    await run.flat(101)
    assert [order.reduce_only for order in venue.sent] == [False, True, False]
    assert venue.sent[2].side == "sell"


async def test_a_reversal_whose_exit_is_rejected_enters_nothing(world: Make) -> None:
    venue = ScriptedVenue([Accepted("v-1"), Rejected("no")])
    run = world(spoken(), venue=venue)
    await run.flat(100, ENTER_LONG)
    venue.fill(venue.sent[0], "100")
    await run.flat(100)
    await run.flat(100, TO_SHORT)
    await run.flat(100)
    assert len(venue.sent) == 2
    signals = await run.rows("signals")
    assert [row["status"] for row in signals] == ["executed", "refused", "refused"]
    assert signals[2]["reason"] == "the position to close first is still open"
    await run.flat(100, EXIT_LONG)
    assert len(venue.sent) == 3, "and the strategy goes on"


UNKNOWN = {
    "said to be unknown": UnknownOutcome("timed out"),
    "a reset connection": ConnectionResetError("reset by peer"),
    "a bug in the adapter": KeyError("orderId"),
}


@pytest.mark.parametrize("case", UNKNOWN)
async def test_s5_an_order_of_unknown_outcome_blocks_its_symbol_and_is_never_sent_again(
    world: Make, database: Database, case: str
) -> None:
    venue = ScriptedVenue([UNKNOWN[case]])
    setup = make_connection(database, symbols=(SYMBOL, "ETH/USDT"))
    run = world(spoken("one"), spoken("two"), setup=setup, venue=venue)
    one = {SYMBOL: (100, 100, 100, 100, ENTER_LONG), "ETH/USDT": (50, 50, 50, 50, 0)}
    run.pipeline.configure([spoken("one")], setup.symbols)
    await run.candles(one)
    assert (await run.row("orders"))["status"] == "unknown"
    run.pipeline.configure([spoken("one"), spoken("two")], setup.symbols)
    both = {SYMBOL: (100, 100, 100, 100, ENTER_LONG), "ETH/USDT": (50, 50, 50, 50, ENTER_LONG)}
    for _ in range(3):
        await run.candles(both)
    sent = [(order.symbol, order.strategy) for order in venue.sent]
    assert sent[0] == (SYMBOL, "one")
    assert sorted(sent[1:]) == [("ETH/USDT", "one"), ("ETH/USDT", "two")]
    refused = [row for row in await run.rows("signals") if row["status"] == "refused"]
    assert {row["reason"] for row in refused} == {"an order on this symbol has an unknown outcome"}
    assert {row["strategy"] for row in refused} == {"two"}


async def test_s5_an_unknown_outcome_holds_back_even_what_was_to_be_sent_right_after(
    world: Make,
) -> None:
    venue = ScriptedVenue([UnknownOutcome("timed out")])
    run = world(spoken("one"), spoken("two"), venue=venue)
    await run.flat(100, ENTER_LONG)
    assert [order.strategy for order in venue.sent] == ["one"]
    orders = {row["strategy"]: row["status"] for row in await run.rows("orders")}
    assert orders == {"one": "unknown", "two": "cancelled"}
    signals = {row["strategy"]: row["status"] for row in await run.rows("signals")}
    assert signals["two"] == "refused"


async def test_s5_a_fill_is_the_evidence_that_ends_an_unknown_outcome(world: Make) -> None:
    venue = ScriptedVenue([UnknownOutcome("timed out")])
    run = world(spoken("one"), spoken("two"), venue=venue)
    await run.flat(100, ENTER_LONG)
    venue.fill(venue.sent[0], "100")
    await run.flat(100)
    statuses = {row["strategy"]: row["status"] for row in await run.rows("orders")}
    assert statuses["one"] == "filled"
    assert [held.strategy for held in run.context.book] == ["one"]
    await run.flat(100, ENTER_LONG)
    assert [order.strategy for order in venue.sent] == ["one", "two"]


async def test_an_order_that_the_venue_refuses_by_an_error_is_rejected(world: Make) -> None:
    venue = ScriptedVenue([VenueError("min notional is 5 USDT", "MIN_NOTIONAL")])
    run = world(spoken(), venue=venue)
    await run.flat(100, ENTER_LONG)
    order = await run.row("orders")
    assert (order["status"], order["answer"]) == ("rejected", "min notional is 5 USDT")


async def test_s15_a_fill_of_an_order_that_is_not_ours_is_counted_and_opens_nothing(
    world: Make,
) -> None:
    venue = ScriptedVenue()
    run = world(spoken(), venue=venue)
    await run.flat(100, ENTER_LONG)
    venue.fill(replace(venue.sent[0], client_order_id="cts-foreign"), "100")
    await run.flat(100)
    assert await run.rows("positions") == await run.rows("fills") == []
    assert "a fill of cts-foreign, no working order" in run.errors[0]


async def test_s13_a_position_that_opens_or_closes_leaves_an_event(world: Make) -> None:
    run = world(spoken())
    await run.flat(100, ENTER_LONG)
    await run.flat(100)
    await run.candle(100, 100, 90, 95)
    opened, closed = await run.rows("events")
    assert (opened["who"], opened["kind"], opened["before"], opened["after"]) == (
        "engine",
        "position",
        "flat",
        "long",
    )
    assert (closed["before"], closed["after"]) == ("long", "flat")
    assert "stop_loss" in closed["message"]
