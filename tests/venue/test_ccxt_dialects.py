"""The same orders at other exchanges: what ccxt makes of our words there, and of their answers."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from cts_tui.errors import UnknownOutcome
from cts_tui.model.records import Order
from cts_tui.model.trading import OrderStatus, OrderType, Side, TimeInForce
from cts_tui.venue.venue import Accepted, Rejected

from .floors import PaperFloor
from .offline import Sent, exact, offline

ID = "ctsabcdefghijklmno"
SELL = Side.SELL


def order(
    market: str, side: Side = Side.BUY, type_: OrderType = OrderType.MARKET, **changes: Any
) -> Order:
    symbol = "BTC/USDT:USDT" if market == "swap" else "BTC/USDT"
    floor = PaperFloor(None, symbol)  # type: ignore[arg-type]
    return floor.order(side, type_, **{"client_order_id": ID, **changes})


ANSWERS: dict[str, Any] = {
    "bybit": {"retCode": 0, "result": {"orderId": "77", "orderLinkId": ID}, "retMsg": "OK"},
    "okx": {"code": "0", "data": [{"ordId": "77", "algoId": "77", "clOrdId": ID, "sCode": "0"}]},
    "kraken": {
        "error": [],
        "result": {"descr": {"order": "buy 0.01 XBTUSDT @ market"}, "txid": ["77"]},
    },
    "kucoin": {"code": "200000", "data": {"orderId": "77"}},
    "gate": {
        "id": 77,
        "text": "t-" + ID,
        "status": "open",
        "side": "buy",
        "amount": "0.01",
        "left": "0.01",
        "currency_pair": "BTC_USDT",
        "contract": "BTC_USDT",
        "size": 1,
        "price": "49000",
        "create_time": "1700000000",
        "finish_as": "open",
        "type": "limit",
    },
    "bitget": {"code": "00000", "data": {"orderId": "77", "clientOid": ID}, "msg": "success"},
}
HELD = {
    "bybit": {"retCode": 0, "result": {"list": []}, "retMsg": "OK"},
    "okx": {"code": "0", "data": [{"posMode": "net_mode"}]},
    "kucoin": {"code": "200000", "data": {"positionMode": "0"}},
    "gate": [],
    "bitget": {"code": "00000", "data": []},
}
HEDGED = {
    "bybit": {
        "retCode": 0,
        "result": {
            "list": [
                {"symbol": "BTCUSDT", "positionIdx": 1, "side": "Buy", "size": "1", "avgPrice": "1"}
            ]
        },
        "retMsg": "OK",
    },
    "okx": {"code": "0", "data": [{"posMode": "long_short_mode"}]},
    "kucoin": {"code": "200000", "data": {"positionMode": "1"}},
}
CLIENT_ID = {
    "bybit": "orderLinkId",
    "okx": "clOrdId",
    "kraken": "cl_ord_id",
    "kucoin": "clientOid",
    "gate": "text",
    "bitget": "clientOid",
}
SIZE = {
    "bybit": "qty",
    "okx": "sz",
    "kraken": "volume",
    "kucoin": "size",
    "gate": "amount",
    "bitget": "size",
}
SPOT, SWAP = tuple(ANSWERS), ("bybit", "okx", "kucoin", "gate", "bitget")


def answering(exchange: str, position_mode: Any = None) -> Any:
    """Return what answers orders, and the question for the position mode."""
    held = HELD.get(exchange, {}) if position_mode is None else position_mode

    def answer(request: Sent) -> Any:
        if request.method == "POST":
            return ANSWERS[exchange]
        if "ticker" in request.path.lower():
            return (
                [
                    {
                        "currency_pair": "BTC_USDT",
                        "last": "50000",
                        "lowest_ask": "50000",
                        "highest_bid": "49999",
                    }
                ]
                if exchange == "gate"
                else {
                    "code": "00000",
                    "data": [{"symbol": "BTCUSDT", "lastPr": "50000", "askPr": "50000"}],
                }
            )
        return held

    return answer


def the_order(sent: list[Sent]) -> Sent:
    (request,) = [one for one in sent if one.method == "POST"]
    return request


@pytest.mark.parametrize("exchange", SPOT)
async def test_a_spot_limit_order_carries_our_id_and_exact_figures(exchange: str) -> None:
    async with offline(exchange, "spot", answering(exchange)) as (venue, session):
        answer = await venue.submit(order("spot", type_=OrderType.LIMIT, price="49000.1"))
        assert answer == Accepted("77")
        fields = the_order(session.sent).fields
    assert fields[CLIENT_ID[exchange]].removeprefix("t-") == ID
    assert exact(fields[SIZE[exchange]]) == Decimal("0.01")
    assert "49000.1" in (fields.get("price"), fields.get("px"))
    assert "reduceOnly" not in fields


@pytest.mark.parametrize("exchange", SPOT)
async def test_a_spot_market_buy_is_sized_in_base_unless_the_exchange_knows_only_cost(
    exchange: str,
) -> None:
    async with offline(exchange, "spot", answering(exchange)) as (venue, session):
        assert await venue.submit(order("spot")) == Accepted("77")
        fields = the_order(session.sent).fields
    size = exact(fields[SIZE[exchange]])
    by_cost = exchange in ("gate", "bitget")
    assert size == (Decimal(500) if by_cost else Decimal("0.01"))
    if exchange == "bybit":
        assert fields["marketUnit"] == "baseCoin"
    if exchange == "okx":
        assert fields["tgtCcy"] == "base_ccy"


@pytest.mark.parametrize("exchange", SPOT)
async def test_an_ioc_order_says_so(exchange: str) -> None:
    ioc = order("spot", type_=OrderType.LIMIT, price="49000", time_in_force=TimeInForce.IOC)
    async with offline(exchange, "spot", answering(exchange)) as (venue, session):
        assert await venue.submit(ioc) == Accepted("77")
        fields = the_order(session.sent).fields
    told = {str(value).lower() for value in fields.values()}
    assert "ioc" in told


STOPS = {
    "bybit": {"triggerPrice": "49000", "triggerDirection": 2, "reduceOnly": True},
    "okx": {"slTriggerPx": "49000", "slOrdPx": "-1", "reduceOnly": True, "algoClOrdId": ID},
    "kucoin": {"stop": "down", "stopPrice": "49000", "reduceOnly": True},
    "bitget": {"triggerPrice": "49000", "planType": "pos_loss"},
}
TARGETS = {
    "bybit": {"triggerPrice": "51000", "triggerDirection": 1, "reduceOnly": True},
    "okx": {"tpTriggerPx": "51000", "tpOrdPx": "-1", "reduceOnly": True},
    "kucoin": {"stop": "up", "stopPrice": "51000", "reduceOnly": True},
    "bitget": {"triggerPrice": "51000", "planType": "pos_profit"},
}


@pytest.mark.parametrize("exchange", STOPS)
@pytest.mark.parametrize("is_stop", [True, False])
async def test_a_swaps_stop_and_target_reduce_only_and_know_their_side(
    exchange: str, is_stop: bool
) -> None:
    kind = OrderType.STOP if is_stop else OrderType.TAKE_PROFIT
    price = "49000" if is_stop else "51000"
    size = "1" if exchange != "kucoin" else "0.001"
    trigger = order("swap", SELL, kind, price=price, reduce_only=True)
    async with offline(exchange, "swap", answering(exchange), size) as (venue, session):
        assert await venue.submit(trigger) == Accepted("77")
        fields = the_order(session.sent).fields
    wanted = (STOPS if is_stop else TARGETS)[exchange]
    assert {name: fields.get(name) for name in wanted} == wanted


async def test_gates_stop_of_a_swap_falls_through_its_price() -> None:
    stop = order("swap", SELL, OrderType.STOP, price="49000", reduce_only=True)
    async with offline("gate", "swap", answering("gate"), "0.001") as (venue, session):
        assert await venue.submit(stop) == Accepted("77")
        fields = the_order(session.sent).fields
    assert fields["trigger"] == {"price_type": 0, "price": "49000", "rule": 2}
    assert (fields["initial"]["size"], fields["initial"]["reduce_only"]) == (-10, True)


@pytest.mark.parametrize(
    ("exchange", "name", "value"),
    [("bybit", "qty", "10"), ("okx", "sz", "10"), ("kucoin", "size", 10), ("gate", "size", 10)],
)
async def test_base_quantities_become_contracts(exchange: str, name: str, value: Any) -> None:
    async with offline(exchange, "swap", answering(exchange), "0.001") as (venue, session):
        assert await venue.submit(order("swap")) == Accepted("77")
        assert the_order(session.sent).fields[name] == value
        part = await venue.submit(order("swap", client_order_id="ctsb", quantity="0.0105"))
    assert isinstance(part, Rejected)
    assert "step 0.001" in part.reason


@pytest.mark.parametrize(
    ("exchange", "name", "opens", "closes"),
    [
        ("bybit", "positionIdx", 1, 1),
        ("okx", "posSide", "long", "long"),
        ("kucoin", "positionSide", "LONG", "LONG"),
    ],
)
async def test_in_hedge_mode_an_order_names_the_side_of_its_position(
    exchange: str, name: str, opens: Any, closes: Any
) -> None:
    size = "1" if exchange != "kucoin" else "0.001"
    async with offline(exchange, "swap", answering(exchange, HEDGED[exchange]), size) as (
        venue,
        session,
    ):
        await venue.submit(order("swap"))
        await venue.submit(order("swap", SELL, reduce_only=True, client_order_id="ctsb"))
        posts = [one.fields for one in session.sent if one.method == "POST"]
    assert [fields[name] for fields in posts] == [opens, closes]
    assert len([one for one in session.sent if one.method == "GET"]) == 1, "the mode is asked once"


async def test_an_id_that_an_exchange_does_not_take_is_sent_in_another_form_and_known() -> None:
    long = "cts-abcdefghijklmnopqrstuvwxyz234567"
    asked = order("spot", type_=OrderType.LIMIT, price="49000", client_order_id=long)

    def answer(request: Sent) -> Any:
        if request.method == "POST":
            return ANSWERS["okx"]
        row = {
            "ordId": "77",
            "clOrdId": sent[0],
            "instId": "BTC-USDT",
            "instType": "SPOT",
            "side": "buy",
            "ordType": "limit",
            "state": "live",
            "sz": "0.01",
            "px": "49000",
            "accFillSz": "0",
            "avgPx": "",
            "cTime": "1700000000000",
            "uTime": "1700000000000",
        }
        return {"code": "0", "data": [row]}

    sent: list[str] = []
    async with offline("okx", "spot", answer) as (venue, session):
        await venue.submit(asked)
        sent.append(the_order(session.sent).fields["clOrdId"])
        assert sent[0].isalnum()
        assert len(sent[0]) <= 18
        (report,) = await venue.open_orders(["BTC/USDT"])
        assert (report.client_order_id, report.status) == (long, OrderStatus.OPEN)
        found = (await venue.find(replace(asked, venue_order_id=None))).report
        assert found is not None
        assert found.client_order_id == long


@pytest.mark.parametrize("exchange", ["bybit", "okx", "kucoin", "bitget"])
async def test_an_answer_that_names_no_order_is_no_acceptance(exchange: str) -> None:
    empty = {
        "bybit": {"retCode": 0, "result": {}},
        "okx": {"code": "0", "data": [{"sCode": "0"}]},
        "kucoin": {"code": "200000", "data": {}},
        "bitget": {"code": "00000", "data": {}},
    }
    async with offline(exchange, "spot", lambda _: empty[exchange]) as (venue, _session):
        with pytest.raises(UnknownOutcome):
            await venue.submit(order("spot", type_=OrderType.LIMIT, price="49000"))
