"""Opening a desk: what an empty folder begins with, and what is left alone."""

from pathlib import Path

import pytest

from cts_tui.desk.desk import Desk
from cts_tui.desk.drafts import check_draft
from cts_tui.engine.replay import connection_name
from cts_tui.errors import StoreError
from cts_tui.market.recorded import read_recorded
from cts_tui.model.connection import ConnectionDraft
from cts_tui.model.trading import Actor, Mode
from cts_tui.paths import DataFolder
from cts_tui.rules.builtin import builtin_strategies

from .conftest import Hand

TEMPLATES = {
    "binance", "bybit", "okx", "kraken", "coinbase", "kucoin", "gate", "bitget", "mexc", "bingx",
    "hyperliquid",
}  # fmt: skip


def test_an_empty_folder_gets_the_demo_the_templates_and_the_strategies(desk: Desk) -> None:
    views = {view.name: view for view in desk.connections.list()}
    assert set(views) == {"demo", *TEMPLATES}
    assert {name for name, view in views.items() if view.enabled} == {"demo"}
    assert {(view.mode, view.live, view.is_predefined) for view in views.values()} == {
        (Mode.PAPER, False, True)
    }
    strategies = desk.strategies.list()
    assert {view.name for view in strategies} == {spec.name for spec in builtin_strategies()}
    assert {view.name for view in strategies if view.enabled} == {
        "sma-cross", "rsi-reversal", "macd-cross",
    }  # fmt: skip
    assert all(view.is_builtin for view in strategies)


def test_s13_what_an_empty_folder_begins_with_is_told(desk: Desk) -> None:
    waiting, running, connections = [view.message for view in desk.events.list()]
    assert connections == "the desk begins with demo, enabled, and 11 disabled connections"
    assert running == (
        "added and enabled the built-in strategies macd-cross, rsi-reversal, sma-cross"
    )
    assert waiting.startswith("added the built-in strategies bollinger-return, daily-trend-dip, ")
    assert waiting.endswith(", disabled")
    assert all(view.name in running + waiting for view in desk.strategies.list())


@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_every_template_is_a_connection_that_a_trader_could_have_added(
    desk: Desk, name: str
) -> None:
    view = desk.connections.get(name)
    check_draft(
        ConnectionDraft(
            name=name,
            exchange=view.exchange,
            market=view.market,
            symbols=view.symbols,
            timeframe=view.timeframe,
        )
    )


def test_a_folder_that_was_opened_before_is_left_as_it_is(desk: Desk, tmp_path: Path) -> None:
    for name in TEMPLATES:
        desk.connections.remove(name)
    desk.connections.disable("demo")
    desk.strategies.disable("sma-cross")
    told = len(desk.events.list())
    again = Desk.open(DataFolder(tmp_path / "data"), Actor.CLI)
    assert [(view.name, view.enabled) for view in again.connections.list()] == [("demo", False)]
    assert not again.strategies.get("sma-cross").enabled
    assert len(again.events.list()) == told
    again.close()


def test_a_built_in_strategy_that_is_missing_is_added_and_told(
    desk: Desk, hand: Hand, tmp_path: Path
) -> None:
    hand.execute("DELETE FROM strategies WHERE name = 'sma-cross'")
    again = Desk.open(DataFolder(tmp_path / "data"), Actor.CLI)
    assert again.strategies.get("sma-cross").enabled
    assert again.events.list()[0].message == "added and enabled the built-in strategies sma-cross"
    again.close()


def test_a_built_in_strategy_that_is_new_reaches_an_older_store_disabled(
    desk: Desk, hand: Hand, tmp_path: Path
) -> None:
    hand.execute("DELETE FROM strategies WHERE name = 'rally-fade'")
    again = Desk.open(DataFolder(tmp_path / "data"), Actor.CLI)
    assert not again.strategies.get("rally-fade").enabled
    assert again.events.list()[0].message == "added the built-in strategies rally-fade, disabled"
    again.close()


def test_what_had_to_be_mended_is_told(desk: Desk, hand: Hand, tmp_path: Path) -> None:
    hand.execute("DELETE FROM leases")
    hand.execute("DROP TABLE latest_prices")
    again = Desk.open(DataFolder(tmp_path / "data"), Actor.CLI)
    messages = [view.message for view in again.events.list()]
    assert any("the table latest_prices is missing: made anew" in one for one in messages)
    assert "repaired: 12 connections have no lease: begun anew" in messages
    again.close()


def test_a_store_that_does_not_open_is_let_go_of(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "data")
    folder.create()
    folder.database.write_text("no database, and longer than the header of one" * 9)
    with pytest.raises(StoreError, match="is not a SQLite database"):
        Desk.open(folder, Actor.CLI)
    assert [path.name for path in folder.root.iterdir()] == ["cts.db"]


def test_the_name_of_a_replay_is_one_that_no_trader_can_give(tmp_path: Path) -> None:
    file = tmp_path / "BYBIT_BTCUSDT_5m.csv"
    file.write_text("timestamp_ms,open,high,low,close,volume\n1743699900000,1,1,1,1,1\n")
    name = connection_name(read_recorded(file))
    assert name == "replay-bybit-btcusdt-5m"
    with pytest.raises(Exception, match="kept for replays"):
        check_draft(ConnectionDraft(name=name, exchange="bybit", symbols=("BTC/USDT",)))
