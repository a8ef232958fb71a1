"""Credentials by command: taken from stdin or variables, stored, told by name, never shown."""

import io
import json
import sys
from collections.abc import Callable
from typing import Any

import pytest

from cts_tui.desk.desk import Desk

from .conftest import Cts, Outcome, execute

KEY, SECRET = "AK-" + "q1w2" * 8, "SK-" + "e3r4" * 8
GIVEN = {"apiKey": KEY, "secret": SECRET}
Give = Callable[..., Outcome]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def master_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CTS_MASTER_KEY", "a key for these tests")


@pytest.fixture
def give(cts: Cts, monkeypatch: pytest.MonkeyPatch) -> Give:
    """Call a command with something on stdin, and see that nothing of it comes out."""

    def call(given: Any, *arguments: object) -> Outcome:
        raw = given if isinstance(given, bytes) else json.dumps(given).encode()
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))
        outcome = cts(*arguments)
        for secret in (KEY, SECRET):
            assert secret not in outcome.out + outcome.err
        return outcome

    return call


def shown(cts: Cts, name: str) -> dict[str, Any]:
    found: dict[str, Any] = cts("connections", "show", name, "--json").document
    return found


ADD = ("connections", "add", "mine", "--exchange", "bybit", "--credentials-stdin")
EDIT = ("connections", "edit", "bybit", "--credentials-stdin")


def test_a_connection_is_added_with_credentials_from_stdin(
    give: Give, cts: Cts, desk: Desk
) -> None:
    assert give(GIVEN, *ADD).code == 0
    found = shown(cts, "mine")["credentials"]
    assert found["fields"] == ["apiKey", "secret"]
    assert found["updated_at"].endswith("Z")
    assert "stored (apiKey, secret), 2" in cts("connections", "show", "mine").out
    assert desk.credentials.has("mine")
    stored = desk.credentials.read("mine")
    assert stored is not None
    assert stored.as_ccxt() == GIVEN


def test_a_list_does_not_say_more_than_it_did(cts: Cts, give: Give) -> None:
    give(GIVEN, *EDIT)
    rows = cts("connections", "list", "--json").document
    assert {" ".join(row) for row in rows} == {
        "name exchange mode market symbols enabled live status last_test last_error"
    }


def test_without_credentials_a_connection_says_so(cts: Cts) -> None:
    assert shown(cts, "bybit")["credentials"] is None
    assert "credentials     none" in cts("connections", "show", "bybit").out


def test_credentials_are_changed_and_forgotten_with_events_that_name_fields_only(
    give: Give, cts: Cts, desk: Desk
) -> None:
    execute(
        desk, "UPDATE connections SET enabled = 1, mode = 'live', live = 1 WHERE name = 'bybit'"
    )
    assert give(GIVEN, *EDIT).code == 0
    assert shown(cts, "bybit")["live"] is False
    assert give(GIVEN | {"uid": "u-17-u-17-u-17"}, *EDIT).code == 0
    execute(desk, "UPDATE connections SET mode = 'live', live = 1 WHERE name = 'bybit'")
    assert cts("connections", "edit", "bybit", "--forget-credentials").code == 0
    assert shown(cts, "bybit")["credentials"] is None
    assert shown(cts, "bybit")["live"] is False
    events = cts("events", "list", "--limit", 3, "--json").document
    assert [(event["message"], event["before"], event["after"]) for event in events] == [
        ("credentials removed", "credentials apiKey, secret, uid", "credentials none"),
        ("credentials changed", "credentials apiKey, secret", "credentials apiKey, secret, uid"),
        ("credentials stored", "credentials none", "credentials apiKey, secret"),
    ]


def test_another_exchange_forgets_the_credentials_of_the_one_before(give: Give, cts: Cts) -> None:
    give(GIVEN, *EDIT)
    assert cts("connections", "edit", "bybit", "--exchange", "binance").code == 0
    assert shown(cts, "bybit")["credentials"] is None
    assert give(GIVEN, *EDIT, "--exchange", "kraken").code == 0
    assert shown(cts, "bybit")["credentials"]["fields"] == ["apiKey", "secret"]


def test_removing_a_connection_removes_its_credentials(give: Give, cts: Cts, desk: Desk) -> None:
    give(GIVEN, *EDIT)
    assert cts("connections", "remove", "bybit", "--json").document["removed"]["credentials"] == 1
    with desk.database.read() as transaction:
        assert transaction.exec_driver_sql("SELECT count(*) FROM credentials").scalar() == 0


