"""The market on the desk: stored series as charts, read on cheaply, with trades and levels."""

import math
from decimal import Decimal

import numpy as np
import pytest

from cts_tui.clock import ManualClock
from cts_tui.desk.charting import forming_candle, studies_over
from cts_tui.desk.market import MarketDesk
from cts_tui.desk.room import Room
from cts_tui.errors import ConfigError
from cts_tui.model.chart import LastPrice, StudyKind, chart_timeframes, trade_marks
from cts_tui.model.columns import CandleColumns
from cts_tui.model.market import Candle, Source
from cts_tui.model.trade import Trade
from cts_tui.model.trading import Actor, Direction, ExitReason, PositionStatus
from cts_tui.rules.evaluate import History
from cts_tui.rules.parser import parse_expression
from cts_tui.store import history
from cts_tui.store.batch import Batch
from cts_tui.store.database import Database
from tests.store.samples import add_connection, position, write

_FIVE = 300_000
_START = 1_743_638_400_000  # 2025-04-03T00:00:00Z


def candle(index: int, close: float = 0.0) -> Candle:
    close = close or 100 + 5 * math.sin(index / 7)
    opened = 100 + 5 * math.sin((index - 1) / 7)
    high, low = max(opened, close) + 0.5, min(opened, close) - 0.5
    return Candle(_START + index * _FIVE, opened, high, low, close, 1.0 + index % 5)


