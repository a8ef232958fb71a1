"""What ccxt's rows mean, row by row (note 8 and others)."""

from decimal import Decimal
from typing import Any

import pytest

from cts_tui.model.trading import Direction, OrderStatus, OrderType
from cts_tui.venue.ccxt_reading import Reader, balances, number, status_of
from cts_tui.venue.client_ids import OrderNames

from .floors import paper_instrument

SYMBOL = "BTC/USDT:USDT"
ORDER: dict[str, Any] = {
    "id": "7",
    "clientOrderId": "ctsa",
    "symbol": SYMBOL,
    "side": "buy",
    "type": "limit",
    "status": "open",
    "amount": 3.0,
    "price": 100.1,
    "filled": 1.0,
    "average": 100.0,
    "timestamp": 5,
    "info": {},
}


def reader(contract_size: str = "1") -> Reader:
    from dataclasses import replace

    instrument = replace(paper_instrument(SYMBOL), contract_size=Decimal(contract_size))
    return Reader({SYMBOL: instrument}, OrderNames("binance"))


@pytest.mark.parametrize(
    ("word", "quantity", "filled", "status"),
    [
        ("open", 2, 0, OrderStatus.OPEN),
        ("open", 2, 1, OrderStatus.PARTIALLY_FILLED),
        ("closed", 2, 2, OrderStatus.FILLED),
        ("closed", 2, 1, OrderStatus.CANCELLED),
        ("closed", 2, 0, OrderStatus.CANCELLED),
        ("canceled", 2, 1, OrderStatus.CANCELLED),
        ("expired", 2, 0, OrderStatus.EXPIRED),
        ("rejected", 2, 0, OrderStatus.REJECTED),
        ("canceling", 2, 0, OrderStatus.UNKNOWN),
        (None, 2, 0, OrderStatus.UNKNOWN),
    ],
)
def test_a_status_and_what_filled_together_say_what_became_of_an_order(
    word: str | None, quantity: int, filled: int, status: OrderStatus
) -> None:
    assert status_of(word, Decimal(quantity), Decimal(filled)) is status


def test_a_trigger_that_is_closed_without_a_fill_says_nothing() -> None:
    assert status_of("closed", Decimal(2), Decimal(0), is_trigger=True) is OrderStatus.UNKNOWN
    touched = {**ORDER, "type": "market", "triggerPrice": 90.0, "status": "closed"}
    report = reader().report({**touched, "filled": 3.0, "average": None})
    assert report is not None
    assert (report.status, report.filled) == (OrderStatus.UNKNOWN, 0), "ccxt made that fill up"


def test_contracts_become_base_quantities() -> None:
    report = reader("0.001").report(ORDER)
    assert report is not None
    assert (report.quantity, report.filled) == (Decimal("0.003"), Decimal("0.001"))
    fill = reader("0.001").fill({**ORDER, "order": "7"})
    assert fill is not None
    assert fill.quantity == Decimal("0.003")


@pytest.mark.parametrize(
    ("changes", "kind", "price"),
    [
        ({}, OrderType.LIMIT, Decimal("100.1")),
        ({"type": "market"}, OrderType.MARKET, None),
        ({"type": "market", "triggerPrice": 90}, OrderType.STOP, Decimal(90)),
        ({"type": "market", "stopLossPrice": 90}, OrderType.STOP, Decimal(90)),
        ({"type": "market", "takeProfitPrice": 110}, OrderType.TAKE_PROFIT, Decimal(110)),
        ({"type": "STOP_MARKET", "stopPrice": 90}, OrderType.STOP, Decimal(90)),
        (
            {"type": "market", "triggerPrice": 110, "info": {"orderType": "TAKE_PROFIT_MARKET"}},
            OrderType.TAKE_PROFIT,
            Decimal(110),
        ),
    ],
)
def test_the_type_of_an_order_tells_which_price_counts(
    changes: dict[str, Any], kind: OrderType, price: Decimal | None
) -> None:
    report = reader().report({**ORDER, **changes})
    assert report is not None
    assert (report.type, report.price) == (kind, price)


@pytest.mark.parametrize(
    "row",
    [None, [], "x", {}, {**ORDER, "symbol": "X/Y"}, {**ORDER, "id": None}, {**ORDER, "side": None}],
)
def test_what_says_too_little_is_no_report(row: Any) -> None:
    assert reader().report(row) is None


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "NaN", None, "x", True, ""])
def test_what_is_no_number_is_none(value: Any) -> None:
    assert number(value) is None
    assert reader().fill({**ORDER, "amount": value}) is None
    assert reader().fill({**ORDER, "price": value}) is None


@pytest.mark.parametrize(
    ("row", "fee"),
    [
        ({"fee": {"cost": 0.1, "currency": "BNB"}}, (Decimal("0.1"), "BNB")),
        ({"fee": {"cost": -0.1, "currency": "USDT"}}, (Decimal("-0.1"), "USDT")),
        ({"fees": [{"cost": 1, "currency": "A"}, {"cost": 2, "currency": "A"}]}, (3, "A")),
        ({"fee": None, "fees": []}, (0, "USDT")),
        ({"fee": {"cost": None, "currency": None}}, (0, "USDT")),
        ({}, (0, "USDT")),
    ],
)
def test_a_fee_has_any_currency_or_none(row: dict[str, Any], fee: tuple[Any, str]) -> None:
    fill = reader().fill({**ORDER, **row})
    assert fill is not None
    assert (fill.fee, fill.fee_currency) == fee


def test_trade_ids_count_per_symbol_and_side_at_some_venues() -> None:
    ids = {
        reader().fill({**ORDER, "side": side, "id": "1"}).venue_trade_id  # type: ignore[union-attr]
        for side in ("buy", "sell")
    }
    assert len(ids) == 2
    nameless = [reader().fill({**ORDER, "id": None, "order": "7", "price": p}) for p in (1, 2)]
    assert len({fill.venue_trade_id for fill in nameless if fill}) == 2


def test_a_position_has_a_side_however_it_is_told() -> None:
    row = {"symbol": SYMBOL, "contracts": 2.0, "side": "short", "entryPrice": 5.0}
    position = reader("0.1").position(row)
    assert position is not None
    assert (position.side, position.quantity) == (Direction.SHORT, Decimal("0.2"))
    unsaid = reader().position({**row, "side": None, "contracts": -2.0})
    assert unsaid is not None
    assert (unsaid.side, unsaid.quantity) == (Direction.SHORT, Decimal(2))
    for nothing in (0, None, float("nan")):
        assert reader().position({**row, "contracts": nothing}) is None


def test_balances_leave_out_what_is_zero() -> None:
    row = {"free": {"A": 1.5, "B": 0.0, "C": None}, "used": {}, "total": {"A": 1.5}, "info": {}}
    assert balances(row).free == balances(row).total == {"A": Decimal("1.5")}