def test_new_credentials_void_the_last_test(give: Give, cts: Cts, desk: Desk) -> None:
    report = '{"time_ms":0,"status":"pass","steps":[],"permissions":{},"clock_offset_ms":0,'
    execute(desk, f"UPDATE connections SET last_test = '{report}\"capabilities\":{{}}}}'")
    assert shown(cts, "bybit")["last_test"]["status"] == "pass"
    give(GIVEN, *EDIT)
    assert shown(cts, "bybit")["last_test"] is None


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (b"", "stdin is empty"),
        (b"  \n", "stdin is empty"),
        (f'{{"apiKey": "{KEY}", '.encode(), "stdin holds no JSON"),
        (KEY.encode(), "stdin holds no JSON"),
        (b"\xff\xfe\x00", "stdin holds no JSON"),
        (b"[" * 60_000, "stdin holds no JSON"),
        ([KEY], "no JSON object"),
        ({"apiKey": KEY, SECRET: "x"}, "1 unknown name; known are apiKey, secret"),
        ({"apiKey": KEY, "secret": 17}, "secret is no text, or empty"),
        ({"apiKey": KEY, "secret": " "}, "secret is no text, or empty"),
        ({"apiKey": KEY, "secret": {"a": SECRET}}, "secret is no text, or empty"),
        ({}, "no credential was given"),
        ({"apiKey": None}, "no credential was given"),
        ({"apiKey": KEY}, "bybit asks for apiKey, secret: secret is missing"),
        ({"uid": "u", "password": "p"}, "apiKey, secret are missing"),
        ({"apiKey": KEY, "secret": SECRET * 600}, "longer than 16384"),
        (b" " * 70_000 + json.dumps(GIVEN).encode(), "more than 65536 bytes"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_is_no_credential_is_refused_in_one_line_without_an_echo(
    give: Give, cts: Cts, given: Any, said: str
) -> None:
    assert said in give(given, *ADD).refusal
    assert "no connection called 'mine'" in cts("connections", "show", "mine").refusal
    assert said in give(given, *EDIT).refusal
    assert shown(cts, "bybit")["credentials"] is None


def test_an_exchange_that_asks_for_a_passphrase_is_known(give: Give) -> None:
    said = give(GIVEN, "connections", "edit", "okx", "--credentials-stdin").refusal
    assert "okx asks for apiKey, secret, password: password is missing" in said


@pytest.mark.parametrize("name", ["demo"])
def test_the_demo_takes_no_credentials(give: Give, name: str) -> None:
    said = give(GIVEN, "connections", "edit", name, "--credentials-stdin").refusal
    assert "no exchange that takes credentials" in said


def test_a_terminal_on_stdin_is_refused(cts: Cts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal())
    assert "stdin is a terminal" in cts(*ADD).refusal


def test_space_around_a_key_is_cut_off(give: Give, desk: Desk) -> None:
    give({"apiKey": f" {KEY}\n", "secret": SECRET, "password": None}, *EDIT)
    stored = desk.credentials.read("bybit")
    assert stored is not None
    assert stored.as_ccxt() == GIVEN


def test_credentials_come_from_variables_too(
    cts: Cts, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (
        "none of MINE_API_KEY, MINE_SECRET"
        in cts("connections", "edit", "okx", "--credentials-env", "MINE").refusal
    )
    for name, value in (("API_KEY", KEY), ("SECRET", SECRET), ("PASSWORD", "pass phrase")):
        monkeypatch.setenv(f"MINE_{name}", value)
    assert cts("connections", "edit", "okx", "--credentials-env", "MINE").code == 0
    stored = desk.credentials.read("okx")
    assert stored is not None
    assert stored.as_ccxt() == GIVEN | {"password": "pass phrase"}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--credentials-env", "A B"], "takes the beginning of names"),
        (["--credentials-env", "M", "--credentials-stdin"], "not both"),
        (["--credentials-stdin", "--forget-credentials"], "not both"),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    give: Give, options: list[str], said: str
) -> None:
    assert said in give(GIVEN, "connections", "edit", "bybit", *options).refusal


def test_without_any_key_nothing_is_added_and_the_choices_are_told(
    give: Give, cts: Cts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CTS_MASTER_KEY")
    said = give(GIVEN, *ADD).refusal
    assert "cts-tui secrets use file" in said
    assert "no connection called 'mine'" in cts("connections", "show", "mine").refusal


def test_an_overlay_with_credentials_points_to_stdin(cts: Cts) -> None:
    said = cts("connections", "edit", "bybit", "--ccxt-config", json.dumps({"apiKey": KEY})).refusal
    assert "--credentials-stdin" in said
    assert KEY not in said