class Stall:
    """A store with one connection, and the market on it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = ManualClock(_START)
        self.id = add_connection(database, "paper")
        self.market = MarketDesk(Room(database, Actor.TUI, self.clock))

    def store(self, *candles: Candle, source: Source = Source.STREAM, symbol: str = "BTC/USDT",
              timeframe: str = "5m") -> None:  # fmt: skip
        batch = Batch()
        for each in candles:
            batch.candle(self.id, symbol, timeframe, each, source)
        write(self.database, batch)
        self.clock.set(max(self.clock.now_ms(), candles[-1].time_ms + _FIVE))

    def price(self, price: str, time_ms: int, *, is_stale: bool = False) -> None:
        batch = Batch()
        batch.latest_price(
            self.id, "BTC/USDT", Decimal(price), time_ms, Source.STREAM, is_stale=is_stale
        )
        write(self.database, batch)


@pytest.fixture
def stall(database: Database) -> Stall:
    return Stall(database)


def test_series_are_what_has_candles_and_enabled_connections_come_first(stall: Stall) -> None:
    assert stall.market.series() == []
    stall.store(candle(0), candle(1))
    stall.store(candle(0), symbol="ETH/USDT", timeframe="1h")
    found = stall.market.series()
    assert [(s.symbol, s.timeframe) for s in found] == [("BTC/USDT", "5m")]
    stall.price("1", _START)
    assert found[0].last_ms == candle(1).time_ms
    assert not found[0].is_enabled


def test_a_chart_has_the_values_the_rules_see(stall: Stall) -> None:
    candles = [candle(index) for index in range(120)]
    stall.store(*candles)
    view = stall.market.chart("paper", "BTC/USDT", "5m", limit=50)
    assert view.candles == tuple(candles[-50:])
    assert [study.name for study in view.studies] == ["sma(20)", "rsi(14)", "macd(12,26,9)"]
    assert [study.kind for study in view.studies] == [
        StudyKind.OVERLAY, StudyKind.BOUNDED, StudyKind.OSCILLATOR,
    ]  # fmt: skip
    assert [curve.name for curve in view.studies[2].curves] == ["macd", "signal", "hist"]
    rules = History(CandleColumns.from_candles(candles), "5m")
    expected = rules.values(parse_expression("sma(20)"))[-50:]
    np.testing.assert_array_equal(view.studies[0].curves[0].values, expected)


def test_a_value_that_is_not_there_yet_is_nan() -> None:
    columns = CandleColumns.from_candles([candle(index) for index in range(25)])
    (study,) = studies_over(columns, "5m", ["sma(20)"], 100)
    assert [math.isnan(value) for value in study.curves[0].values] == [True] * 19 + [False] * 6


def test_the_latest_price_forms_the_next_candle(stall: Stall) -> None:
    stall.store(*(candle(index) for index in range(30)))
    stall.price("120", candle(30).time_ms + 1_000)
    view = stall.market.chart("paper", "BTC/USDT", "5m")
    opened = candle(29).close
    assert view.has_forming
    assert view.candles[-1] == Candle(candle(30).time_ms, opened, 120.0, opened, 120.0, 0)
    assert view.last == LastPrice(120.0, candle(30).time_ms + 1_000, "stream", is_stale=False)
    assert len(view.studies[0].curves[0].values) == 30


def test_a_price_of_a_closed_candle_forms_none_and_an_old_one_is_stale(stall: Stall) -> None:
    stall.store(*(candle(index) for index in range(3)))
    stall.price("101", candle(2).time_ms + 1_000)
    view = stall.market.chart("paper", "BTC/USDT", "5m")
    assert not view.has_forming
    assert view.last is not None
    assert view.last.is_stale


def test_coarser_candles_are_whole_and_the_rest_forms(stall: Stall) -> None:
    stall.store(*(candle(index) for index in range(26)))
    stall.price("98.5", candle(26).time_ms + 5)
    view = stall.market.chart("paper", "BTC/USDT", "1h")
    assert [c.time_ms for c in view.candles] == [_START, _START + 12 * _FIVE, _START + 24 * _FIVE]
    forming = view.candles[-1]
    assert forming.open == candle(24).open
    assert forming.high == max(candle(24).high, candle(25).high)
    assert forming.close == 98.5
    assert forming.volume == candle(24).volume + candle(25).volume
    assert view.timeframes == ("5m", "15m", "1h", "4h", "1d")


def test_after_a_gap_the_forming_candle_opens_at_the_price_itself() -> None:
    last = LastPrice(7.0, _START + 5 * _FIVE, "rest", is_stale=False)
    formed = forming_candle([candle(0)], None, last, "5m")
    assert formed == Candle(_START + 5 * _FIVE, 7.0, 7.0, 7.0, 7.0, 0)


def test_new_candles_are_read_on_and_a_filled_gap_shows_within_a_minute(stall: Stall) -> None:
    stall.store(*(candle(index) for index in range(10) if index != 4))
    assert len(stall.market.chart("paper", "BTC/USDT", "5m").candles) == 9
    stall.store(candle(10))
    assert len(stall.market.chart("paper", "BTC/USDT", "5m").candles) == 10
    stall.store(candle(4))
    stall.clock.advance(60_000)
    view = stall.market.chart("paper", "BTC/USDT", "5m")
    assert [c.time_ms for c in view.candles] == [candle(i).time_ms for i in range(11)]


def test_nothing_is_computed_while_no_candle_closes(
    stall: Stall, monkeypatch: pytest.MonkeyPatch
) -> None:
    stall.store(*(candle(index) for index in range(30)))
    first = stall.market.chart("paper", "BTC/USDT", "5m")
    monkeypatch.setattr("cts_tui.desk.market.studies_over", pytest.fail)
    again = stall.market.chart("paper", "BTC/USDT", "5m")
    assert again.studies is first.studies


def test_candles_of_a_lost_feed_are_flagged(stall: Stall) -> None:
    stall.store(candle(0), candle(1))
    stall.store(candle(2), source=Source.SYNTHETIC)
    view = stall.market.chart("paper", "BTC/USDT", "5m")
    assert view.invented == {candle(2).time_ms}


def test_trades_are_marked_and_open_positions_give_their_levels(stall: Stall) -> None:
    stall.store(*(candle(index) for index in range(9)))
    batch = Batch()
    batch.position(stall.id, position("open", entry_time_ms=candle(7).time_ms), _START)
    batch.position(stall.id, position("other", symbol="ETH/USDT"), _START)
    closed = position(
        "closed", side=Direction.SHORT, status=PositionStatus.CLOSED,
        entry_time_ms=candle(1).time_ms, exit_time_ms=candle(3).time_ms,
        exit_price=Decimal(97), pnl=Decimal("5.5"), exit_reason=ExitReason.RULE,
    )  # fmt: skip
    batch.position(stall.id, closed, _START)
    write(stall.database, batch)
    view = stall.market.chart("paper", "BTC/USDT", "5m")
    assert [(m.time_ms, m.is_entry, m.direction, m.pnl) for m in view.marks] == [
        (candle(1).time_ms, True, "short", None),
        (candle(3).time_ms, False, "short", 5.5),
        (candle(7).time_ms, True, "long", None),
    ]
    assert {level.name: level.price for level in view.levels} == {
        "entry": 100.0, "stop": 98.0, "target": 103.0,
    }  # fmt: skip


def test_a_chart_that_cannot_be_is_refused_with_what_there_is(stall: Stall) -> None:
    with pytest.raises(ConfigError, match="no connection called 'nobody'"):
        stall.market.chart("nobody", "BTC/USDT", "5m")
    with pytest.raises(ConfigError, match="no candle is stored yet"):
        stall.market.chart("paper", "BTC/USDT", "5m")
    stall.store(candle(0))
    with pytest.raises(ConfigError, match="there is: 5m, 15m, 1h"):
        stall.market.chart("paper", "BTC/USDT", "1m")
    assert stall.market.chart("paper", "ETH/USDT", "5m").candles == ()


def test_timeframes_are_whole_multiples_of_a_stored_one() -> None:
    assert chart_timeframes(["5m"]) == ("5m", "15m", "1h", "4h", "1d")
    assert chart_timeframes(["3m"]) == ("3m", "15m", "1h", "4h", "1d")
    assert chart_timeframes([]) == ()


def test_stored_timeframes_are_found_one_by_one(stall: Stall) -> None:
    for timeframe in ("5m", "1h", "15m"):
        stall.store(candle(0), timeframe=timeframe)
    with stall.database.read() as transaction:
        assert history.stored_timeframes(transaction, stall.id) == ["15m", "1h", "5m"]
        assert history.stored_timeframes(transaction, stall.id + 1) == []


def test_backtest_trades_give_marks() -> None:
    trade = Trade(
        Direction.LONG, _START, Decimal(100), _START + _FIVE, Decimal(99), Decimal(1),
        Decimal(0), Decimal(-1), ExitReason.STOP_LOSS,
    )  # fmt: skip
    entry, end = trade_marks([trade])
    assert (entry.is_entry, entry.price, entry.pnl) == (True, 100.0, None)
    assert (end.is_entry, end.price, end.pnl) == (False, 99.0, -1.0)
