"""`connections …`: what a trader sets up, and what is refused."""

from pathlib import Path

import pytest

from cts_tui.desk.desk import Desk
from cts_tui.model.trading import Mode

from .conftest import Cts, execute, hold

KEYS = ["name", "exchange", "mode", "market", "symbols", "enabled", "live", "status"]


def connection(cts: Cts, name: str) -> dict[str, object]:
    found: dict[str, object] = cts("connections", "show", name, "--json").document
    return found


def last_event(cts: Cts) -> dict[str, object]:
    found: dict[str, object] = cts("events", "list", "--limit", 1, "--json").document[0]
    return found


def test_an_empty_folder_has_a_demo_that_is_enabled_and_templates_that_are_not(cts: Cts) -> None:
    rows = cts("connections", "list", "--json").document
    assert [row["name"] for row in rows if row["enabled"]] == ["demo"]
    wanted = "binance bybit okx kraken coinbase kucoin gate bitget mexc bingx hyperliquid"
    assert {row["name"] for row in rows} == {"demo", *wanted.split()}
    assert {(row["mode"], row["live"]) for row in rows} == {("paper", False)}


def test_s1_a_new_connection_is_disabled_on_paper_and_not_live(cts: Cts) -> None:
    said = cts(
        "connections", "add", "mine", "--exchange", "bybit", "--symbols", "BTC/USDT,ETH/USDT"
    )
    assert said.code == 0
    assert "connections enable mine" in said.out
    row = connection(cts, "mine")
    assert [row[key] for key in KEYS] == [
        "mine", "bybit", "paper", "spot", ["BTC/USDT", "ETH/USDT"], False, False, "stopped",
    ]  # fmt: skip


def test_s1_a_mode_that_nobody_knows_is_read_as_paper(cts: Cts, desk: Desk) -> None:
    execute(desk, "UPDATE connections SET mode = 'yolo' WHERE name = 'demo'")
    assert connection(cts, "demo")["mode"] == Mode.PAPER


@pytest.mark.parametrize(
    ("arguments", "symbols"),
    [
        (["--exchange", "bybit"], ["BTC/USDT", "ETH/USDT"]),
        (["--exchange", "kraken"], ["BTC/USD", "ETH/USD"]),
        (["--exchange", "bybit", "--market", "swap"], ["BTC/USDT:USDT", "ETH/USDT:USDT"]),
        (["--exchange", "hyperliquid", "--market", "swap"], ["BTC/USDC:USDC", "ETH/USDC:USDC"]),
    ],
)
def test_a_connection_without_symbols_gets_the_usual_ones(
    cts: Cts, arguments: list[str], symbols: list[str]
) -> None:
    added = cts("connections", "add", "mine", *arguments, "--json").document
    assert added["symbols"] == symbols


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["x", "--exchange", "binanse"], "did you mean binance"),
        (["demo", "--exchange", "bybit"], "a connection called demo already"),
        (["Demo", "--exchange", "bybit"], "a connection called demo already"),
        (["a b", "--exchange", "bybit"], "'a b' is no name"),
        (["replay-x", "--exchange", "bybit"], "kept for replays"),
        (["x", "--exchange", "bybit", "--symbols", "BTCUSDT"], "expected BASE/QUOTE"),
        (["x", "--exchange", "bybit", "--symbols", ""], "no symbol was given"),
        (["x", "--exchange", "bybit", "--symbols", "A/B,A/B"], "given twice"),
        (["x", "--exchange", "bybit", "--mode", "real"], "expected paper, testnet or live"),
        (["x", "--exchange", "bybit", "--market", "futures"], "expected spot or swap"),
        (["x", "--exchange", "bybit", "--timeframe", "7x"], "like 5m"),
        (["x", "--exchange", "simulated", "--mode", "live"], "on paper only"),
        (["x", "--exchange", "bybit", "--ccxt-config", "{"], "is no JSON"),
        (["x", "--exchange", "bybit", "--ccxt-config", "/nowhere.json"], "No such file"),
        (["x", "--exchange", "bybit", "--ccxt-config", "/tmp"], "a directory"),
        (
            ["x", "--exchange", "bybit", "--symbols-filter", "volume"],
            "is no term of a symbol filter",
        ),
        (
            ["x", "--exchange", "simulated", "--symbols-filter", "top=5"],
            "no symbols to choose from",
        ),
        (
            ["x", "--exchange", "bybit", "--symbols-filter", "top=5", "--symbols", "A/B"],
            "either --symbols or --symbols-filter",
        ),
    ],
)
@pytest.mark.usefixtures("unchanged")
def test_a_wrong_connection_is_refused_in_one_line(
    cts: Cts, arguments: list[str], said: str
) -> None:
    assert said in cts("connections", "add", *arguments).refusal


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    "overlay", ['{"apiKey": "K123"}', '{"options": {"secret": "K123"}}', '{"password": "K123" x']
)
def test_s10_credentials_in_a_ccxt_overlay_are_refused_and_not_echoed(
    cts: Cts, overlay: str, tmp_path: Path
) -> None:
    file = tmp_path / "overlay.json"
    file.write_text(overlay)
    for given in (overlay, file):
        assert (
            "K123"
            not in cts(
                "connections", "add", "x", "--exchange", "bybit", "--ccxt-config", given
            ).refusal
        )


