"""Replay = backtest: the whole pipeline gives the trades of the backtest, and stores the same."""

import dataclasses
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cts_tui.backtest.report import trade_document
from cts_tui.backtest.run import backtest
from cts_tui.backtest.shadow import Shadow
from cts_tui.clock import iso_from_ms
from cts_tui.engine.replay import Replay, connection_name
from cts_tui.errors import ConfigError
from cts_tui.market.aggregate import aggregate
from cts_tui.market.clean import DataQuality
from cts_tui.market.recorded import Recorded, read_recorded
from cts_tui.model.columns import CandleColumns
from cts_tui.model.market import Candle
from cts_tui.model.money import money_text
from cts_tui.model.strategy import ANY_TIMEFRAME, Size, SizeKind, StrategySpec
from cts_tui.rules.builtin import builtin_strategies
from cts_tui.rules.evaluate import History
from cts_tui.rules.parser import parse_rule
from cts_tui.settings import Settings
from cts_tui.store import leases
from cts_tui.store.database import Database

from .world import MINUTE_MS, SPOKEN, T0, make_connection, spoken, stored

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
NAMES = ("entry_long", "exit_long", "entry_short", "exit_short")
SLIPPING = {"paper_fee_pct": Decimal("0.06"), "paper_slippage_pct": Decimal("0.03")}


def file(name: str, first: int, count: int) -> Recorded:
    """Return `count` candles of a recording."""
    if not (DATA / name).is_file():
        pytest.skip(f"the recording {name} is not here")
    recorded = read_recorded(DATA / name)
    return dataclasses.replace(recorded, columns=recorded.columns.slice(first, first + count))


def made(candles: Sequence[Candle], timeframe: str = "1m") -> Recorded:
    """Return candles as if they had been recorded."""
    columns = CandleColumns.from_candles(list(candles))
    return Recorded("TEST", "BTCUSDT", timeframe, columns, DataQuality(len(candles), 0, 0, 0, 0))


async def replay(
    database: Database,
    recorded: Recorded,
    *specs: StrategySpec,
    is_gated: bool = False,
    **money: Any,
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return the results and the pipeline's figures; fail where a cycle failed."""
    run = Replay(database, Settings(**money), "a test", is_gated=is_gated)
    try:
        results = await run.run(recorded, specs)
    finally:
        run.close()
    figures = run.figures.document()
    assert figures["errors"] == 0
    return results, figures


def expected(recorded: Recorded, spec: StrategySpec, **money: Any) -> list[dict[str, Any]]:
    """Return the trades of the backtest, its rules evaluated over the whole history at once."""
    chosen = Settings(**money)
    is_any = spec.timeframe == ANY_TIMEFRAME
    timeframe = recorded.timeframe if is_any else spec.timeframe
    candles = aggregate(recorded.columns, recorded.timeframe, timeframe)
    history = History(candles, timeframe)
    never = np.zeros(len(candles), dtype=np.bool_)
    rules = {
        name: history.holds(parse_rule(getattr(spec, name))) if getattr(spec, name) else never
        for name in NAMES
    }
    trades = backtest(
        candles,
        **rules,
        spec=spec,
        fee_pct=chosen.paper_fee_pct,
        slippage_pct=chosen.paper_slippage_pct,
        balance=chosen.paper_balance,
    )
    return [trade_document(trade) for trade in trades]


OWN = (
    StrategySpec(
        "trailing",
        entry_long="crosses_above(ema(5), ema(20))",
        entry_short="crosses_below(ema(5), ema(20))",
        stop_loss_pct=Decimal(1),
        take_profit_pct=Decimal(0),
        trailing_stop_pct=Decimal("0.4"),
    ),
    StrategySpec(
        "reversing",
        entry_long="crosses_above(rsi(7), 50)",
        exit_long="crosses_below(rsi(7), 50)",
        entry_short="crosses_below(rsi(7), 50)",
        exit_short="crosses_above(rsi(7), 50)",
        stop_loss_pct=Decimal("0.8"),
        take_profit_pct=Decimal("1.7"),
        size=Size(SizeKind.EQUITY_PCT, Decimal(30)),
    ),
    StrategySpec(
        "risking",
        entry_long="close > highest(high[1], 10)",
        exit_long="close < lowest(low[1], 5)",
        size=Size(SizeKind.RISK_PCT, Decimal(1)),
    ),
    StrategySpec(
        "coarser",
        timeframe="1h",
        entry_long="crosses_above(sma(3), sma(8))",
        entry_short="crosses_below(sma(3), sma(8))",
        stop_loss_pct=Decimal("0.5"),
        trailing_stop_pct=Decimal("0.7"),
    ),
    StrategySpec(
        "looking-up",
        entry_long='rsi(5) < 30 and at("1h", close > sma(5))',
        exit_long="rsi(5) > 60",
        stop_loss_pct=Decimal("0.6"),
    ),
)


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("BYBIT_BTCUSDT_5m.csv.gz", 0),
        ("BYBIT_SOLUSDT_5m.csv.gz", 3_000),
        ("KRAKEN_XBTUSDC_1m.csv.gz", 500),
    ],
)
@pytest.mark.parametrize(
    "money",
    [
        pytest.param({}, id="as it is"),
        pytest.param(SLIPPING, id="slipping", marks=pytest.mark.soak),
    ],
)
async def test_a_replay_of_a_recording_trades_as_the_backtest_does(
    database: Database, name: str, first: int, money: dict[str, Any]
) -> None:
    recorded = file(name, first, 3_000)
    specs = [*builtin_strategies(), *OWN]
    results, figures = await replay(database, recorded, *specs, **money)
    assert [result["strategy"] for result in results] == [spec.name for spec in specs]
    for spec, result in zip(specs, results, strict=True):
        assert result["trade_list"] == expected(recorded, spec, **money), spec.name
    total = sum(result["trades"] for result in results)
    assert total > 40
    assert figures["fills"] == 2 * total
    assert_stored_as_told(database, results)


