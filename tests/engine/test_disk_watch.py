"""The brake that a disk puts on: nothing is entered, exits go on, and it lets go by itself."""

import shutil
from typing import Any

import pytest

from cts_tui.engine.brakes import Brakes
from cts_tui.engine.disk_watch import DiskWatch
from cts_tui.store import facts
from cts_tui.store.database import Database

from .program_rig import Rig, Until, candle, make_rig, tick
from .world import ENTER_LONG, make_connection, stored


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


async def test_a_database_that_is_gone_or_another_one_stops_entries(database: Database) -> None:
    file, brakes, told = database.file, Brakes(), []
    assert file is not None
    watch = DiskWatch(database, brakes, lambda *words: told.append(words))
    await watch.cycle()
    assert (brakes.reason, told) == ("", [])
    kept = file.rename(file.with_name("kept.db"))
    await watch.cycle()
    assert "cannot be looked at" in brakes.reason
    shutil.copy(kept, file)
    await watch.cycle()
    assert "is not the file any more" in brakes.reason
    kept.replace(file)
    await watch.cycle()
    assert brakes.reason == ""
    assert [subject for subject, _ in told] == ["disk", "disk"], "one event each way"
