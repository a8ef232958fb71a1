"""A database, or its log, that is gone from its folder: told, and never begun afresh in silence."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from cts_tui.paths import DataFolder
from tests.store.salvage.ruins import rows_in

from .conftest import Cts


@pytest.mark.parametrize("is_there", [True, False])
def test_a_lost_database_is_not_begun_afresh_beside_its_backups(
    is_there: bool, cts: Cts, folder: DataFolder
) -> None:
    made = cts("backup", "--json").document["file"]
    for path in folder.root.glob("cts.db*"):
        path.unlink()
    if is_there:
        folder.database.touch()
    for command in ("status", "repair", "repair --dry-run", "connections list"):
        refusal = cts(*command.split()).refusal
        assert f"cts-tui restore {made}" in refusal
        assert "to begin afresh" in refusal
    assert cts("health").code == 2
    assert folder.database.exists() == is_there
    folder.backups.rename(folder.root / "elsewhere")
    assert cts("status").code == 0


def test_a_lost_database_is_put_back_from_its_backup(cts: Cts, folder: DataFolder) -> None:
    strategies = rows_in(folder.database)["strategies"]
    made = cts("backup", "--json").document["file"]
    for path in folder.root.glob("cts.db*"):
        path.unlink()
    assert cts("restore", made).code == 0
    assert rows_in(folder.database)["strategies"] == strategies


@pytest.mark.parametrize("command", ["health", "status", "repair", "repair --dry-run"])
def test_a_log_that_was_taken_away_is_told(command: str, cts: Cts, folder: DataFolder) -> None:
    with closing(sqlite3.connect(folder.database)) as plain:
        plain.execute("PRAGMA wal_autocheckpoint=0")
        plain.execute("DELETE FROM alerts")
        plain.commit()
        files = {end: Path(f"{folder.database}{end}").read_bytes() for end in ("", "-shm")}
    for end, content in files.items():
        Path(f"{folder.database}{end}").write_bytes(content)
    said = cts(*command.split())
    if command.startswith("repair"):
        assert "cts.db-wal is gone" in said.out
    else:
        told = [event["message"] for event in cts("events", "list", "--json").document]
        assert sum("cts.db-wal is gone" in line for line in told) == 1
