"""`… list`: the JSON that scripts rely on, and the tables that people read."""

import re
from pathlib import Path
from typing import Any

import pytest

from cts_tui.desk.desk import Desk

from .conftest import Cts, hold

KEYS = {
    "connections": "name exchange mode market symbols enabled live status last_test last_error",
    "strategies": "name enabled",
    "signals": "time symbol strategy side price reason status",
    "positions": "id connection symbol side quantity entry_price mark_price pnl pnl_pct stop_price "
    "target_price status opened_at closed_at exit_reason source",
    "orders": "client_order_id venue_order_id connection symbol side type quantity price status "
    "filled average_price fees created_at",
    "events": "time who kind subject before after message",
}
MONEY = re.compile(r"-?\d+(\.\d+)?")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z")
AMOUNTS = ("price", "quantity", "entry_price", "pnl", "filled", "average_price", "fees", "amount")
TIMES = ("time", "opened_at", "closed_at", "created_at")
NEWEST_FIRST = {
    "signals": "time",
    "positions": "opened_at",
    "orders": "created_at",
    "events": "time",
}


@pytest.fixture
def replayed(cts: Cts, candles: Path) -> None:
    """Every list has rows."""
    assert cts("replay", candles, "--no-gate").code == 0


@pytest.mark.usefixtures("replayed")
@pytest.mark.parametrize("noun", KEYS)
def test_a_list_as_json_is_an_array_of_objects_with_the_keys_of_the_contract(
    cts: Cts, noun: str
) -> None:
    said = cts(noun, "list", "--json")
    assert (said.code, said.err) == (0, "")
    rows = said.document
    wanted = KEYS[noun].split()
    assert rows
    assert all(list(row)[: len(wanted)] == wanted for row in rows)
    assert all(isinstance(row["symbols"], list) for row in rows if "symbols" in row)


@pytest.mark.usefixtures("replayed")
@pytest.mark.parametrize("noun", ["signals", "positions", "orders", "events"])
def test_money_is_text_times_are_utc_and_percentages_are_numbers(cts: Cts, noun: str) -> None:
    for row in cts(noun, "list", "--json", "--limit", 1000).document:
        for key in AMOUNTS:
            assert row.get(key) is None or MONEY.fullmatch(row[key]), row
        for key in TIMES:
            assert row.get(key) is None or TIME.fullmatch(row[key]), row
        for key, value in row.items():
            assert not key.endswith("_pct") or isinstance(value, int | float), row


@pytest.mark.usefixtures("replayed")
@pytest.mark.parametrize(("noun", "key"), NEWEST_FIRST.items())
def test_the_newest_come_first_and_the_limit_keeps_them(cts: Cts, noun: str, key: str) -> None:
    rows = cts(noun, "list", "--json", "--limit", 1000).document
    times = [row[key] for row in rows]
    assert times == sorted(times, reverse=True)
    assert cts(noun, "list", "--json", "--limit", 2).document == rows[:2]


def test_an_open_position_that_is_older_than_a_closed_one_comes_after_it(
    cts: Cts, desk: Desk, replayed: None
) -> None:
    old, newest = hold(desk, key="old"), hold(desk, key="new")
    listed = [row["id"] for row in cts("positions", "list", "--json").document]
    assert listed[:2] == [newest, old]
    assert cts("positions", "list", "--json", "--limit", 1).document[0]["id"] == newest


@pytest.mark.usefixtures("replayed")
def test_positions_can_be_narrowed_to_open_closed_and_one_connection(cts: Cts, desk: Desk) -> None:
    held = hold(desk)

    def ids(*options: str) -> list[int]:
        return [row["id"] for row in cts("positions", "list", "--json", *options).document]

    assert ids("--open") == [held] == ids("--connection", "demo")
    assert held not in ids("--closed")
    assert held not in ids("--connection", "replay-test-btcusdt-5m")
    assert cts("positions", "list", "--open", "--closed").code == 2


@pytest.mark.parametrize("noun", ["positions", "signals", "orders"])
def test_a_list_of_a_connection_that_does_not_exist_is_refused(cts: Cts, noun: str) -> None:
    assert "no connection called 'nope'" in cts(noun, "list", "--connection", "nope").refusal