def assert_stored_as_told(database: Database, results: Sequence[dict[str, Any]]) -> None:
    """The database holds the trades of the document, and orders and fills that belong to them."""
    told = [
        (result["strategy"], *(trade[key] for key in trade if key != "pnl_pct"))
        for result in results
        for trade in result["trade_list"]
    ]
    rows = stored(database, "positions")
    held = [
        (
            row["strategy"],
            row["side"],
            iso_from_ms(row["entry_time_ms"]),
            money_text(row["entry_price"]),
            iso_from_ms(row["exit_time_ms"]),
            money_text(row["exit_price"]),
            money_text(row["quantity"]),
            money_text(row["fees"]),
            money_text(row["pnl"]),
            row["exit_reason"],
        )
        for row in rows
    ]
    assert sorted(held) == sorted(told)
    fills = stored(database, "fills")
    assert len(fills) == 2 * len(rows)
    assert sum(row["fee"] for row in fills) == sum(row["fees"] for row in rows)
    orders = {row["client_order_id"]: row for row in stored(database, "orders")}
    assert {orders[row["client_order_id"]]["status"] for row in fills} <= {"filled"}
    open_orders = [o for o in orders.values() if o["status"] not in ("filled", "cancelled")]
    assert open_orders == []


@st.composite
def talks(draw: st.DrawFn) -> list[Candle]:
    """A short history on a coarse grid, each candle saying something."""
    count = draw(st.integers(1, 25))
    candles = []
    time_ms = T0
    for _ in range(count):
        low, first, second, high = sorted(draw(st.tuples(*4 * [st.integers(90, 110)])))
        open_, close = draw(st.sampled_from([(first, second), (second, first)]))
        say = draw(st.integers(0, 6))
        candles.append(Candle(time_ms, open_, high, low, close, say))
        time_ms += MINUTE_MS * draw(st.sampled_from([1, 1, 1, 1, 7]))
    return candles


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    candles=talks(),
    stop=st.sampled_from(["0", "1", "5"]),
    target=st.sampled_from(["0", "1", "10"]),
    trailing=st.sampled_from(["0", "0", "2"]),
    slippage=st.sampled_from(["0", "0.5"]),
    size=st.sampled_from(
        [Size(), Size(SizeKind.EQUITY_PCT, Decimal(90)), Size(SizeKind.RISK_PCT, Decimal(2))]
    ),
    timeframe=st.sampled_from(["*", "*", "2m"]),
)
async def test_a_replay_of_any_history_trades_as_the_backtest_does(
    database: Database,
    candles: list[Candle],
    stop: str,
    target: str,
    trailing: str,
    slippage: str,
    size: Size,
    timeframe: str,
) -> None:
    spec = spoken(
        stop_loss_pct=stop,
        take_profit_pct=target,
        trailing_stop_pct=trailing,
        size=size,
        timeframe=timeframe,
    )
    money = {"paper_slippage_pct": Decimal(slippage)}
    recorded = made(candles)
    (result,), _ = await replay(database, recorded, spec, **money)
    assert result["trade_list"] == expected(recorded, spec, **money)
    assert_stored_as_told(database, [result])


def test_the_talks_can_say_everything() -> None:
    assert set(SPOKEN) == set(NAMES)


async def test_the_same_replay_gives_the_same_document_but_for_its_timings(
    database: Database,
) -> None:
    recorded = file("BYBIT_BTCUSDT_5m.csv.gz", 0, 600)
    first, figures = await replay(database, recorded, *builtin_strategies(), is_gated=True)
    again, refigured = await replay(database, recorded, *builtin_strategies(), is_gated=True)
    assert again == first
    for document in (figures, refigured):
        assert set(document.pop("timings")) == {
            "realtime",
            "indication",
            "strategy",
            "execution",
            "total",
        }
    assert figures == refigured
    assert figures["indications"] == 600


