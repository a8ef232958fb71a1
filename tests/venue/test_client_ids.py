"""Client order ids as exchanges take them, and the way back."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cts_tui.venue.client_ids import OrderNames, wire_id

OURS = "cts-abcdefghijklmnopqrstuvwxyz234567"
SHORT = "ctsabcdefghijklmno"


@pytest.mark.parametrize("exchange", ["binance", "bybit", "kucoin", "bitget"])
def test_an_id_that_is_taken_goes_out_as_it_is(exchange: str) -> None:
    assert wire_id(exchange, OURS) == OURS


@pytest.mark.parametrize(
    ("exchange", "form"),
    [
        ("okx", r"[A-Za-z0-9]{1,32}"),
        ("gate", r"[\w-]{1,26}"),
        ("kraken", r"[\w-]{1,18}"),
        ("hyperliquid", r"0x[0-9a-f]{32}"),
    ],
)
def test_an_id_that_is_not_taken_has_one_other_form(exchange: str, form: str) -> None:
    sent = wire_id(exchange, OURS)
    assert re.fullmatch(form, sent)
    assert sent == wire_id(exchange, OURS) != wire_id(exchange, OURS[:-1])
    names = OrderNames(exchange)
    assert names.ours(sent) == sent, "nobody's so far"
    assert names.wire(OURS) == sent
    assert names.ours(sent) == OURS


@pytest.mark.parametrize("exchange", ["okx", "gate", "kraken", "binance"])
def test_eighteen_plain_characters_are_taken_everywhere(exchange: str) -> None:
    assert wire_id(exchange, SHORT) == SHORT


def test_what_ccxt_adds_for_gate_is_taken_away() -> None:
    assert OrderNames("gate").ours("t-" + SHORT) == SHORT
    assert OrderNames("binance").ours("t-mine") == "t-mine"


def test_the_venues_own_id_tells_too() -> None:
    names = OrderNames("binance")
    assert names.ours("", "77") == names.ours(None, None) == ""
    names.link("77", SHORT)
    assert names.ours("", "77") == names.ours("else", "77") == SHORT


@given(st.text(st.sampled_from("abcXYZ019-"), min_size=1, max_size=36))
def test_every_exchange_gets_at_most_36_characters(text: str) -> None:
    for exchange in ("okx", "gate", "kraken", "mexc", "coinex", "hyperliquid", "unheard-of"):
        assert re.fullmatch(r"[A-Za-z0-9_-]{1,36}", wire_id(exchange, text))


def test_only_so_many_names_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cts_tui.venue.client_ids._REMEMBERED", 3)
    names = OrderNames("binance")
    for number in range(5):
        names.link(str(number), f"cts{number}")
    assert [names.ours("", str(number)) for number in range(5)] == ["", "", "cts2", "cts3", "cts4"]
