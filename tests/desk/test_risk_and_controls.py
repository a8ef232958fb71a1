"""Limits, the kill switch and flattening, as a face asks for them: rows, with an event each."""

from decimal import Decimal

import pytest

from cts_tui.desk.desk import Desk
from cts_tui.errors import ConfigError
from cts_tui.model.limits import RiskLimits, RiskState
from cts_tui.store import risk
from cts_tui.store.batch import Batch

from .conftest import NOW_MS, Hand


def last(desk: Desk) -> tuple[str, str, str | None, str | None]:
    event = desk.events.list(1)[0]
    return event.kind, event.subject, event.before, event.after


def test_a_limit_of_all_connections_holds_until_one_has_its_own(desk: Desk) -> None:
    desk.risk.set("max_exposure", "1000")
    assert last(desk) == ("risk", "all connections", "default", "1000")
    desk.risk.set("max_exposure", "off", "demo")
    assert last(desk) == ("risk", "demo", "default", "off")
    assert desk.risk.common().limits.max_exposure == Decimal(1000)
    assert desk.risk.of("demo").limits.max_exposure is None
    assert desk.risk.of("demo").own == ("max_exposure",)
    assert desk.risk.of("bybit").limits.max_exposure == Decimal(1000)
    desk.risk.set("max_exposure", "default", "demo")
    assert desk.risk.of("demo").limits.max_exposure == Decimal(1000)
    assert [view.connection for view in desk.risk.all()][:3] == [None, "binance", "bingx"]


def test_what_was_not_set_is_the_default(desk: Desk) -> None:
    assert desk.risk.common().limits == RiskLimits()
    assert RiskLimits().collar_pct == 5
    assert RiskLimits().max_orders_per_minute == 60
    assert not RiskLimits().has_loss_limits


@pytest.mark.parametrize(
    ("key", "value", "connection", "said"),
    [
        ("max_exposur", "1", None, "did you mean max_exposure"),
        ("max_exposure", "much", None, "expected an amount above 0, or off, or default"),
        ("max_exposure", "1", "nope", "no connection called 'nope'"),
        ("max_total_exposure", "1", "demo", "holds for all connections together"),
        ("margin_mode", "crossed", None, "expected isolated or cross"),
        ("collar_pct", "nan", None, "expected a percentage"),
    ],
)
def test_what_is_no_limit_changes_nothing(
    desk: Desk, key: str, value: str, connection: str | None, said: str
) -> None:
    before = desk.events.list()
    with pytest.raises(ConfigError, match=said):
        desk.risk.set(key, value, connection)
    assert desk.events.list() == before


def test_setting_what_is_so_already_leaves_no_event(desk: Desk) -> None:
    desk.risk.set("leverage", "3")
    before = desk.events.list()
    desk.risk.set("leverage", "3")
    assert desk.events.list() == before


def test_limits_of_a_connection_go_with_it(desk: Desk, hand: Hand) -> None:
    desk.risk.set("leverage", "3", "okx")
    key = hand.connection_id("okx")
    desk.connections.remove("okx")
    with desk.database.read() as transaction:
        assert key not in risk.limit_book(transaction).own


def test_a_reset_is_asked_for_and_shown_at_once(desk: Desk, hand: Hand) -> None:
    with pytest.raises(ConfigError, match="no engine has run it yet"):
        desk.risk.reset("demo")
    batch = Batch()
    halted = RiskState(is_live=False, halted_ms=NOW_MS, halt_reason="drawdown 9 %")
    batch.risk_state(hand.connection_id("demo"), halted)
    hand.write(batch)
    assert desk.risk.of("demo").states[0].is_halted
    assert not desk.risk.reset("demo").states[0].is_halted
    assert last(desk) == ("risk", "demo", "drawdown 9 %", "reset")


def test_s11_the_kill_switch_is_a_row_with_an_event(desk: Desk) -> None:
    desk.controls.kill()
    desk.controls.kill()
    assert desk.controls.is_killed()
    assert last(desk) == ("setting", "kill switch", "off", "on")
    desk.controls.revive()
    assert not desk.controls.is_killed()


def test_flattening_asks_for_the_name_and_is_a_row(desk: Desk, hand: Hand) -> None:
    hand.position("p1")
    for typed in ("", "dem"):
        with pytest.raises(ConfigError, match="nothing is closed"):
            desk.controls.flatten("demo", typed)
    hand.execute("UPDATE connections SET live = 1 WHERE name = 'demo'")
    found = desk.controls.flatten("demo", "demo")
    assert (found.connection, found.positions, found.orders) == ("demo", 1, 0)
    with desk.database.read() as transaction:
        assert list(risk.flatten_requests(transaction)) == [hand.connection_id("demo")]
    assert last(desk) == ("risk", "demo", "live", "flattening")
    assert not desk.connections.get("demo").live
    assert desk.events.list(1)[0].message.endswith("live trading off")


def test_flattening_all_takes_every_connection_that_holds_something(desk: Desk, hand: Hand) -> None:
    with pytest.raises(ConfigError, match="--all --confirm ALL"):
        desk.controls.flatten_all("all")
    hand.position("p1")
    hand.position("p2", connection="bybit")
    hand.recorded()
    hand.position("p3", connection="replay-x")
    assert [one.connection for one in desk.controls.flattenings()] == ["bybit", "demo"]
    asked = desk.controls.flatten_all("ALL")
    assert [(one.connection, one.is_enabled) for one in asked] == [("bybit", False), ("demo", True)]
    with desk.database.read() as transaction:
        assert len(risk.flatten_requests(transaction)) == 2


def test_a_second_request_does_not_begin_anew(desk: Desk, hand: Hand) -> None:
    hand.position("p1")
    desk.controls.flatten("demo", "demo")
    with desk.database.read() as transaction:
        first = risk.flatten_requests(transaction)
    desk.controls.flatten("demo", "demo")
    with desk.database.read() as transaction:
        assert risk.flatten_requests(transaction) == first


def test_a_replay_has_nothing_to_flatten(desk: Desk, hand: Hand) -> None:
    hand.recorded()
    with pytest.raises(ConfigError, match="holds a replay"):
        desk.controls.flatten("replay-x", "replay-x")
    with pytest.raises(ConfigError, match="no limits apply"):
        desk.risk.set("leverage", "2", "replay-x")
