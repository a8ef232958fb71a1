"""The JSON document is the contract of design.md §6, key by key."""

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from math import inf, nan
from typing import Any

from cts_tui.backtest.metrics import measure
from cts_tui.backtest.report import document, result_document
from cts_tui.model.columns import CandleColumns
from cts_tui.model.trade import Trade
from cts_tui.model.trading import Direction, ExitReason

Make = Callable[..., CandleColumns]
RESULT_KEYS = (
    "symbol,timeframe,strategy,candles,start,end,trades,wins,losses,profit_factor,net_profit,"
    "net_profit_pct,max_drawdown_pct,sharpe,sortino,win_rate_pct,avg_trade_pct,exposure_pct,"
    "trade_list"
)
TRADE_KEYS = (
    "side,entry_time,entry_price,exit_time,exit_price,quantity,fees,pnl,pnl_pct,exit_reason"
)
TRADE = Trade(
    direction=Direction.SHORT,
    entry_time_ms=60_000,
    entry_price=Decimal("0.00000100"),
    exit_time_ms=120_000,
    exit_price=Decimal("9.7E-7"),
    quantity=Decimal("3000000.000000000000"),
    fees=Decimal("0.00591"),
    pnl=Decimal("0.08409"),
    exit_reason=ExitReason.TAKE_PROFIT,
)


def result(candles: CandleColumns, trades: list[Trade], **changed: Any) -> dict[str, Any]:
    metrics = replace(measure(trades, candles, Decimal(1000)), **changed)
    return result_document(
        symbol="BTC/USDT",
        timeframe="1m",
        strategy="sma-cross",
        candles=candles,
        metrics=metrics,
        trades=trades,
    )


def test_a_result_has_exactly_the_keys_of_the_contract_in_its_order(make_candles: Make) -> None:
    assert ",".join(result(make_candles((1, 1, 1, 1)), [])) == RESULT_KEYS


def test_money_is_plain_text_times_are_utc_and_percentages_are_numbers(
    make_candles: Make,
) -> None:
    candles = make_candles(*[(1e-6, 1e-6, 1e-6, 1e-6)] * 3)
    one = result(candles, [TRADE])
    assert one["net_profit"] == "0.08409"
    assert one["start"] == "1970-01-01T00:00:00Z"
    assert one["end"] == "1970-01-01T00:02:00Z"
    assert one["candles"] == 3
    assert one["net_profit_pct"] == 0.008409
    assert one["exposure_pct"] == 66.666667
    assert one["profit_factor"] is None
    assert one["trade_list"] == [
        {
            "side": "short",
            "entry_time": "1970-01-01T00:01:00Z",
            "entry_price": "0.000001",
            "exit_time": "1970-01-01T00:02:00Z",
            "exit_price": "0.00000097",
            "quantity": "3000000",
            "fees": "0.00591",
            "pnl": "0.08409",
            "pnl_pct": 2.803,
            "exit_reason": "take_profit",
        }
    ]


def test_a_trade_has_exactly_the_keys_of_the_contract_in_its_order(make_candles: Make) -> None:
    (trade,) = result(make_candles(*[(1, 1, 1, 1)] * 3), [TRADE])["trade_list"]
    assert ",".join(trade) == TRADE_KEYS


def test_a_result_without_candles_has_no_start_and_no_end(make_candles: Make) -> None:
    nothing = result(make_candles(), [])
    assert (nothing["candles"], nothing["start"], nothing["end"]) == (0, None, None)


def test_no_number_that_json_lacks_ever_appears(make_candles: Make) -> None:
    odd = result(make_candles((1, 1, 1, 1)), [], sharpe=nan, profit_factor=inf, exposure_pct=-inf)
    assert json.loads(json.dumps(odd, allow_nan=False)) == odd
    assert (odd["sharpe"], odd["profit_factor"], odd["exposure_pct"]) == (None, None, None)


def test_a_percentage_that_rounds_to_zero_has_no_sign(make_candles: Make) -> None:
    assert str(result(make_candles(), [], net_profit_pct=-1e-9)["net_profit_pct"]) == "0.0"


def test_the_document_holds_the_quality_of_the_data_and_the_results(make_candles: Make) -> None:
    one = result(make_candles(), [])
    whole = document(rows=5, dropped=1, repaired=2, gaps=0, results=[one])
    assert list(whole) == ["data", "results"]
    assert whole["data"] == {"rows": 5, "dropped": 1, "repaired": 2, "gaps": 0}
    assert whole["results"] == [one]


def test_only_a_replay_tells_of_its_pipeline() -> None:
    whole = document(rows=0, dropped=0, repaired=0, gaps=0, results=[], pipeline={"cycles": 3})
    assert list(whole) == ["data", "results", "pipeline"]
    assert whole["pipeline"] == {"cycles": 3}
