"""`doctor`: what helps with a bug is in it; no name, amount, path, host, id or key is."""

import json
import logging
import os
import socket
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from cts_tui.desk.doctor.stand_ins import NAMES_UNKNOWN, StandIns
from cts_tui.desk.log_file import log_to
from cts_tui.model.credentials import Credentials
from cts_tui.paths import DataFolder, config_folder

from .conftest import Cts, execute, hold

KEYS = Credentials(
    api_key="AK-" + "t5z6" * 8, secret="SKsecretwithoutanydigit", password="pa55phrase!"
)
MASTER = "correct horse battery staple 99"
NAME, STRATEGY = "grandmas-pension", "secret-sauce"
BALANCE = "48213.77150"
PROXY = "http://joe:hunter22@proxy.example.org:8080"
STRATEGY_TOML = f"""
name = "{STRATEGY}"
timeframe = "5m"
entry_long = "rsi(14) < 23.75"
stop_loss_pct = 2.0
take_profit_pct = 3.0
size = {{ kind = "quote", amount = 7777.25 }}
symbols = ["*"]
"""


def complain() -> None:
    """Log what no message should hold, with a traceback."""
    error = OSError(f"{Path.home()}/wallet.txt: {PROXY} refused, mail joe@example.org")
    try:
        raise error
    except OSError:
        logging.getLogger("cts_tui.engine.feeding").exception(
            "%s: %s holds %s USDT, order 5f1c9e77-aa01 on %s, retCode 10003, HTTP 403 in 12.5 ms",
            NAME, STRATEGY, BALANCE, socket.gethostname(),
        )  # fmt: skip


