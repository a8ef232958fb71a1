"""The report of a backtest says what `cts_tui.desk.backtests` says of the same candles."""

import math
from dataclasses import replace

import pytest

from cts_tui.backtest.months import months
from cts_tui.backtest.series import Terms
from cts_tui.desk.backtests import Result, backtest_files
from cts_tui.desk.desk import Desk
from cts_tui.errors import ConfigError
from cts_tui.market.clean import clean
from cts_tui.market.recorded import Recorded
from cts_tui.model.chart import Series
from cts_tui.model.columns import CandleColumns
from cts_tui.model.market import Candle, Source
from cts_tui.rules.spec import parse_strategy
from cts_tui.store import history

from .conftest import MIDNIGHT_MS, Hand

_MINUTE = 60_000
_SERIES = Series("demo", "BTC/USDT", "1m", True, 0)


def candle(index: int) -> Candle:
    opened, close = (100 + 6 * math.sin(i / 23) + 2 * math.sin(i / 5) for i in (index - 1, index))
    high, low = max(opened, close) + 0.2, min(opened, close) - 0.2
    return Candle(MIDNIGHT_MS - 86_400_000 + index * _MINUTE, opened, high, low, close, 5.0)


def store(hand: Hand, count: int, source: Source = Source.STREAM) -> None:
    batch, connection_id = hand.batch()
    for index in range(count):
        batch.candle(connection_id, "BTC/USDT", "1m", candle(index), source)
    hand.write(batch)


def stored(desk: Desk, hand: Hand) -> CandleColumns:
    with desk.database.read() as transaction:
        place = hand.connection_id("demo"), "BTC/USDT", "1m"
        return history.candles(transaction, *place, 100_000)


def expected(desk: Desk, hand: Hand, strategy: str) -> Result:
    """What the command would say of a file with the same candles."""
    spec = parse_strategy(desk.strategies.toml(strategy), "test")
    columns = stored(desk, hand)
    quality = clean(columns, "1m").quality
    file = Recorded("demo", "BTC/USDT", "1m", columns, quality)
    [result] = backtest_files([file], [[spec]], Terms(), lambda _done, _of: None).results
    return result


@pytest.mark.parametrize("strategy", ["sma-cross", "five"])
def test_the_figures_are_those_of_the_command_on_the_same_candles(
    desk: Desk, hand: Hand, strategy: str
) -> None:
    desk.strategies.add(
        'name = "five"\ntimeframe = "5m"\nentry_long = "rsi(7) < 40"\nexit_long = "rsi(7) > 60"'
    )
    store(hand, 3_003)
    result = expected(desk, hand, strategy)
    view = desk.reports.backtest(strategy, _SERIES)
    metrics, texts = result.metrics, dict(view.metrics)
    assert len(view.trades) == metrics.trades > 3
    assert [(t.entry_time_ms, t.exit_price, t.pnl, t.pnl_pct) for t in view.trades] == [
        (t.entry_time_ms, t.exit_price, t.pnl, t.pnl_pct) for t in result.trades
    ]
    assert texts["Net profit"] == f"{metrics.net_profit:+,.2f}"
    assert texts["Max drawdown"] == f"{metrics.max_drawdown_pct:.2f}%"
    assert texts["Win rate"] == f"{metrics.win_rate_pct:.1f}%"
    assert texts["Fees"] == f"{metrics.fees:,.2f}"
    assert (view.candles, view.timeframe) == (len(result.candles), result.timeframe)
    assert view.end_ms == int(result.candles.time_ms[-1])
    whole = months(result.trades, result.candles, 10_000.0)
    assert [(m.name, m.profit) for m in view.months] == [(m.name, m.profit) for m in whole]
    assert len(view.equity) == len(view.drawdown) == 400
    assert view.equity[-1] == pytest.approx(10_000 + float(metrics.net_profit))
    assert min(view.drawdown) == pytest.approx(-metrics.max_drawdown_pct)
    assert not view.note


def test_too_few_and_invented_candles_are_noted(desk: Desk, hand: Hand) -> None:
    store(hand, 12, Source.SYNTHETIC)
    view = desk.reports.backtest("sma-cross", _SERIES)
    assert "candles to warm up, there are 12" in view.note
    assert "12 of 12 stored candles rest on SYNTHETIC prices" in view.note
    assert (len(view.equity), view.trades) == (12, ())


def test_a_series_without_candles_gives_an_empty_report(desk: Desk) -> None:
    view = desk.reports.backtest("sma-cross", _SERIES)
    assert (view.candles, view.start_ms, view.equity, view.metrics) == (0, None, (), ())


def test_what_cannot_be_run_is_refused_in_one_line(desk: Desk, hand: Hand) -> None:
    store(hand, 10)
    desk.strategies.add('name = "fine"\ntimeframe = "1m"\nentry_long = "close > 1"')
    for strategy, series, reason in (
        ("none", _SERIES, "no strategy called 'none'"),
        ("fine", replace(_SERIES, connection="gone"), "no connection called 'gone'"),
        ("fine", replace(_SERIES, timeframe="5m"), "give it finer candles"),
    ):
        with pytest.raises(ConfigError, match=reason):
            desk.reports.backtest(strategy, series)


def test_a_symbol_it_is_not_meant_for_is_tried_and_noted(desk: Desk, hand: Hand) -> None:
    store(hand, 200)
    desk.strategies.add('name = "eth"\nentry_long = "close > 1"\nsymbols = ["ETH/USDT"]')
    view = desk.reports.backtest("eth", _SERIES)
    assert view.trades
    assert "eth is not meant for BTC/USDT" in view.note
