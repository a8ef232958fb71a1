import json
import traceback
from decimal import Decimal
from typing import Any

import pytest

from cts_tui.clock import SystemClock
from cts_tui.errors import (
    AuthenticationError,
    CtsError,
    RateLimitedError,
    RetryableError,
    UnknownOutcome,
    VenueError,
)
from cts_tui.exchange.advice import Layer
from cts_tui.exchange.faults import UnreachableError
from cts_tui.exchange.limiter import URGENT_WAIT_S, Priority
from cts_tui.exchange.session import ExchangeSession
from cts_tui.model.trading import MarketType
from tests.exchange.bybit_server import KEYS, BybitServer
from tests.exchange.conftest import Opening

CREATE, TIME, MARKETS = "/v5/order/create", "/v5/market/time", "/v5/market/instruments-info"
TIME_CALL = "fetch_time"
TICKERS = "/v5/market/tickers"
ORDER = ("create_order", "BTC/USDT", "limit", "buy", 0.01, 100.0)
GARBAGE = ["<html><body>Please log in</body></html>", '{"retCode":0,"resu', "", "null", "oops"]


async def order(session: ExchangeSession) -> Any:
    return await session.call(*ORDER, priority=Priority.ORDER, is_order=True)


async def test_it_asks_for_the_time_and_one_type_of_market_and_for_nothing_else(
    bybit: BybitServer, opening: Opening
) -> None:
    session = await opening(credentials=KEYS)
    assert bybit.paths() == [TIME, MARKETS]
    assert bybit.requests[1][2]["category"] == "spot"
    assert session.instruments["BTC/USDT"].amount_step == Decimal("0.000001")
    assert await session.call("fetch_ohlcv", "BTC/USDT", "5m", None, 500) == [
        [1700000000000, 1.0, 2.0, 0.5, 1.5, 10.0]
    ]
    assert session.has("fetchOHLCV")
    assert session.has("watchTicker")
    assert not session.has("fetchNothing")


async def test_swaps_are_loaded_where_swaps_are_traded(
    bybit: BybitServer, opening: Opening
) -> None:
    session = await opening(market=MarketType.SWAP)
    assert list(session.instruments) == ["BTC/USDT:USDT"]
    assert {query["category"] for _, path, query in bybit.requests if path == MARKETS} == {"linear"}


async def test_an_order_goes_out_signed_once(bybit: BybitServer, opening: Opening) -> None:
    session = await opening(credentials=KEYS)
    accepted = await session.call(
        *ORDER, priority=Priority.ORDER, is_order=True, params={"clientOrderId": "ours-1"}
    )
    assert accepted["id"] == "1523347543495541248"
    assert bybit.paths("POST") == [CREATE]


@pytest.mark.parametrize("body", GARBAGE)
async def test_garbage_with_status_200_is_no_answer(
    bybit: BybitServer, opening: Opening, body: str
) -> None:
    session = await opening(credentials=KEYS)
    bybit.always(TICKERS, body)
    with pytest.raises(RetryableError):
        await session.call("fetch_tickers")
    bybit.always(CREATE, body)
    with pytest.raises(UnknownOutcome):
        await order(session)
    bybit.always(MARKETS, body)
    with pytest.raises(RetryableError):
        await session.reload_markets()
    assert list(session.instruments) == ["BTC/USDT"]
    assert "BTC/USDT" in session.client.markets


async def test_an_empty_table_of_markets_is_a_fault_and_leaves_the_old_one(
    bybit: BybitServer, opening: Opening
) -> None:
    session = await opening()
    empty = {"retCode": 0, "retMsg": "OK", "result": {"category": "spot", "list": []}}
    bybit.always(MARKETS, json.dumps(empty))
    with pytest.raises(RetryableError, match="no markets"):
        await session.reload_markets()
    assert "BTC/USDT" in session.client.markets
    with pytest.raises(RetryableError, match="no markets"):
        await opening()


async def test_one_price_that_is_no_number_costs_only_itself(
    bybit: BybitServer, opening: Opening
) -> None:
    session = await opening()
    listed = '{"symbol":"BTCUSDT","lastPrice":NaN,"bid1Price":"99","volume24h":-Infinity}'
    bybit.always(TICKERS, f'{{"retCode":0,"result":{{"category":"spot","list":[{listed}]}}}}')
    tickers = await session.call("fetch_tickers", ["BTC/USDT"])
    assert tickers["BTC/USDT"]["last"] is None
    assert tickers["BTC/USDT"]["bid"] == 99.0


@pytest.mark.parametrize(
    ("status", "kind"), [(500, UnknownOutcome), (502, UnknownOutcome), (504, UnknownOutcome)]
)
async def test_a_server_error_leaves_an_order_open(
    bybit: BybitServer, opening: Opening, status: int, kind: type[CtsError]
) -> None:
    session = await opening(credentials=KEYS)
    bybit.always(CREATE, "<html>Bad gateway</html>", status)
    with pytest.raises(kind):
        await order(session)


async def test_a_cut_connection_leaves_an_order_open_and_it_is_sent_once(
    bybit: BybitServer, opening: Opening
) -> None:
    session = await opening(credentials=KEYS)
    bybit.cuts(CREATE)
    with pytest.raises(UnknownOutcome, match="the order may exist"):
        await order(session)
    assert bybit.paths("POST") == [CREATE]
    bybit.cuts(TICKERS)
    with pytest.raises(UnreachableError) as cut:
        await session.call("fetch_tickers")
    assert cut.value.layer is Layer.CUT


