"""No failure of one strategy or symbol reaches another; strategies change while candles wait."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import orjson
import pytest

from cts_tui.engine.market_state import MarketState
from cts_tui.market.candles import Refusal
from cts_tui.model.columns import CandleColumns
from cts_tui.model.market import Candle, CandleClosed, Source, Tick
from cts_tui.model.strategy import StrategySpec
from cts_tui.rules.evaluate import History
from cts_tui.rules.parser import parse_indication
from cts_tui.store.database import Database

from .world import (
    ENTER_LONG,
    MINUTE_MS,
    SYMBOL,
    T0,
    World,
    make_connection,
    spoken,
)

Make = Callable[..., World]
ETH = "ETH/USDT"


def both(say: int = 0) -> dict[str, tuple[float, ...]]:
    return {SYMBOL: (100, 100, 100, 100, say), ETH: (50, 50, 50, 50, say)}


def broken() -> bool:
    raise ValueError("broken")


async def test_a_strategy_that_fails_stops_no_other(world: Make) -> None:
    run = world(spoken("one"), spoken("two"), spoken("three"))
    for runners in run.pipeline.strategy.runners.values():
        runners[1]._rules = (broken, broken, broken, broken)
    await run.flat(100, ENTER_LONG)
    await run.flat(100)
    assert {row["strategy"] for row in await run.rows("positions")} == {"one", "three"}
    assert run.errors == ["two/BTC/USDT/1m: broken"]
    assert run.pipeline.strategy.figures.errors == 2


async def test_a_symbol_that_fails_stops_no_other(
    world: Make, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    setup = make_connection(database, symbols=(SYMBOL, ETH))
    run = world(spoken(), setup=setup)
    panel = run.pipeline.indication.panels[SYMBOL, "1m"]
    monkeypatch.setattr(panel, "update", lambda candle: broken())
    await run.candles(both(ENTER_LONG))
    await run.candles(both())
    assert {row["symbol"] for row in await run.rows("positions")} == {ETH}
    assert run.errors == ["BTC/USDT: broken"]


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (StrategySpec("bad", entry_long="close >"), "bad: "),
        (StrategySpec("bad", entry_long="nonsense(3) > 1"), "bad: "),
        (StrategySpec("bad", timeframe="30s", entry_long="close > 1"), "runs on 30s candles"),
        (StrategySpec("bad", timeframe="90s", entry_long="close > 1"), "runs on 90s candles"),
        (
            StrategySpec("bad", entry_long='at("30s", close) > 1'),
            "needs a whole multiple of the timeframe 1m",
        ),
    ],
)
async def test_a_strategy_that_cannot_run_here_is_a_fault_and_stops_no_other(
    world: Make, bad: StrategySpec, says: str
) -> None:
    run = world(bad, spoken())
    (fault,) = run.pipeline.faults
    assert says in fault
    assert fault.startswith("bad")
    await run.flat(100, ENTER_LONG)
    assert (await run.row("signals"))["strategy"] == "spoken"
    run.pipeline.configure([spoken()], run.setup.symbols)
    assert run.pipeline.faults == []


async def test_an_unforeseen_failure_costs_one_candle_and_is_counted(
    world: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = world(spoken())
    panel = run.pipeline.indication.panels[SYMBOL, "1m"]
    update = panel.update
    monkeypatch.setattr(panel, "update", lambda candle: {}[0])
    await run.flat(100)
    monkeypatch.setattr(panel, "update", update)
    await run.flat(100, ENTER_LONG)
    assert len(await run.rows("signals")) == 1
    assert run.errors == ["KeyError: 0"]


def history(count: int) -> list[Candle]:
    prices = [100 + (i * 7919 % 13) - 6 for i in range(count)]
    return [
        Candle(T0 + i * MINUTE_MS, float(p), p + 1.0, p - 1.0, float(p), 0.0)
        for i, p in enumerate(prices)
    ]


@pytest.mark.parametrize("together", [1, 3])
async def test_indications_are_those_of_the_whole_history_even_if_strategies_change_midway(
    world: Make, together: int
) -> None:
    """Strategies are set up anew while closed candles wait: none may count twice or be left out."""
    run = world(spoken())
    candles = history(60)
    for start in range(0, 60, together):
        batch = candles[start : start + together]
        events = [CandleClosed(SYMBOL, "1m", candle, Source.CSV) for candle in batch]
        run.context.market.apply(events, T0)
        if start % 9 == 6:
            run.pipeline.configure([spoken("one"), spoken(f"v{start}")], run.setup.symbols)
        await run.step([])
    rows = await run.rows("indications")
    assert [row["time_ms"] for row in rows] == [candle.time_ms for candle in candles]
    whole = History(CandleColumns.from_candles(candles), "1m")
    for text in ("sma(20)", "rsi(14)"):
        (expression,) = parse_indication(text)
        told = [orjson.loads(row["values"])[text] for row in rows]
        assert told[:13] == 13 * [None]
        expected = whole.values(expression)[19:]
        assert told[19:] == pytest.approx(expected.tolist())


@pytest.mark.parametrize("is_taken_in", [False, True], ids=["candle waits", "rules wait"])
async def test_a_strategys_own_record_counts_every_candle_once_when_it_is_set_up_midway(
    world: Make, is_taken_in: bool
) -> None:
    """Each candle that asks for an entry would, if it came twice, be entered and stopped in."""
    spec = spoken(gate_min_trades=1_000)
    run = world(spec, is_gated=True)
    asking, quiet = (100, 100, 90, 100, ENTER_LONG), (100, 100, 100, 100, 0)
    for i in range(12):
        values = asking if i % 3 == 0 else quiet
        candle = Candle(T0 + i * MINUTE_MS, *values)
        run.clock.set(candle.time_ms + MINUTE_MS)
        run.context.market.apply([CandleClosed(SYMBOL, "1m", candle, Source.CSV)], T0)
        if is_taken_in:
            await run.pipeline.indication.run_cycle()
        if i % 3 == 0:
            run.pipeline.configure([spec], run.setup.symbols)
        await run.step([])
    (row,) = run.pipeline.strategy.gate_rows()
    assert row["trades"] == 3, "each is stopped in the next candle that asks"
    assert row["state"] == "unproven"


async def test_an_unproven_rule_trades_on_paper_and_not_live(
    world: Make, database: Database
) -> None:
    for name, is_live in (("on-paper", False), ("real", True)):
        setup = make_connection(database, name, live=is_live)
        run = world(spoken(), setup=setup, is_gated=True)
        await run.flat(100, ENTER_LONG)
        own = [r for r in await run.rows("signals") if r["connection_id"] == setup.id]
        assert len(own) == (0 if is_live else 1)
        (row,) = run.pipeline.strategy.gate_rows()
        assert (row["state"], row["held_back"]) == ("unproven", int(is_live))


# the market as the engine sees it


def market(**options: Any) -> MarketState:
    return MarketState(300, 30.0, **options)


def closed(minute: int, **changes: float) -> CandleClosed:
    candle = Candle(T0 + minute * MINUTE_MS, 100, 101, 99, 100, 1)._replace(**changes)
    return CandleClosed(SYMBOL, "1m", candle, Source.STREAM)


def test_ticks_between_two_looks_become_one_move() -> None:
    state = market()
    prices = ("100", "103", "98", "101")
    state.apply(
        [Tick(SYMBOL, T0 + i, Decimal(price), Source.STREAM) for i, price in enumerate(prices)],
        T0 + 9,
    )
    move = state.moves[SYMBOL]
    assert (move.open, move.high, move.low, move.last) == (100, 103, 98, 101)
    assert move.time_ms == T0 + 3
    assert state.quotes[SYMBOL].price == Decimal(101)
    assert state.quotes[SYMBOL].received_ms == T0 + 9


def test_without_ticks_a_candle_is_the_move_and_the_price() -> None:
    state = market(has_ticks=False)
    state.apply([closed(0, close=100.1)], T0)
    move = state.moves[SYMBOL]
    assert (move.open, move.high, move.low, move.last) == (100, 101, 99, 100.1)
    assert state.quotes[SYMBOL].price == Decimal("100.1")


def test_an_invented_candle_is_no_real_price() -> None:
    state = market(has_ticks=False)
    state.apply([closed(0)._replace(source=Source.SYNTHETIC)], T0)
    assert SYMBOL in state.quotes
    assert state.real_quotes == {}


def test_a_candle_that_comes_again_or_too_late_is_not_announced() -> None:
    state = market()
    state.apply([closed(1), closed(1), closed(0), closed(2)], T0)
    assert [event.candle.time_ms for event in state.closed] == [
        T0 + MINUTE_MS,
        T0 + 2 * MINUTE_MS,
    ]
    assert state.buffer(SYMBOL, "1m").refused[Refusal.DOUBLED] == 1
    assert state.buffer(SYMBOL, "1m").refused[Refusal.OUT_OF_ORDER] == 1
    assert state.refused == 2


def test_a_widened_candle_is_announced_as_it_was_kept() -> None:
    state = market()
    state.apply([closed(0, high=99.5, low=99.5)], T0)
    assert state.closed[0].candle.high == 100.0
    assert state.closed[0].candle == state.buffer(SYMBOL, "1m").last


def test_coarser_candles_follow_from_history_and_from_what_comes() -> None:
    state = market()
    state.warm(SYMBOL, "1m", CandleColumns.from_candles([closed(i).candle for i in range(7)]))
    state.aggregate_to("1m", {"5m", "15m"})
    assert len(state.buffer(SYMBOL, "5m")) == 1
    state.apply([closed(i, volume=float(i)) for i in range(7, 15)], T0)
    frames = [(event.timeframe, event.candle.time_ms) for event in state.closed]
    assert frames[-3:] == [
        ("1m", T0 + 14 * MINUTE_MS),
        ("5m", T0 + 10 * MINUTE_MS),
        ("15m", T0),
    ]
    assert len(state.buffer(SYMBOL, "5m")) == 3


def test_a_symbol_without_a_candle_or_a_price_is_stale() -> None:
    state = market()
    assert state.is_stale(SYMBOL, "1m", T0)
    assert state.is_quote_stale(SYMBOL, T0)
    state.apply([closed(0)], T0)
    assert state.is_stale(SYMBOL, "1m", T0 + MINUTE_MS), "no tick yet"
