"""The brake that a disk puts on: nothing is entered, exits go on, and it lets go by itself."""

import asyncio
import gzip
import shutil
from pathlib import Path
from typing import Any

import pytest

from cts_tui.clock import SystemClock
from cts_tui.desk.desk import Desk
from cts_tui.engine.brakes import Brakes
from cts_tui.engine.disk_watch import DiskWatch
from cts_tui.engine.program import EngineProgram
from cts_tui.errors import StoreError
from cts_tui.model.trading import Actor
from cts_tui.paths import DataFolder
from cts_tui.store import facts
from cts_tui.store.backup_folder import look_at
from cts_tui.store.database import Database

from .program_rig import Rig, Until, candle, make_rig, tick
from .world import ENTER_LONG, SYMBOL, make_connection, stored


@pytest.fixture
def rig(database: Database, until: Until, monkeypatch: pytest.MonkeyPatch) -> Rig:
    return make_rig(database, until, monkeypatch)


def braked(row: Any) -> dict[str, str]:
    return (row["figures"] or {}).get("brakes") or {}


async def test_a_disk_that_is_nearly_full_stops_entries_until_there_is_room(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_connection(rig.database)
    monkeypatch.setattr(facts, "DISK_FULL_BYTES", 10**18)
    async with rig.program() as program:
        await rig.engine("paper")
        await rig.row("engine_programs", lambda row: "nearly full" in braked(row).get("disk", ""))
        feed = rig.feeds["paper"][-1]
        feed.say(tick("100"))
        feed.say(candle(ENTER_LONG))
        refused = await rig.row("signals", lambda row: row["status"] == "refused")
        assert "the disk is nearly full" in refused["reason"]
        assert stored(rig.database, "orders") == []
        monkeypatch.setattr(facts, "DISK_FULL_BYTES", 0)
        await rig.row("events", lambda row: "there is room again" in row["message"])
        assert program._brakes.reason == ""


async def test_a_database_that_is_gone_or_another_one_stops_entries(
    database: Database, tmp_path: Path
) -> None:
    file, brakes, told = database.file, Brakes(), []
    assert file is not None
    with database.read():
        database.hold()
    backups = tmp_path / "backups"
    tell = lambda *words: told.append(words)  # noqa: E731
    watch = DiskWatch(database, backups, SystemClock(), brakes, tell)
    await watch.cycle()
    assert (brakes.reason, told) == ("", [])
    kept = file.rename(file.with_name("kept.db"))
    await watch.cycle()
    assert "is not the file any more" in brakes.reason
    (fault,) = watch.faults()
    (rescued,) = backups.iterdir()
    assert str(rescued) in fault.message
    assert look_at(rescued).reason == "rescued"
    with database.read():  # through the connection that is open: no other is made
        assert not file.exists()
    shutil.copy(kept, file)
    await watch.cycle()
    assert "is not the file any more" in brakes.reason
    kept.replace(file)
    await watch.cycle()
    assert brakes.reason == ""
    assert [subject for subject, _ in told] == ["disk", "disk"], "one event each way"


async def test_a_database_deleted_under_a_program_is_rescued_to_the_last_row(
    rig: Rig, tmp_path: Path
) -> None:
    make_connection(rig.database)
    file, backups = rig.database.file, tmp_path / "backups"
    assert file is not None
    database = Database(rig.database.url)
    program = EngineProgram(database, rig.settings, backups=backups)
    running = asyncio.create_task(program.run())
    await rig.engine("paper")
    await rig.open_position()
    rig.database.close()
    for part in file.parent.glob("cts.db*"):
        part.unlink()
    await rig.until(lambda: list(backups.glob("*rescued*")), "what it holds is rescued")
    assert "is not the file any more" in program._brakes.reason
    program.stop()
    await asyncio.wait_for(running, 20)
    assert not file.exists(), "nothing was begun at its place"
    database.close()
    newest = sorted(backups.glob("*rescued*"), key=lambda one: one.stat().st_mtime_ns)[-1]
    whole = tmp_path / "whole.db"
    whole.write_bytes(gzip.decompress(newest.read_bytes()))
    kept = Database.at(whole)
    assert [row["symbol"] for row in stored(kept, "positions")] == [SYMBOL]
    told = [row["message"] for row in stored(kept, "events")]
    assert "the engine program stopped in order" in told, "to the very end"
    kept.close()


def test_a_face_begins_no_new_store_where_a_running_program_has_lost_its_file(
    tmp_path: Path,
) -> None:
    folder = DataFolder(tmp_path / "data")
    running = Desk.open(folder, Actor.CLI)
    folder.database.unlink()
    with pytest.raises(StoreError, match=r"is gone, and another cts-tui is open on"):
        Desk.open(folder, Actor.TUI)
    assert not folder.database.exists()
    running.close()
