"""What the header tells of real money, what is used of limits, and the orders of a position."""

from dataclasses import replace
from decimal import Decimal

import pytest

from cts_tui.cli.rows import position_row
from cts_tui.desk.desk import Desk
from cts_tui.model.limits import RiskState
from cts_tui.model.live_view import LiveConnection
from cts_tui.model.trading import EngineStatus, Mode, OrderPurpose, OrderStatus, PositionStatus
from cts_tui.model.views import PositionView
from cts_tui.store.batch import Batch
from tests.store.samples import FILL, ORDER

from .conftest import NOW_MS, Hand


@pytest.fixture
def live(desk: Desk, hand: Hand) -> str:
    """A connection whose live trading is on."""
    hand.execute(
        "UPDATE connections SET mode = 'live', enabled = 1, live = 1 WHERE name = 'binance'"
    )
    return "binance"


def reconciled(hand: Hand, name: str, *, is_so: bool = True) -> None:
    figures = {"reconcile": {"is_reconciled": is_so}}
    hand.engine(EngineStatus.RUNNING, connection=name, figures=figures)


def the_position(desk: Desk) -> PositionView:
    (view,) = desk.positions.list()
    return view


def test_nothing_is_live_on_a_new_desk(desk: Desk, hand: Hand) -> None:
    hand.position("a")
    assert desk.summary().live == ()
    assert desk.summary().flattening == ()


def test_a_live_connection_is_told_with_its_positions(desk: Desk, hand: Hand, live: str) -> None:
    assert desk.summary().live == (LiveConnection(live, Mode.LIVE, True, 0, is_reconciled=False),)
    hand.position("a", live, is_live=True, unprotected_since_ms=NOW_MS)
    hand.position("b", live, is_live=True, stop_order_id="cts-1")
    hand.position("c", live)  # on paper, from before it was armed
    reconciled(hand, live)
    assert desk.summary().live == (LiveConnection(live, Mode.LIVE, True, 2, unprotected=1),)


def test_s2_what_is_held_is_told_after_live_went_off(desk: Desk, hand: Hand, live: str) -> None:
    hand.position("a", live, is_live=True)
    reconciled(hand, live, is_so=False)
    desk.connections.live_off(live)
    (one,) = desk.summary().live
    assert (one.is_on, one.positions, one.is_reconciled) == (False, 1, False)


def test_s5_an_unknown_order_is_told_even_where_live_is_off(desk: Desk, hand: Hand) -> None:
    hand.execute("UPDATE connections SET mode = 'testnet' WHERE name = 'okx'")
    batch, key = hand.batch("okx")
    batch.order(key, replace(ORDER, status=OrderStatus.UNKNOWN, is_live=True))
    hand.write(batch)
    (one,) = desk.summary().live
    assert (one.name, one.mode, one.is_on, one.unknown_orders) == ("okx", Mode.TESTNET, False, 1)


def test_what_is_being_closed_is_told_until_it_is(desk: Desk, hand: Hand) -> None:
    hand.position("a")
    desk.controls.flatten("demo", confirm="demo")
    (left,) = desk.summary().flattening
    assert (left.connection, left.positions, left.orders) == ("demo", 1, 0)
    hand.execute("UPDATE connections SET flatten_requested_at = NULL")
    assert desk.summary().flattening == ()


@pytest.mark.parametrize(
    ("changes", "keeper"),
    [
        ({}, "desk"),
        ({"stop_price": None}, "none"),
        ({"is_live": True, "unprotected_since_ms": NOW_MS}, "unprotected"),
        ({"is_live": True, "stop_order_id": "cts-1"}, "venue"),
        ({"is_live": True}, "desk"),
        ({"status": PositionStatus.CLOSED}, None),
    ],
)
def test_s6_a_position_says_who_keeps_its_stop(
    desk: Desk, hand: Hand, changes: dict[str, object], keeper: str | None
) -> None:
    hand.position("a", **changes)
    row = position_row(the_position(desk))
    assert row["protection"] == keeper
    assert row["is_live"] is bool(changes.get("is_live"))


def test_a_partly_closed_position_says_what_it_still_holds(desk: Desk, hand: Hand) -> None:
    hand.position("a", exited=Decimal("0.5"), exit_value=Decimal(50))
    view = the_position(desk)
    assert (view.held, view.exited) == (Decimal("1.5"), Decimal("0.5"))


def test_test_money_is_told_from_real_money(desk: Desk, hand: Hand, live: str) -> None:
    hand.position("a", live, is_live=True)
    assert not the_position(desk).is_test_money
    hand.execute("UPDATE connections SET mode = 'testnet'")
    assert the_position(desk).is_test_money


def test_usage_counts_the_money_of_the_next_entries(desk: Desk, hand: Hand, live: str) -> None:
    hand.position("a", live, is_live=True)
    hand.position("b", live)
    hand.position("c", "demo")
    used = desk.risk.usage(live)
    assert (used.is_live, used.open_positions, used.exposure) == (True, 1, Decimal(200))
    assert (used.largest_symbol, used.largest) == ("BTC/USDT", Decimal(200))
    assert used.equity is None
    assert desk.risk.usage("demo").total_exposure == Decimal(400)


def test_usage_measures_losses_as_the_engine_does(desk: Desk, hand: Hand) -> None:
    batch = Batch()
    state = RiskState(
        False, "2025-04-03", Decimal(1000), Decimal(1000), Decimal(1250),
        cool_downs={"BTC/USDT": NOW_MS + 60_000, "ETH/USDT": NOW_MS - 1},
    )  # fmt: skip
    batch.risk_state(hand.connection_id("demo"), state)
    hand.write(batch)
    hand.closed("x", "-250")
    used = desk.risk.usage("demo")
    assert (used.equity, used.day_loss) == (Decimal(750), Decimal(250))
    assert (used.day_loss_pct, used.drawdown_pct) == (25.0, 40.0)
    assert used.cooling == (("BTC/USDT", NOW_MS + 60_000),)


def test_orders_of_a_position_come_with_purpose_answer_and_fills(desk: Desk, hand: Hand) -> None:
    hand.position(ORDER.position_key, with_order=False)
    batch, key = hand.batch()
    batch.order(key, ORDER)
    stop = replace(
        ORDER, client_order_id="cts-stop", venue_order_id="v2", purpose=OrderPurpose.STOP,
        status=OrderStatus.REJECTED, answer="too small",
    )  # fmt: skip
    batch.order(key, stop)
    batch.order(key, replace(ORDER, client_order_id="cts-other", position_key="another"))
    batch.fill(key, FILL)
    hand.write(batch)
    orders = desk.orders.of_position(the_position(desk).id)
    assert [(order.purpose, order.answer) for order in orders] == [
        (OrderPurpose.STOP, "too small"),
        (ORDER.purpose, ""),
    ]
    assert desk.orders.fills(ORDER.client_order_id) == [FILL]
    assert desk.orders.fills("cts-stop") == []