def test_s10_an_event_tells_what_an_overlay_touches_but_not_what_it_holds(cts: Cts) -> None:
    given = '{"httpsProxy": "http://user:K123@127.0.0.1:9"}'
    assert cts("connections", "edit", "bybit", "--ccxt-config", given).code == 0
    event = last_event(cts)
    assert (event["before"], event["after"]) == ("ccxt_config None", "ccxt_config httpsProxy")


def test_s13_every_change_leaves_an_event_with_before_and_after(cts: Cts) -> None:
    told = []
    for arguments in (
        ["add", "mine", "--exchange", "bybit"],
        ["edit", "mine", "--symbols", "SOL/USDT", "--timeframe", "1h"],
        ["enable", "mine"],
        ["disable", "mine"],
        ["remove", "mine"],
    ):
        assert cts("connections", *arguments).code == 0
        event = last_event(cts)
        assert (event["who"], event["kind"], event["subject"]) == ("cli", "connection", "mine")
        told.append((event["before"], event["after"]))
    assert told == [
        (None, "exchange bybit, mode paper, market spot, symbols BTC/USDT,ETH/USDT"),
        ("symbols BTC/USDT,ETH/USDT, timeframe 5m", "symbols SOL/USDT, timeframe 1h"),
        ("disabled", "enabled"),
        ("enabled", "disabled"),
        ("present", None),
    ]


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["enable", "nope"], "no connection called 'nope'; there are: binance"),
        (["disable", "nope"], "no connection called 'nope'"),
        (["show", "nope"], "no connection called 'nope'"),
        (["remove", "nope"], "no connection called 'nope'"),
        (["edit", "nope", "--timeframe", "1m"], "no connection called 'nope'"),
        (["edit", "demo"], "nothing to change was given"),
        (["edit", "demo", "--exchange", "byb"], "did you mean"),
        (["edit", "demo", "--mode", "live"], "on paper only"),
        (["edit", "demo", "--symbols", ""], "no symbol was given"),
        (["live", "on", "nope"], "no connection called 'nope'"),
    ],
)
def test_what_cannot_be_changed_is_refused_without_a_trace(
    cts: Cts, arguments: list[str], said: str
) -> None:
    assert said in cts("connections", *arguments).refusal


@pytest.mark.usefixtures("unchanged")
def test_enabling_the_enabled_and_disabling_the_disabled_changes_nothing(cts: Cts) -> None:
    assert cts("connections", "enable", "demo").code == 0
    assert cts("connections", "disable", "bybit").code == 0
    assert cts("connections", "live", "off", "demo").code == 0


def test_s2_disabling_turns_live_off_in_the_same_transaction(cts: Cts, desk: Desk) -> None:
    execute(desk, "UPDATE connections SET mode = 'live', live = 1 WHERE name = 'demo'")
    said = cts("connections", "disable", "demo", "--json").document
    assert (said["enabled"], said["live"]) == (False, False)
    assert last_event(cts)["message"] == "connection disabled, live trading off"


def test_s2_a_trigger_that_fails_the_event_keeps_the_connection_as_it_was(
    cts: Cts, desk: Desk
) -> None:
    execute(desk, "UPDATE connections SET mode = 'live', live = 1 WHERE name = 'demo'")
    execute(
        desk,
        "CREATE TRIGGER full BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'no room'); END",
    )
    assert "no room" in cts("connections", "disable", "demo").refusal
    row = connection(cts, "demo")
    assert (row["enabled"], row["live"]) == (True, True)


