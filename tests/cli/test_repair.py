"""`repair`: its plan changes nothing, it loses nothing that can be read, undo puts all back."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from cts_tui.paths import DataFolder
from cts_tui.store import occupancy

from .conftest import Cts, dump
from .test_running import Start, first_line, start

__all__ = ["start"]
NEWEST = "(SELECT max(id) FROM {} WHERE status = '{}')"
DAMAGE = {
    "live-on-disabled": "UPDATE connections SET live = 1 WHERE name = 'binance'",
    "bad-value": "UPDATE candles SET high = -5 WHERE time_ms = (SELECT max(time_ms) FROM candles)",
    "missing-table": "DROP TABLE alerts",
    "missing-engine-state": "DELETE FROM engine_states WHERE connection_id = 1",
}
"""What a repair may mend by itself."""
TRADING = {
    "closed-without-exit": "UPDATE positions SET exit_price = NULL WHERE id = "
    + NEWEST.format("positions", "closed"),
    "fill-without-order": "DELETE FROM orders WHERE id = "
    "(SELECT min(id) FROM orders WHERE status = 'filled')",
}
"""What only the trader's word mends."""

Damaged = Callable[..., None]


@pytest.fixture
def damaged(cts: Cts, folder: DataFolder, candles: Path) -> Damaged:
    """A store with trades in it, changed behind its back."""
    assert cts("replay", candles, "--strategy", "sma-cross", "--no-gate").code == 0

    def change(*statements: str) -> None:
        with closing(sqlite3.connect(folder.database)) as connection, connection:
            for statement in statements:
                connection.execute(statement)

    return change


def rows(folder: DataFolder, query: str) -> list[Any]:
    with closing(sqlite3.connect(folder.database)) as connection:
        return connection.execute(query).fetchall()


def done(document: Any) -> set[str]:
    return {one["kind"] for one in document["repairs"] if one["mended"] or one["set_aside"]}


def test_a_sound_store_has_nothing_to_repair_and_gets_no_backup(
    cts: Cts, damaged: Damaged, folder: DataFolder
) -> None:
    assert cts("repair").out == "there is nothing to repair\n"
    document = cts("repair", "--json").document
    assert (document["repairs"], document["backup"], document["remaining"]) == ([], None, [])
    assert list(folder.backups.iterdir()) == []


def test_a_plan_says_what_would_be_done_and_changes_nothing(
    cts: Cts, damaged: Damaged, folder: DataFolder
) -> None:
    damaged(*DAMAGE.values(), *TRADING.values())
    before = dump(folder.database)
    planned = cts("repair", "--dry-run", "--json").document
    assert (planned["dry_run"], planned["backup"]) == (True, None)
    assert done(planned) == set(DAMAGE)
    assert set(TRADING) <= {one["kind"] for one in planned["remaining"]}
    whole = cts("repair", "--dry-run", "--trading", "--json").document
    assert done(whole) >= set(DAMAGE) | set(TRADING)
    assert dump(folder.database) == before


def test_a_repair_mends_after_a_backup_and_its_undoing_puts_everything_back(
    cts: Cts, damaged: Damaged, folder: DataFolder
) -> None:
    exits = rows(folder, "SELECT key, exit_price, pnl FROM positions")
    damaged(*DAMAGE.values(), *TRADING.values())
    before = dump(folder.database)
    report = cts("repair", "--trading", "--json").document
    assert done(report) >= set(DAMAGE) | set(TRADING)
    assert Path(report["backup"]).exists()
    assert rows(folder, "SELECT key, exit_price, pnl FROM positions") == exits, "from its fills"
    assert rows(folder, "SELECT count(*) FROM connections WHERE live") == [(0,)]
    assert rows(folder, "SELECT count(*) FROM quarantine WHERE origin = 'fills'") == [(1,)]
    left = {finding["kind"] for finding in cts("verify", "--json").document["findings"]}
    gone = {"position-differs-from-fills", "position-without-entry-order"}
    assert left <= gone, "an order that is lost, and its fills, are missing for good"
    told = [event["message"] for event in cts("events", "list", "--json").document]
    assert any("live though disabled" in message for message in told)
    assert cts("repair", "--undo").out.startswith("the repair is undone")
    assert set(before) - set(dump(folder.database)) <= {
        line for line in before if 'INSERT INTO "connections"' in line or "sqlite_" in line
    }, "but for live trading, which a restore leaves off"


def test_what_is_the_traders_is_left_alone_without_the_traders_word(
    cts: Cts, damaged: Damaged, folder: DataFolder
) -> None:
    damaged(*TRADING.values())
    tables = [rows(folder, f"SELECT * FROM {name}") for name in ("orders", "fills", "positions")]
    said = cts("repair")
    assert said.code == 0
    assert "left as it is:" in said.out
    assert tables == [
        rows(folder, f"SELECT * FROM {name}") for name in ("orders", "fills", "positions")
    ]


def test_a_repair_is_refused_while_an_engine_runs(
    cts: Cts, folder: DataFolder, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(occupancy, "_WAIT_S", 0.0)
    process = start("run")
    first_line(process)
    for arguments in ((), ("--dry-run",), ("--undo",)):
        refusal = cts("repair", *arguments).refusal
        assert "engine runs" in refusal or "another cts-tui" in refusal or "no repair" in refusal


def test_undo_stands_alone_and_needs_a_repair(cts: Cts) -> None:
    assert cts("repair", "--undo", "--dry-run").code == 2
    assert "there is no repair to undo" in cts("repair", "--undo").refusal
