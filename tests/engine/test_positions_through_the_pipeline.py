"""Candles in, positions out: every way in and out, with the money counted by hand."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from cts_tui.engine.requests import ExitRequest
from cts_tui.model.market import Candle, CandleClosed, Source, Tick, timeframe_ms
from cts_tui.model.strategy import Size, SizeKind
from cts_tui.model.trading import ExitReason

from .world import (
    ENTER_LONG,
    ENTER_SHORT,
    EXIT_LONG,
    EXIT_SHORT,
    MINUTE_MS,
    SYMBOL,
    T0,
    TO_LONG,
    TO_SHORT,
    World,
    spoken,
)

Make = Callable[..., World]


async def test_a_signal_is_filled_at_the_next_open_and_protected_from_there(world: Make) -> None:
    run = world(spoken())
    await run.flat(100, ENTER_LONG)
    assert await run.rows("positions") == []
    assert (await run.row("orders"))["status"] == "open"
    await run.candle(101, 102, 100, 101.5)
    position = await run.row("positions")
    assert (position["side"], position["status"], position["quantity"]) == (
        "long",
        "open",
        Decimal("0.990099009901"),
    )
    assert position["entry_price"] == Decimal(101)
    assert position["entry_time_ms"] == T0 + MINUTE_MS
    assert position["stop_price"] == Decimal("98.98")
    assert position["target_price"] == Decimal("104.03")
    assert position["fees"] == Decimal("0.1")
    order, fill, signal = [await run.row(name) for name in ("orders", "fills", "signals")]
    assert (order["status"], order["filled"], order["average_price"]) == (
        "filled",
        position["quantity"],
        Decimal(101),
    )
    assert fill["client_order_id"] == order["client_order_id"] == position["key"]
    assert (signal["status"], signal["time_ms"], signal["price"]) == ("executed", T0, Decimal(100))
    assert signal["reason"] == spoken().entry_long


EXITS = {
    "long, stop": (ENTER_LONG, (100, 101, 97, 99), "stop_loss", "98", "-2.198"),
    "long, open under the stop": (ENTER_LONG, (97, 99, 96, 98), "stop_loss", "97", "-3.197"),
    "long, target": (ENTER_LONG, (100, 104, 99, 103), "take_profit", "103", "2.797"),
    "long, open over the target": (ENTER_LONG, (105, 106, 99, 103), "take_profit", "105", "4.795"),
    "long, stop and target": (ENTER_LONG, (100, 110, 90, 103), "stop_loss", "98", "-2.198"),
    "short, stop": (ENTER_SHORT, (100, 103, 99, 99), "stop_loss", "102", "-2.202"),
    "short, target": (ENTER_SHORT, (100, 101, 96, 99), "take_profit", "97", "2.803"),
    "short, stop and target": (ENTER_SHORT, (100, 110, 90, 99), "stop_loss", "102", "-2.202"),
}


@pytest.mark.parametrize("case", EXITS)
async def test_a_level_that_is_touched_closes_at_its_price(world: Make, case: str) -> None:
    enter, candle, reason, exit_price, pnl = EXITS[case]
    run = world(spoken())
    await run.flat(100, enter)
    await run.flat(100)
    await run.candle(*candle)
    position = await run.row("positions")
    assert (position["status"], position["exit_reason"]) == ("closed", reason)
    assert position["exit_price"] == Decimal(exit_price)
    assert position["pnl"] == Decimal(pnl)
    assert position["exit_time_ms"] == T0 + 2 * MINUTE_MS
    assert len(await run.rows("fills")) == 2
    assert not run.errors


async def test_a_level_that_is_touched_in_the_candle_of_the_entry_counts(world: Make) -> None:
    run = world(spoken())
    await run.flat(100, ENTER_LONG)
    await run.candle(100, 101, 97, 100)
    position = await run.row("positions")
    assert (position["exit_reason"], position["exit_time_ms"]) == ("stop_loss", T0 + MINUTE_MS)


async def test_slippage_moves_entries_stops_and_rule_exits_but_never_targets(world: Make) -> None:
    run = world(spoken(), paper_slippage_pct=1, paper_fee_pct=0)
    for exit_candle in ((101, 101, 90, 95), (101, 120, 101, 110)):
        await run.flat(100, ENTER_LONG)
        await run.flat(100)
        await run.candle(*exit_candle)
    await run.flat(100, ENTER_LONG)
    await run.flat(100, EXIT_LONG)
    await run.flat(100)
    rows = await run.rows("positions")
    assert {row["entry_price"] for row in rows} == {Decimal(101)}
    assert [row["exit_price"] for row in rows] == [
        Decimal("97.9902"),  # 1 % under the stop at 98.98
        Decimal("104.03"),
        Decimal(99),
    ]


async def test_a_rule_exit_fills_at_the_next_open(world: Make) -> None:
    run = world(spoken())
    await run.flat(100, ENTER_LONG)
    await run.flat(100)
    await run.flat(101, EXIT_LONG)
    assert (await run.row("positions"))["status"] == "closing"
    await run.candle(102, 102.5, 101, 102)
    position = await run.row("positions")
    assert (position["exit_reason"], position["exit_price"], position["pnl"]) == (
        "rule",
        Decimal(102),
        Decimal("1.798"),
    )
    entry, exit_ = await run.rows("signals")
    assert (exit_["kind"], exit_["side"], exit_["status"]) == ("exit", "long", "executed")
    assert entry["status"] == "executed"


async def test_an_exit_rule_of_the_other_side_does_nothing(world: Make) -> None:
    run = world(spoken())
    await run.flat(100, ENTER_LONG)
    await run.flat(100)
    await run.flat(100, EXIT_SHORT)
    await run.flat(100)
    assert (await run.row("positions"))["status"] == "open"
    assert len(await run.rows("signals")) == 1


async def test_an_entry_rule_is_ignored_while_a_position_is_open(world: Make) -> None:
    run = world(spoken())
    for _ in range(4):
        await run.flat(100, ENTER_LONG)
    assert len(await run.rows("positions")) == len(await run.rows("signals")) == 1


async def test_the_close_of_the_candle_in_which_a_stop_filled_counts_again(world: Make) -> None:
    run = world(spoken())
    await run.flat(100, ENTER_LONG)
    await run.flat(100)
    await run.candle(100, 100, 97, 97, ENTER_LONG)
    await run.flat(97)
    first, second = await run.rows("positions")
    assert first["exit_reason"] == "stop_loss"
    assert (second["entry_time_ms"], second["status"]) == (T0 + 3 * MINUTE_MS, "open")


@pytest.mark.parametrize(
    ("first", "turn", "sides", "pnl"),
    [
        (ENTER_LONG, TO_SHORT, ["long", "short"], "-1.199"),
        (ENTER_SHORT, TO_LONG, ["short", "long"], "0.801"),
    ],
)
async def test_a_reversal_closes_and_opens_at_the_same_open(
    world: Make, first: int, turn: int, sides: list[str], pnl: str
) -> None:
    run = world(spoken())
    await run.flat(100, first)
    await run.flat(100)
    await run.flat(100, turn)
    await run.candle(99, 99.5, 98.5, 99)
    closed, opened = await run.rows("positions")
    assert [closed["side"], opened["side"]] == sides
    assert (closed["exit_reason"], closed["pnl"]) == ("rule", Decimal(pnl))
    assert closed["exit_price"] == opened["entry_price"] == Decimal(99)
    assert closed["exit_time_ms"] == opened["entry_time_ms"] == T0 + 3 * MINUTE_MS
    assert opened["status"] == "open"
    assert not run.errors


async def test_a_reversal_is_sized_by_the_equity_after_its_exit(world: Make) -> None:
    size = Size(SizeKind.EQUITY_PCT, Decimal(50))
    run = world(
        spoken(size=size, stop_loss_pct=0, take_profit_pct=0), paper_balance=1_000, paper_fee_pct=0
    )
    await run.flat(100, ENTER_LONG)
    await run.flat(100)
    await run.flat(120, TO_SHORT)
    await run.flat(120)
    closed, opened = await run.rows("positions")
    assert closed["pnl"] == Decimal(100)
    assert opened["quantity"] * opened["entry_price"] == pytest.approx(Decimal(550))


async def test_a_trailing_stop_follows_the_best_close_and_never_loosens(world: Make) -> None:
    run = world(spoken(trailing_stop_pct="1", take_profit_pct=0))
    await run.flat(100, ENTER_LONG)
    stops = []
    for close in (100, 104, 103.5, 106, 105.5):
        await run.candle(close, close, close, close)
        stops.append((await run.row("positions"))["stop_price"])
    assert stops == [Decimal(99), Decimal("102.96"), Decimal("102.96"), *2 * [Decimal("104.94")]]
    await run.candle(105, 105, 104.5, 105)
    position = await run.row("positions")
    assert (position["exit_reason"], position["exit_price"]) == (
        "trailing_stop",
        Decimal("104.94"),
    )


async def test_a_trailing_stop_applies_from_the_next_candle_on(world: Make) -> None:
    run = world(spoken(trailing_stop_pct="1", take_profit_pct=0))
    await run.flat(100, ENTER_LONG)
    await run.candle(100, 110, 100, 110)
    assert (await run.row("positions"))["status"] == "open"
    await run.candle(110, 110, 108.9, 109)
    assert (await run.row("positions"))["exit_price"] == Decimal("108.9")


async def test_a_position_is_closed_at_market_when_the_trader_asks(world: Make) -> None:
    run = world(spoken())
    await run.flat(100, ENTER_LONG)
    await run.flat(100)
    (held,) = run.context.book
    for _ in range(3):  # asking again while it closes changes nothing
        run.pipeline.execution.request(ExitRequest(held, ExitReason.MANUAL))
    await run.flat(101)
    await run.flat(102)
    position = await run.row("positions")
    assert (position["exit_reason"], position["exit_price"]) == ("manual", Decimal(102))
    assert len(await run.rows("orders")) == 2


async def test_two_strategies_hold_positions_on_one_symbol_side_by_side(world: Make) -> None:
    run = world(spoken("one"), spoken("two", stop_loss_pct=1))
    await run.flat(100, ENTER_LONG)
    await run.flat(100)
    await run.candle(100, 100, 98.5, 99)
    by_strategy = {row["strategy"]: row for row in await run.rows("positions")}
    assert by_strategy["one"]["status"] == "open"
    assert by_strategy["two"]["exit_price"] == Decimal(99)


async def test_the_account_grows_by_what_was_realized(world: Make) -> None:
    run = world(spoken(size=Size(SizeKind.EQUITY_PCT, Decimal(10))), paper_balance=1_000)
    await run.flat(100, ENTER_LONG)
    await run.flat(100)
    await run.candle(100, 110, 100, 104)
    first = await run.row("positions")
    assert first["quantity"] == Decimal(1)
    assert first["pnl"] == Decimal("2.797")
    await run.flat(100, ENTER_LONG)
    await run.flat(100)
    _, second = await run.rows("positions")
    assert second["quantity"] == Decimal("1.002797")


async def test_an_account_without_money_enters_nothing_and_says_so(world: Make) -> None:
    spec = spoken(size=Size(SizeKind.EQUITY_PCT, Decimal(100)), stop_loss_pct=0, take_profit_pct=0)
    run = world(spec, paper_balance=100, paper_fee_pct=60)
    await run.flat(100, ENTER_LONG)
    await run.flat(100, EXIT_LONG)
    await run.flat(100)
    await run.flat(100, ENTER_LONG)
    await run.flat(100)
    assert len(await run.rows("positions")) == 1
    last = (await run.rows("signals"))[-1]
    assert last["status"] == "refused"
    assert "the size of the entry is 0" in last["reason"]


async def test_a_strategy_of_a_coarser_timeframe_trades_on_its_own_candles(world: Make) -> None:
    run = world(spoken(timeframe="5m"))
    for say in (0, 0, 0, 0, ENTER_LONG):
        await run.flat(100, say)
    signal = await run.row("signals")
    assert (signal["timeframe"], signal["time_ms"]) == ("5m", T0)
    await run.flat(101)
    position = await run.row("positions")
    assert (position["timeframe"], position["entry_price"]) == ("5m", Decimal(101))
    frames = {row["timeframe"] for row in await run.rows("indications")}
    assert frames == {"1m", "5m"}


async def test_ticks_fill_and_stop_between_the_candles(world: Make) -> None:
    run = world(spoken(), has_ticks=True)
    await run.tick("100")
    await run.flat(100, ENTER_LONG)
    await run.tick("100.5")
    position = await run.row("positions")
    assert position["entry_price"] == Decimal("100.5")
    assert position["entry_time_ms"] == run.clock.now_ms()
    await run.tick("99")
    assert (await run.row("positions"))["status"] == "open"
    await run.tick("98")
    position = await run.row("positions")
    assert position["exit_reason"] == "stop_loss"
    assert position["exit_price"] == Decimal(98), "a tick beyond the stop fills at the tick"


async def test_the_worst_of_several_ticks_closes_at_the_level(world: Make) -> None:
    run = world(spoken(), has_ticks=True)
    await run.tick("100")
    await run.flat(100, ENTER_LONG)
    await run.tick("100")
    run.clock.advance(1)
    prices = ("99", "97", "99.5")
    await run.step(
        Tick(SYMBOL, run.clock.now_ms(), Decimal(price), Source.STREAM) for price in prices
    )
    position = await run.row("positions")
    assert (position["exit_reason"], position["exit_price"]) == ("stop_loss", Decimal(98))


async def test_every_candle_gets_one_row_of_indications_with_its_source(world: Make) -> None:
    run = world()
    for minute in range(5):
        await run.flat(100 + minute)
    await run.flat(106, source=Source.SYNTHETIC)
    candles, indications = await run.rows("candles"), await run.rows("indications")
    assert [row["source"] for row in candles] == [*5 * ["csv"], "synthetic"]
    assert [row["source"] for row in indications] == [*5 * ["csv"], "synthetic"]
    assert len({row["time_ms"] for row in indications}) == 6


async def test_candles_that_close_together_are_judged_one_by_one(world: Make) -> None:
    """A rule sees no candle after its own, however many come in one batch."""
    run = world(spoken())
    step_ms = timeframe_ms("1m")
    says = (0, ENTER_LONG, 0, 0)
    run.clock.set(T0 + len(says) * step_ms)
    await run.step(
        CandleClosed(SYMBOL, "1m", Candle(T0 + i * step_ms, 100, 100, 100, 100, say), Source.CSV)
        for i, say in enumerate(says)
    )
    signal = await run.row("signals")
    assert signal["time_ms"] == T0 + step_ms
    assert [row["time_ms"] - T0 for row in await run.rows("indications")] == [
        i * step_ms for i in range(len(says))
    ]