def test_live_off_works_at_once_and_leaves_an_event(cts: Cts, desk: Desk) -> None:
    execute(desk, "UPDATE connections SET mode = 'live', live = 1 WHERE name = 'demo'")
    assert cts("connections", "live", "off", "demo").code == 0
    assert connection(cts, "demo")["live"] is False
    event = last_event(cts)
    assert (event["before"], event["after"]) == ("live", "not live")


def test_editing_turns_live_trading_off(cts: Cts, desk: Desk) -> None:
    execute(desk, "UPDATE connections SET live = 1 WHERE name = 'demo'")
    assert cts("connections", "edit", "demo", "--symbols", "BTC/USDT").code == 0
    assert connection(cts, "demo")["live"] is False


@pytest.mark.parametrize(
    "change",
    [
        ["--symbols", "ETH/USDT"],
        ["--timeframe", "5m", "--exchange", "bybit"],
        ["--exchange", "bybit"],
    ],
)
def test_an_edit_that_would_orphan_an_open_position_is_refused(
    cts: Cts, desk: Desk, change: list[str]
) -> None:
    hold(desk)
    assert "open position" in cts("connections", "edit", "demo", *change).refusal
    assert connection(cts, "demo")["exchange"] == "simulated"


def test_an_edit_that_keeps_the_symbol_of_an_open_position_works(cts: Cts, desk: Desk) -> None:
    hold(desk)
    assert cts("connections", "edit", "demo", "--symbols", "BTC/USDT,SOL/USDT").code == 0


def test_removing_refuses_with_an_open_position_and_says_what_force_removes(
    cts: Cts, desk: Desk
) -> None:
    hold(desk)
    assert "1 open position: close" in cts("connections", "remove", "demo").refusal
    removed = cts("connections", "remove", "demo", "--force")
    assert (removed.code, removed.out) == (0, "removed demo with 1 positions\n")
    assert cts("positions", "list", "--json").document == []
    assert last_event(cts)["message"] == "connection removed with 1 positions"


def test_removing_as_json_counts_the_rows_of_every_table(cts: Cts, desk: Desk) -> None:
    hold(desk)
    document = cts("connections", "remove", "demo", "--force", "--json").document
    assert document["name"] == "demo"
    assert document["removed"]["positions"] == 1
    assert {"orders", "fills", "signals", "candles", "indications"} <= document["removed"].keys()


def test_a_removed_template_does_not_come_back(cts: Cts) -> None:
    assert cts("connections", "remove", "okx").code == 0
    assert "okx" not in cts("connections", "list").out


def test_disabling_says_that_open_positions_are_left_alone(cts: Cts, desk: Desk) -> None:
    hold(desk)
    assert "left open and unwatched: 1" in cts("connections", "disable", "demo").out


def test_enabling_without_an_engine_says_how_to_start_one(cts: Cts) -> None:
    assert "cts-tui run" in cts("connections", "enable", "bybit").out


@pytest.mark.parametrize("command", ["enable", "disable", "edit"])
def test_what_holds_a_replay_cannot_be_made_to_trade(cts: Cts, candles: Path, command: str) -> None:
    assert cts("replay", candles).code == 0
    change = ["--timeframe", "1m"] if command == "edit" else []
    said = cts("connections", command, "replay-test-btcusdt-5m", *change)
    assert said.code == (0 if command == "disable" else 1)
    assert connection(cts, "replay-test-btcusdt-5m")["enabled"] is False


def test_a_symbol_filter_takes_the_place_of_a_list_and_back(cts: Cts) -> None:
    rule = "quote=USDT volume>10M top=20"
    assert (
        cts("connections", "add", "mine", "--exchange", "bybit", "--symbols-filter", rule).code == 0
    )
    found = connection(cts, "mine")
    assert (found["symbols"], found["symbols_filter"]) == ([], rule)
    assert cts("connections", "edit", "mine", "--symbols", "BTC/USDT").code == 0
    found = connection(cts, "mine")
    assert (found["symbols"], found["symbols_filter"]) == (["BTC/USDT"], None)
    assert cts("connections", "edit", "mine", "--symbols-filter", "top=3").code == 0
    found = connection(cts, "mine")
    assert (found["symbols"], found["symbols_filter"]) == ([], "top=3")
