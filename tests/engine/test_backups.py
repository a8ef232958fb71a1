"""Scheduled backups: made when due, by one of several programs, rotated, and told of."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cts_tui.clock import ManualClock, utc_from_ms
from cts_tui.engine.backups import BackupKeeper
from cts_tui.engine.health.assessment import assess
from cts_tui.engine.program import EngineProgram
from cts_tui.settings import Settings
from cts_tui.store import scratch
from cts_tui.store.backup import make_backup
from cts_tui.store.backup_folder import list_backups
from cts_tui.store.database import Database

from .world import stored

Until = Callable[..., Awaitable[None]]
START = datetime(2026, 3, 11, 12, tzinfo=UTC)
HOUR_MS = 3_600_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "backups"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(round(START.timestamp() * 1000))


def keeper(database: Database, folder: Path, clock: ManualClock, **settings: Any) -> BackupKeeper:
    return BackupKeeper(database, folder, Settings(**settings), clock)


def times(folder: Path, clock: ManualClock) -> list[float]:
    """Return how many hours ago each scheduled backup was made."""
    now = utc_from_ms(clock.now_ms())
    return [
        (now - each.made_at) / timedelta(hours=1)
        for each in list_backups(folder)
        if each.reason == "scheduled"
    ]


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def messages(database: Database) -> list[str]:
    return [row["message"] for row in stored(database, "events") if row["subject"] == "backup"]


def health(database: Database, clock: ManualClock) -> Any:
    return assess(database, clock.now_ms()).sections["database"]["last_backup"]


async def test_one_is_made_at_once_and_then_each_time_the_interval_has_passed(
    database: Database, folder: Path, clock: ManualClock
) -> None:
    assert health(database, clock) is None
    own = keeper(database, folder, clock, backup_every_h=6)
    assert (await own.cycle()).handled == 1
    assert (await own.cycle()).handled == 0
    clock.advance(6 * HOUR_MS - 1_000)
    assert (await own.cycle()).handled == 0
    told = health(database, clock)
    assert (told["reason"], told["age_s"], told["error"]) == ("scheduled", 6 * 3_600 - 1, None)
    assert told["file"] == "cts-20260311T120000Z-scheduled.db.gz"
    clock.advance(1_000)
    assert (await own.cycle()).handled == 1
    assert times(folder, clock) == [0, 6]
    assert [message.split(",")[0] for message in messages(database)] == [
        "backup made: cts-20260311T120000Z-scheduled.db.gz",
        "backup made: cts-20260311T180000Z-scheduled.db.gz",
    ]


async def test_a_restart_does_not_begin_anew_nor_do_backups_by_hand_count(
    database: Database, folder: Path, clock: ManualClock
) -> None:
    await keeper(database, folder, clock).cycle()
    clock.advance(23 * HOUR_MS)
    make_backup(database, folder, reason="manual", now=utc_from_ms(clock.now_ms()))
    assert (await keeper(database, folder, clock).cycle()).handled == 0
    clock.advance(HOUR_MS)
    assert (await keeper(database, folder, clock).cycle()).handled == 1


async def test_a_clock_that_jumps_back_and_forth_makes_few(
    database: Database, folder: Path, clock: ManualClock
) -> None:
    own = keeper(database, folder, clock)
    clock.advance(1_000 * HOUR_MS)
    await own.cycle()
    clock.advance(-1_000 * HOUR_MS)
    for _ in range(5):
        await own.cycle()
    assert times(folder, clock) == [-1_000, 0]


async def test_several_programs_make_one_between_them(
    database: Database, folder: Path, clock: ManualClock
) -> None:
    keepers = [keeper(Database(database.url), folder, clock) for _ in range(4)]
    reports = await asyncio.gather(*(own.cycle() for own in keepers))
    for own in keepers:
        reports.append(await own.cycle())
    assert sum(report.handled for report in reports) == 1
    assert len(list_backups(folder)) == 1


async def test_old_ones_are_removed_once_a_new_one_is_there(
    database: Database, folder: Path, clock: ManualClock
) -> None:
    own = keeper(database, folder, clock, backup_keep_daily=2, backup_keep_weekly=0)
    for _ in range(4):
        await own.cycle()
        clock.advance(24 * HOUR_MS)
    assert times(folder, clock) == [24, 48, 72]
    assert messages(database)[-1].endswith("; 1 old ones removed")


async def test_a_failure_is_told_once_shown_until_one_works_and_tried_again_later(
    database: Database, folder: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = keeper(database, folder, clock)
    await own.cycle()
    clock.advance(25 * HOUR_MS)
    with monkeypatch.context() as patch:
        patch.setattr(scratch, "RESERVE_BYTES", 1 << 60)
        await own.cycle()
        await own.cycle()
        await keeper(database, folder, clock).cycle()
    assert own.figures.errors == 1
    told = health(database, clock)
    assert "too little room" in told["error"]
    assert (told["made_at"], told["failed_at"]) == ("2026-03-11T12:00:00Z", "2026-03-12T13:00:00Z")
    (fault,) = [f for f in assess(database, clock.now_ms()).faults if f.rule == "backup-failed"]
    assert fault.message.endswith("; the last one was made at 2026-03-11T12:00:00Z")
    assert len(messages(database)) == 2
    assert left(folder) == ["cts-20260311T120000Z-scheduled.db.gz"]
    assert (await own.cycle()).handled == 0, "not again at once"
    assert (await keeper(database, folder, clock).cycle()).handled == 1
    assert health(database, clock)["error"] is None
    assert not [f for f in assess(database, clock.now_ms()).faults if f.rule == "backup-failed"]


async def test_a_folder_that_cannot_be_is_a_failure_like_any_other(
    database: Database, clock: ManualClock
) -> None:
    folder = Path(database.url.removeprefix("sqlite:///"))  # a file
    assert (await keeper(database, folder, clock).cycle()).handled == 0
    assert "cannot be listed: Not a directory" in health(database, clock)["error"]
    assert health(database, clock)["made_at"] is None


async def test_a_program_that_ends_gives_up_the_backup_it_makes(
    database: Database, folder: Path, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BackupKeeper, "interval_s", 0.01)
    file = database.file
    assert file is not None
    with closing(sqlite3.connect(file)) as plain:
        plain.executemany(
            "INSERT INTO events (time, who, kind, subject, message) VALUES "
            "('2026-03-11T12:00:00.000Z', 'a', 'b', 'c', ?)",
            [("x" * 1_000,)] * 60_000,
        )
        plain.commit()
    program = EngineProgram(Database(database.url), Settings(), backups=folder)
    task = asyncio.create_task(program.run())
    await until(lambda: list(folder.glob(".unfinished-*/*")), "it has begun")
    program.stop()
    await asyncio.wait_for(task, 20)
    await until(lambda: left(folder) == [], "nothing of it is left")
    assert messages(database) == []


async def test_without_an_interval_none_are_made(
    database: Database, folder: Path, clock: ManualClock
) -> None:
    assert (await keeper(database, folder, clock, backup_every_h=0).cycle()).handled == 0
    assert list_backups(folder) == []