@pytest.mark.parametrize("noun", KEYS)
def test_a_limit_below_one_is_a_usage_error(cts: Cts, noun: str) -> None:
    said = cts(noun, "list", "--limit", 0)
    assert (said.code, said.out) == (2, "")


@pytest.mark.parametrize("noun", ["positions", "signals", "orders"])
def test_an_empty_list_says_so_and_is_an_empty_array(cts: Cts, noun: str) -> None:
    assert cts(noun, "list").out == f"no {noun} yet\n"
    assert cts(noun, "list", "--json").document == []


@pytest.mark.usefixtures("replayed")
@pytest.mark.parametrize("noun", KEYS)
def test_a_table_is_aligned_and_has_no_python_in_it(cts: Cts, noun: str) -> None:
    said = cts(noun, "list")
    assert (said.code, said.err) == (0, "")
    lines = said.out.splitlines()
    assert lines[0].isupper()
    first = lines[0].split("  ")[0].strip() or lines[0].split()[0]
    assert first in ("NAME", "TIME", "ID", "CREATED AT")
    assert not re.search(r"None|True|False|Decimal|\['", said.out)


def test_a_position_in_the_table_shows_gain_or_loss_with_its_sign(cts: Cts, desk: Desk) -> None:
    hold(desk)
    line = cts("positions", "list").out.splitlines()[1]
    assert re.search(r"demo +BTC/USDT +long +2 +100 .* -0.20 +-0.10 +open", line)
    assert "stale" in line


@pytest.mark.usefixtures("replayed")
def test_replays_are_listed_as_connections_only_when_asked_for(cts: Cts) -> None:
    assert "replay-" not in cts("connections", "list").out
    assert "replay-test-btcusdt-5m" in cts("connections", "list", "--all").out


def test_closing_a_position_asks_the_engine_and_leaves_an_event(cts: Cts, desk: Desk) -> None:
    held = hold(desk)
    said = cts("positions", "close", held)
    assert said.out == (
        f"closing position {held}: long BTC/USDT on demo; "
        "no engine runs, it closes once you start one: cts-tui run\n"
    )
    event: dict[str, Any] = cts("events", "list", "--json", "--limit", 1).document[0]
    assert (event["who"], event["before"], event["after"]) == ("cli", "open", "closing")
    assert event["subject"] == f"demo/BTC/USDT/{held}"


def test_closing_a_position_as_json_shows_it(cts: Cts, desk: Desk) -> None:
    held = hold(desk)
    assert cts("positions", "close", held, "--json").document["id"] == held


def test_a_position_that_no_engine_would_close_is_refused(cts: Cts, desk: Desk) -> None:
    held = hold(desk, "bybit")
    said = cts("positions", "close", held).refusal
    assert said.endswith("no engine would close it; first: connections enable bybit")
    assert "no position 999" in cts("positions", "close", 999).refusal
    assert cts("positions", "close", "first").code == 2


@pytest.mark.usefixtures("replayed")
def test_a_closed_position_cannot_be_closed_again(cts: Cts) -> None:
    closed = cts("positions", "list", "--json").document[0]
    said = cts("positions", "close", closed["id"]).refusal
    assert f"is closed already ({closed['exit_reason']})" in said


def test_a_strategy_is_shown_field_by_field_and_can_be_switched(cts: Cts) -> None:
    shown = cts("strategies", "show", "sma-cross", "--json").document
    assert shown["entry_long"] == "crosses_above(sma(10), sma(30)) and rsi(14) < 70"
    assert shown["size"] == {"kind": "quote", "amount": "100"}
    assert shown["stop_loss_pct"] == 2.0
    assert cts("strategies", "disable", "sma-cross", "--json").document["enabled"] is False
    event = cts("events", "list", "--json", "--limit", 1).document[0]
    assert (event["kind"], event["before"], event["after"]) == ("strategy", "enabled", "disabled")
    assert cts("strategies", "enable", "sma-cross").out == "strategy sma-cross is enabled\n"
    assert "entry long" in cts("strategies", "show", "sma-cross").out


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("command", ["show", "enable", "disable"])
def test_an_unknown_strategy_is_refused_with_those_that_exist(cts: Cts, command: str) -> None:
    said = cts("strategies", command, "nope").refusal
    assert "there are: bollinger-return, " in said
    assert said.endswith(", volume-momentum")