async def test_an_answer_that_comes_too_late_leaves_an_order_open(
    bybit: BybitServer, opening: Opening
) -> None:
    session = await opening(credentials=KEYS)
    go_on = bybit.hangs(CREATE)
    with pytest.raises(UnknownOutcome):
        await session.call(*ORDER, is_order=True, timeout_s=0.3)
    go_on.set()


async def test_an_order_to_an_exchange_that_is_not_there_was_not_placed(
    bybit: BybitServer, opening: Opening
) -> None:
    session = await opening(credentials=KEYS)
    session.client.urls["api"]["private"] = "http://127.0.0.1:9"
    session.client.options["enableUnifiedAccount"] = True
    session.client.options["enableUnifiedMargin"] = True
    with pytest.raises(UnreachableError) as nobody:
        await order(session)
    assert nobody.value.layer is Layer.CONNECT


async def test_a_refusal_says_why(bybit: BybitServer, opening: Opening) -> None:
    session = await opening(credentials=KEYS)
    bybit.refuses(CREATE, 170131, "Insufficient balance.")
    with pytest.raises(VenueError, match="Insufficient balance") as refused:
        await order(session)
    assert refused.value.code == "insufficient_funds"
    bybit.refuses(CREATE, 10003, "API key is invalid.")
    with pytest.raises(AuthenticationError, match="check key, secret and mode"):
        await order(session)


@pytest.mark.parametrize(
    ("status", "headers", "body", "least_s"),
    [
        (429, {"Retry_After": "20"}, "{}", 19),
        (429, {}, "{}", 4),
        (418, {}, '{"msg":"banned until %d"}', 50),
        (403, {"Retry_After": "15"}, "<html>denied</html>", 14),
    ],
)
async def test_a_rate_limit_holds_back_everything(
    bybit: BybitServer, opening: Opening, status: int, headers: Any, body: str, least_s: float
) -> None:
    session = await opening()
    text = body % (SystemClock().now_ms() + 60_000) if "%" in body else body
    bybit.always(TICKERS, text, status, **headers)
    with pytest.raises(RetryableError) as limited:
        await session.call("fetch_tickers")
    assert limited.value.wait_s >= least_s
    assert session.limiter.figures()["throttled_s"] >= least_s
    assert session.breaker.is_closed, "a limit is an answer"
    if least_s > URGENT_WAIT_S:
        with pytest.raises(RateLimitedError):
            await session.call(TIME_CALL, priority=Priority.ORDER, is_order=True)
        assert bybit.paths()[-1] == TICKERS


async def test_markets_are_asked_for_without_keys_again_and_again(
    bybit: BybitServer, opening: Opening
) -> None:
    session = await opening(credentials=KEYS)
    await session.reload_markets()
    assert bybit.paths() == [TIME, MARKETS, MARKETS]


async def test_the_exchanges_own_code_for_too_many_requests_is_a_rate_limit_too(
    bybit: BybitServer, opening: Opening
) -> None:
    session = await opening()
    reset_ms = SystemClock().now_ms() + 9_000
    refused = json.dumps({"retCode": 10006, "retMsg": "Too many visits!", "result": {}})
    bybit.always(TICKERS, refused, X_Bapi_Limit_Reset_Timestamp=str(reset_ms))
    with pytest.raises(RateLimitedError) as limited:
        await session.call("fetch_tickers")
    assert 7 < limited.value.wait_s <= 9
    assert session.limiter.figures()["throttled_s"] > 7


async def test_the_breaker_keeps_a_sick_exchange_from_being_asked(
    bybit: BybitServer, opening: Opening
) -> None:
    session = await opening()
    bybit.cuts(TICKERS)
    for _ in range(3):
        with pytest.raises(UnreachableError):
            await session.call("fetch_tickers")
    asked = len(bybit.requests)
    with pytest.raises(RetryableError, match="not sent") as refused:
        await session.call("fetch_ohlcv", "BTC/USDT")
    assert refused.value.wait_s > 0
    assert len(bybit.requests) == asked
    assert session.figures()["breaker"]["state"] == "open"
    await session.call("fetch_ohlcv", "BTC/USDT", is_exit=True)
    assert session.figures()["breaker"]["state"] == "closed"


async def test_a_clock_that_is_off_is_measured_before_anything_is_signed(
    bybit: BybitServer, opening: Opening
) -> None:
    bybit.skew_ms = -30_000
    session = await opening(credentials=KEYS)
    assert session.clock_offset_ms == pytest.approx(-30_000, abs=500)
    assert session.client.nonce() == pytest.approx(session.server_now_ms(), abs=500)
    bybit.skew_ms = 45_000
    bybit.refuses(CREATE, 10002, "invalid request, please check your timestamp")
    with pytest.raises(RetryableError, match="clock is off by 30"):
        await order(session)
    del bybit.answers[CREATE]
    await order(session)
    assert session.clock_offset_ms == pytest.approx(45_000, abs=500)


async def test_no_secret_is_in_a_repr_a_figure_or_the_trace_of_an_error(
    bybit: BybitServer, opening: Opening
) -> None:
    session = await opening(credentials=KEYS)
    bybit.always(CREATE, f"<p>{KEYS.secret} {KEYS.api_key}</p>", 400)
    with pytest.raises(CtsError) as raised:
        await order(session)
    trace = "".join(traceback.format_exception(raised.value))
    shown = repr(session) + json.dumps(session.figures()) + trace
    assert KEYS.secret not in shown
    assert KEYS.api_key not in shown
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None


async def test_after_it_is_closed_nothing_goes_out(bybit: BybitServer, opening: Opening) -> None:
    session = await opening()
    await session.close()
    await session.close()
    with pytest.raises(VenueError, match="closed"):
        await session.call("fetch_tickers")
    assert TICKERS not in bybit.paths()