async def test_a_replay_replaces_what_an_earlier_one_of_its_series_stored(
    database: Database,
) -> None:
    long = [Candle(T0 + i * MINUTE_MS, 100, 100, 100, 100, i % 3) for i in range(30)]
    other = dataclasses.replace(made(long), exchange="OTHER")
    await replay(database, other, spoken())
    await replay(database, made(long), spoken())
    before = {name: len(stored(database, name)) for name in ("candles", "positions", "fills")}
    await replay(database, made(long[:10]), spoken())
    after = {name: len(stored(database, name)) for name in before}
    assert after["candles"] == before["candles"] - 20
    assert 0 < after["positions"] < before["positions"]
    assert after["fills"] == 2 * after["positions"]
    names = sorted(row["name"] for row in stored(database, "connections"))
    assert names == ["replay-other-btcusdt-1m", "replay-test-btcusdt-1m"]
    assert connection_name(other) == names[0]


async def test_a_replay_touches_no_other_connection(database: Database) -> None:
    setup = make_connection(database)
    await replay(database, made([Candle(T0, 1, 1, 1, 1, 1)]), spoken())
    assert stored(database, "connections")[0]["id"] == setup.id
    assert {row["connection_id"] for row in stored(database, "candles")} != {setup.id}


async def test_two_replays_of_one_series_at_once_are_refused(database: Database) -> None:
    recorded = made([Candle(T0, 1, 1, 1, 1, 1)])
    await replay(database, recorded, spoken())
    row = stored(database, "connections")[0]
    with database.write() as transaction:
        now = row["created_at"]
        later = now.replace(year=now.year + 1)
        assert leases.acquire(transaction, row["id"], "somebody else", now, later)
    with pytest.raises(ConfigError, match="another replay of replay-test-btcusdt-1m is running"):
        await replay(database, recorded, spoken())
    assert len(stored(database, "candles")) == 1


async def test_a_replay_that_is_refused_leaves_the_earlier_one_and_no_lease(
    database: Database,
) -> None:
    recorded = made([Candle(T0, 1, 1, 1, 1, 1)], timeframe="5m")
    await replay(database, recorded, spoken())
    with pytest.raises(ConfigError, match="runs on 1m candles, which cannot be made from the 5m"):
        await replay(database, recorded, spoken(timeframe="1m"))
    assert len(stored(database, "candles")) == 1
    assert [row["owner"] for row in stored(database, "leases")] == [None]


async def test_a_strategy_that_is_not_meant_for_the_symbol_gives_no_result(
    database: Database,
) -> None:
    recorded = made([Candle(T0, 1, 1, 1, 1, 1)])
    results, _ = await replay(database, recorded, spoken(symbols=("ETHUSDT",)), spoken("own"))
    assert [result["strategy"] for result in results] == ["own"]


def losing_then_winning(losses: int, gated: int, wins: int) -> list[Candle]:
    """Return candles whose every third says "enter long": first it loses, later it wins."""
    candles = []
    for number in range(losses + gated + wins):
        after = 97 if number < losses else 104
        prices = [(100, 100, 100, 100, 1), (100, 100, 100, 100, 0)]
        prices.append((100, max(100, after), min(100, after), 100, 0))
        for open_, high, low, close, say in prices:
            candles.append(Candle(T0 + len(candles) * MINUTE_MS, open_, high, low, close, say))
    return candles


async def test_a_rule_gated_by_its_profit_factor_enters_nothing_until_its_shadow_wins_again(
    database: Database,
) -> None:
    candles = losing_then_winning(6, 4, 8)
    spec = spoken(min_profit_factor=1.0, gate_trades=5, gate_min_trades=3)
    (result,), _ = await replay(database, made(candles), spec, is_gated=True)
    shadow = Shadow(spec, fee_pct=Decimal("0.1"), slippage_pct=Decimal(0), balance=Decimal(10_000))
    allowed = []
    for candle in candles:
        says = candle.volume == 1
        shadow.step(candle, entry_long=says, exit_long=False, entry_short=False, exit_short=False)
        if says and shadow.verdict().state != "gated":
            allowed.append(iso_from_ms(candle.time_ms + MINUTE_MS))
    entered = [trade["entry_time"] for trade in result["trade_list"]]
    assert entered == allowed
    reasons = [trade["exit_reason"] for trade in result["trade_list"]]
    assert reasons[:3] == 3 * ["stop_loss"], "unproven: it trades on paper"
    assert set(reasons[3:]) == {"take_profit"}
    assert 3 < len(reasons) < 18, "for a while it entered nothing"
    ungated, _ = await replay(database, made(candles), spec)
    assert ungated[0]["trades"] == 18
