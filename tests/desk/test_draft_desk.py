"""Drafts of connections: what is suggested, what is wrong field by field, what saving changes."""

from dataclasses import replace

import pytest

from cts_tui.desk.desk import Desk
from cts_tui.errors import ConfigError, LockedError
from cts_tui.model.connection import ConnectionDraft
from cts_tui.model.credentials import Credentials
from cts_tui.model.trading import MarketType, Mode
from cts_tui.model.vault import KeySource

NOTHING = Credentials()
KEY = Credentials(api_key="my-api-key", secret="my-secret-key")


def test_the_usual_exchanges_come_first_with_their_connections(desk: Desk) -> None:
    choices = desk.drafts.exchanges()
    assert [choice.id for choice in choices][:3] == ["binance", "bybit", "okx"]
    assert choices[0].is_usual
    assert choices[0].connections == ("binance",)
    assert choices[-1].id == "simulated"
    assert len(choices) > 100
    assert len({choice.id for choice in choices}) == len(choices)


def test_a_new_draft_has_a_free_name_and_what_is_usual(desk: Desk) -> None:
    draft = desk.drafts.new("binance")
    assert draft == ConnectionDraft(
        "binance-2", "binance", Mode.PAPER, MarketType.SPOT, ("BTC/USDT", "ETH/USDT")
    )
    assert desk.drafts.new("hyperliquid").market is MarketType.SWAP
    assert desk.drafts.new("simulated").timeframe == "1m"
    assert desk.drafts.faults(desk.drafts.new("simulated"), is_new=True) == []


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("name", "no good", "is no name"),
        ("name", "KRAKEN", "already"),
        ("exchange", "krakken", "did you mean kraken"),
        ("symbols", ("BTC",), "is no symbol"),
        ("symbols", (), "no symbol was given"),
        ("symbols_filter", "quote=", "like quote=USDT"),
        ("timeframe", "5", "timeframe"),
        ("ccxt_config", {"secret": "x"}, "credentials do not belong"),
    ],
)
def test_a_fault_is_told_at_its_field(desk: Desk, field: str, value: object, expected: str) -> None:
    draft = replace(desk.drafts.new("kraken"), **{field: value})
    faults = desk.drafts.faults(draft, is_new=True)
    assert [fault.field for fault in faults] == ["symbols" if field == "symbols_filter" else field]
    assert expected in faults[0].message


def test_faults_of_several_fields_are_told_together(desk: Desk) -> None:
    draft = ConnectionDraft("no good", "nowhere", symbols=("x",), timeframe="y")
    faults = desk.drafts.faults(draft, is_new=True)
    assert [fault.field for fault in faults] == ["name", "exchange", "symbols", "timeframe"]


def test_what_two_fields_make_wrong_together_is_told_without_a_field(desk: Desk) -> None:
    draft = replace(desk.drafts.new("simulated"), mode=Mode.LIVE)
    [fault] = desk.drafts.faults(draft, is_new=True)
    assert (fault.field, "paper only" in fault.message) == ("", True)


def test_a_stored_draft_has_no_fault_and_saving_it_changes_nothing(desk: Desk) -> None:
    draft = desk.drafts.stored("kraken")
    assert desk.drafts.faults(draft, is_new=False) == []
    before = len(desk.events.list())
    assert desk.drafts.save(draft, NOTHING, is_new=False) == "kraken is as it was"
    assert len(desk.events.list()) == before


def test_saving_changes_what_is_different_and_nothing_else(desk: Desk) -> None:
    draft = replace(
        desk.drafts.stored("kraken"),
        symbols=(),
        symbols_filter="quote=USD top=5",
        ccxt_config={"options": {"x": 1}},
    )
    assert desk.drafts.save(draft, NOTHING, is_new=False).startswith("kraken is changed: symbols")
    assert desk.drafts.stored("kraken") == draft
    plain = replace(draft, symbols=("BTC/USD",), symbols_filter=None, ccxt_config=None)
    desk.drafts.save(plain, NOTHING, is_new=False)
    assert desk.drafts.stored("kraken") == plain


def test_credentials_are_stored_with_the_draft(desk: Desk) -> None:
    desk.secrets.use(KeySource.FILE)
    draft = replace(desk.drafts.new("binance"), mode=Mode.LIVE)
    desk.drafts.save(draft, KEY, is_new=True)
    assert desk.connections.get("binance-2").credentials is not None
    said = desk.drafts.save(draft, KEY, is_new=False)
    assert said == "binance-2 is changed: credentials"


def test_without_a_key_nothing_is_added(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cts_tui.store.key_ring.name", str)
    with pytest.raises(LockedError, match="there is no key"):
        desk.drafts.save(desk.drafts.new("binance"), KEY, is_new=True)
    assert "binance-2" not in [view.name for view in desk.connections.list()]


def test_a_draft_of_a_connection_that_is_gone_is_refused(desk: Desk) -> None:
    with pytest.raises(ConfigError, match="any more"):
        desk.drafts.stored("gone")
