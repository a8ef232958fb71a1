"""Commands that limit and stop: risk, kill, flatten, and the gates of live on."""

import pytest

from cts_tui.desk.desk import Desk

from .conftest import Cts, hold


def test_limits_are_shown_set_and_taken_back(cts: Cts) -> None:
    shown = cts("risk", "show").out
    assert shown.splitlines()[1].split() == ["collar_pct", "5", "%", "default"]
    assert cts("risk", "set", "max_exposure", "1000").out == (
        "max_exposure is 1000 quote for all connections\n"
    )
    cts("risk", "set", "leverage", "3", "--connection", "bybit")
    document = cts("risk", "show", "--connection", "bybit", "--json").document
    assert document["limits"]["max_exposure"] == "1000"
    assert document["limits"]["leverage"] == 3
    assert document["own"] == ["leverage"]
    assert "bybit" in cts("risk", "show").out
    assert cts("risk", "set", "max_exposure", "off").out.startswith("max_exposure is off for all")
    every = cts("risk", "show", "--json").document
    assert every[0]["connection"] is None


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["risk", "set", "colar", "3"], "did you mean collar_pct"),
        (["risk", "set", "leverage", "x"], "expected a whole number"),
        (["risk", "show", "--connection", "nope"], "no connection called 'nope'"),
        (["risk", "reset", "demo"], "no engine has run it yet"),
        (["flatten"], "name one connection, or give --all"),
        (["flatten", "demo", "--all"], "name one connection, or give --all"),
        (["flatten", "demo"], "cts-tui flatten demo --confirm demo"),
        (["flatten", "--all", "--confirm", "demo"], "is not the word ALL"),
        (["flatten", "nope", "--confirm", "nope"], "no connection called 'nope'"),
    ],
)
def test_what_cannot_be_done_is_refused_without_a_trace(
    cts: Cts, arguments: list[str], said: str
) -> None:
    assert said in cts(*arguments).refusal


def test_s11_the_kill_switch_goes_on_and_off(cts: Cts) -> None:
    assert cts("kill", "status", "--json").document == {"kill_switch": False}
    assert "nothing is opened" in cts("kill", "on").out
    assert cts("kill", "status", "--json").document == {"kill_switch": True}
    assert "is off" in cts("kill", "off").out


def test_flattening_says_what_is_closed(cts: Cts, desk: Desk) -> None:
    hold(desk)
    said = cts("flatten", "demo", "--confirm", "demo")
    assert "closing demo at market: 1 open position, 0 entries" in said.out
    assert "no engine runs" in said.out
    rows = cts("flatten", "--all", "--confirm", "ALL", "--json").document
    assert rows == [{"connection": "demo", "positions": 1, "orders": 0, "enabled": True}]


def test_s2_a_refused_live_on_lists_every_gate(cts: Cts) -> None:
    said = cts("connections", "live", "on", "bybit", "--confirm", "bybit")
    assert said.code == 1
    assert said.err == (
        "cts-tui: live trading stays off for bybit: enabled: it is disabled; "
        "first: connections enable bybit\n"
    )
    lines = said.out.splitlines()
    assert lines[0].split() == ["GATE", "STATE", "MESSAGE", "TODO"]
    assert any(line.startswith("kill switch") and " pass " in line for line in lines)
    document = cts("connections", "live", "on", "demo", "--confirm", "demi", "--json").document
    assert (document["name"], document["live"]) == ("demo", False)
    gates = {gate["gate"]: gate for gate in document["gates"]}
    assert gates["enabled"]["open"] is True
    assert "is not its name demo" in gates["confirmation"]["message"]
    assert gates["mode"]["todo"]