@pytest.fixture
def told(
    cts: Cts, folder: DataFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """A desk that has said all it should not in its log; returns what must not be found."""
    monkeypatch.setenv("CTS_MASTER_KEY", MASTER)
    file = tmp_path / "strategy.toml"
    file.write_text(STRATEGY_TOML)
    assert cts("strategies", "add", file).code == 0
    overlay = json.dumps({"httpsProxy": PROXY})
    assert cts("connections", "add", NAME, "--exchange", "bybit", "--symbols", "BTC/USDT",
               "--ccxt-config", overlay).code == 0  # fmt: skip
    from cts_tui.desk.desk import Desk
    from cts_tui.model.trading import Actor

    desk = Desk.open(folder, Actor.CLI)
    desk.credentials.put(NAME, KEYS)
    hold(desk, NAME, key="cts1a2b3c4d")
    execute(desk, "INSERT INTO balances (connection_id, is_live, currency, free, used, total, "
                  f"updated_at) SELECT id, 1, 'USDT', '{BALANCE}', '0', '{BALANCE}', "
                  f"'2025-04-03T12:00:00.000Z' FROM connections WHERE name = '{NAME}'")  # fmt: skip
    execute(desk, "INSERT INTO engine_states (connection_id, status, restarts, last_error) SELECT "
                  f"id, 'failed', 2, 'order cts1a2b3c4d of {NAME} at 10.9.8.7 lost {BALANCE} USDT' "
                  f"FROM connections WHERE name = '{NAME}' ON CONFLICT (connection_id) DO UPDATE "
                  "SET status = excluded.status, last_error = excluded.last_error")  # fmt: skip
    execute(desk, f"UPDATE connections SET enabled = 1 WHERE name = '{NAME}'")
    desk.close()
    log_to(folder.log)
    complain()
    return {
        "connection": NAME, "strategy": STRATEGY, "balance": BALANCE, "key": KEYS.api_key,
        "secret": KEYS.secret, "password": str(KEYS.password), "master key": MASTER,
        "proxy": PROXY, "proxy password": "hunter22", "home": str(Path.home()),
        "data folder": str(folder.root), "config folder": str(config_folder()),
        "temporary folder": str(tmp_path), "host": socket.gethostname(), "address": "10.9.8.7",
        "mail": "joe@example.org", "order id": "cts1a2b3c4d", "venue id": "5f1c9e77",
        "rule": "23.75", "size": "7777.25",
    }  # fmt: skip


def leaks(raw: bytes, told: dict[str, str]) -> list[str]:
    return [what for what, value in told.items() if value.encode() in raw]


def test_nothing_in_it_tells_whose_desk_it_is(cts: Cts, told: dict[str, str]) -> None:
    for options in ((), ("--json",)):
        said = cts("doctor", *options)
        assert said.code == 0
        assert leaks(said.out.encode() + said.err.encode(), told) == []
    document = cts("doctor", "--json").document
    assert list(document) == ["made_at", "versions", "terminal", "settings_changed", "health",
                              "bytes", "errors", "log"]  # fmt: skip
    assert document["versions"]["sqlite"] == sqlite3.sqlite_version
    assert document["health"]["database"]["tables"]["positions"] == 1
    faults = {fault["rule"]: fault["message"] for fault in document["health"]["faults"]}
    assert "<connection-" in faults["no-engine"] or "no engine" in faults["no-engine"]
    assert "bybit" in {row["exchange"] for row in document["health"]["api"]}
    (error,) = document["errors"]
    assert error["message"].endswith("retCode 10003, HTTP 403 in 12.5 ms")
    assert error["message"].startswith("<connection-")
    assert any("line " in line for line in error["exception"])


def test_what_is_changed_of_the_settings_is_in_it(
    cts: Cts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CTS_RSI_PERIOD", "21")
    monkeypatch.setenv("CTS_PAPER_BALANCE", "123456")
    changed = cts("doctor", "--json").document["settings_changed"]
    assert (changed["rsi_period"], changed["paper_balance"]) == (21, "<amount>")


def overwrite(file: Path) -> None:
    file.write_bytes(b"no database at all" * 400)


def cut_off(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 3)


def drop(file: Path) -> None:
    with closing(sqlite3.connect(file)) as plain, plain:
        plain.execute("DROP TABLE strategies")


def test_of_a_store_that_is_damaged_or_gone_it_says_what_is_missing_and_leaks_nothing(
    cts: Cts, told: dict[str, str], folder: DataFolder
) -> None:
    with closing(sqlite3.connect(folder.database)) as plain:
        plain.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    whole = folder.database.read_bytes()
    for harm in (overwrite, cut_off, drop, Path.unlink):
        for path in folder.root.glob("cts.db*"):
            path.unlink()
        folder.database.write_bytes(whole)
        harm(folder.database)
        was_there = folder.database.exists()
        said = cts("doctor", "--json")
        assert said.code == 0
        assert leaks(said.out.encode(), told) == [], harm
        assert said.document["versions"]["cts_tui"]
        assert said.document["errors"][0]["message"] == NAMES_UNKNOWN, harm
        assert folder.database.exists() == was_there


def test_a_file_is_whole_private_and_never_overwritten(cts: Cts, tmp_path: Path) -> None:
    out = tmp_path / "report.json"
    assert cts("doctor", "--json", "--out", out).document == {"file": str(out)}
    assert json.loads(out.read_text())["versions"]
    assert out.stat().st_mode & 0o777 == 0o600
    assert "nothing is overwritten" in cts("doctor", "--out", out).refusal
    assert "there is no folder" in cts("doctor", "--out", tmp_path / "no" / "x").refusal
    tmp_path.chmod(0o700)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".report")] == []


def test_the_same_name_becomes_the_same_word_and_its_part_of_a_longer_one_does_not_show() -> None:
    names = StandIns({"connection": ["main", "main-2", "x"]}, {"/home/joe": "<home>"})
    assert names.prose("main-2 and main, main again; x in xylem at /home/joe/a.txt") == (
        "<connection-2> and <connection-1>, <connection-1> again; <connection-3> in xylem at "
        "<home>/a.txt"
    )
    assert names.prose("3 of 12 took 1500 ms, 4500.5 lost") == "3 of 12 took 1500 ms, <number> lost"
