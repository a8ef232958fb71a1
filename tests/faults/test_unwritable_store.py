"""A store that cannot be written: full, locked, read-only. Nothing is entered and nothing is lost.

The program goes on meanwhile, what is open stays open with its levels, and all is taken up again by
itself once there is room.
"""

import shutil
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

import cts_tui.engine.program as program_module
import cts_tui.store.journal as journal_module
from cts_tui.engine.connection import ConnectionEngine
from cts_tui.store import facts
from cts_tui.store.batch import Batch
from cts_tui.store.database import Database
from cts_tui.store.journal import Journal
from tests.engine.program_rig import Rig, candle, make_rig, tick
from tests.engine.world import ENTER_LONG, make_connection, stored
from tests.faults.small_disk import full, small_disk

Until = Callable[..., Awaitable[None]]
Trouble = Callable[["Desk"], AbstractContextManager[None]]
pytestmark = pytest.mark.usefixtures("own_garbage")


class Desk:
    """A program with two connections, of which one holds a position."""

    def __init__(self, rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
        self.rig = rig
        self.engines: dict[str, ConnectionEngine] = {}
        desk = self

        class Known(ConnectionEngine):
            """An engine that the test knows."""

            async def run(self) -> None:
                desk.engines[self.setup.name] = self
                await super().run()

        monkeypatch.setattr(program_module, "ConnectionEngine", Known)

    @property
    def journal(self) -> Journal:
        return self.engines["paper"].context.recorder._journal

    @property
    def raw(self) -> Any:
        return self.journal._connection.connection.driver_connection


@contextmanager
def locked(desk: Desk) -> Iterator[None]:
    """Have another program hold the write lock."""
    other = sqlite3.connect(str(desk.rig.database.file), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


@contextmanager
def no_more_pages(desk: Desk) -> Iterator[None]:
    """Have SQLite itself say that the disk is full."""
    desk.raw.execute("PRAGMA max_page_count=1")  # it keeps what there is
    pages = int(desk.raw.execute("PRAGMA page_count").fetchone()[0])
    desk.raw.execute(f"PRAGMA max_page_count={pages}")
    large = Batch()
    large.event(time_ms=0, who="cli", kind="store", subject="x", message="x" * 500_000)
    desk.journal.submit(large)
    try:
        yield
    finally:
        desk.raw.execute("PRAGMA max_page_count=1073741823")


@contextmanager
def read_only(desk: Desk) -> Iterator[None]:
    """Have SQLite refuse every write, as on a file system that was remounted."""
    desk.raw.execute("PRAGMA query_only=ON")
    try:
        yield
    finally:
        desk.raw.execute("PRAGMA query_only=OFF")


@contextmanager
def full_disk(desk: Desk) -> Iterator[None]:
    """Leave no byte free on the disk of the store."""
    assert desk.rig.database.file is not None
    with full(desk.rig.database.file.parent):
        yield


@pytest.fixture
def make_desk(until: Until, monkeypatch: pytest.MonkeyPatch) -> Callable[[Database], Desk]:
    """Return what makes a desk on a store; it gives up and tries again within milliseconds."""

    def make(database: Database) -> Desk:
        rig = make_rig(database, until, monkeypatch)
        rig.wait_ms = 500
        for name in ("paper", "other"):
            make_connection(rig.database, name)
        return Desk(rig, monkeypatch)

    monkeypatch.setattr(journal_module, "_RETRY_S", (0.01, 0.01, 0.01, 0.05))
    monkeypatch.setattr(facts, "DISK_FULL_BYTES", 0)  # the brake that comes before is not for here
    return make


async def survives(desk: Desk, trouble: Trouble, reason: str) -> None:
    """Have trouble come while a position is open and another is to be opened."""
    rig, until = desk.rig, desk.rig.until
    async with rig.program() as program:
        await rig.engine("other")
        await rig.engine("paper")
        position = await rig.open_position()
        other, paper = desk.engines["other"], desk.engines["paper"]
        with trouble(desk):
            await until(lambda: reason in program._brakes.reason, "the brake is on")
            for word, feed in (("100", rig.feeds["other"][-1]), ("97", rig.feeds["paper"][-1])):
                feed.say(tick(word))
            rig.feeds["other"][-1].say(candle(ENTER_LONG))
            await until(lambda: other.pipeline.execution.refused, "the entry is refused")
            await until(lambda: paper.context.book.get(position["key"]), "it is open still")
            cycles = paper.pipeline.realtime.figures.cycles
            await until(lambda: paper.pipeline.realtime.figures.cycles > cycles, "it goes on")
            assert other.pipeline.execution.sender.sent == 0
            await until(lambda: desk.journal.figures.pending, "what happens meanwhile waits")
        await until(lambda: not program._brakes.reason, "it lets go by itself")
        refused = await rig.row("signals", lambda row: row["status"] == "refused")
        assert reason in refused["reason"], "what was refused meanwhile is told, with the reason"

        def is_closed() -> bool:
            """Touch the stop again: the exit waits a moment after a refusal, then fills."""
            rig.feeds["paper"][-1].say(tick("97"))
            return paper.context.book.get(position["key"]) is None

        await until(is_closed, "the exit goes out")
        closed = await rig.row("positions", lambda row: row["status"] == "closed")
        assert closed["exit_reason"] == "stop_loss"
        assert desk.journal.figures.dropped == desk.journal.figures.shed_rows == 0
        told = [row["message"] for row in stored(rig.database, "events")]
        assert len([words for words in told if reason in words and "recorded" in words]) == 1
        assert len([words for words in told if "what waited is written" in words]) == 1
        fills = [row["client_order_id"] for row in stored(rig.database, "fills")]
        assert len(fills) == len(set(fills)) == 2, "nothing is doubled"


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        pytest.param(locked, "is locked by another program", id="locked"),
        pytest.param(no_more_pages, "the disk is full", id="no more pages"),
        pytest.param(read_only, "is read-only", id="read-only"),
    ],
)
async def test_s4_a_store_that_cannot_be_written_stops_entries_and_loses_nothing(
    database: Database, make_desk: Callable[[Database], Desk], trouble: Trouble, reason: str
) -> None:
    await survives(make_desk(database), trouble, reason)


async def test_s4_a_disk_that_is_really_full_stops_entries_and_loses_nothing(
    tmp_path: Path, empty_store: Path, make_desk: Callable[[Database], Desk]
) -> None:
    with small_disk(tmp_path / "disk", 8) as disk:
        shutil.copy(empty_store, disk / "cts.db")
        database = Database.at(disk / "cts.db")
        await survives(make_desk(database), full_disk, "the disk is full")
        database.close()


async def test_s9_who_cannot_renew_a_lease_sends_nothing_until_it_can_again(
    database: Database, make_desk: Callable[[Database], Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program_module, "LEASE_S", 3.0)  # of which a second is kept back
    desk = make_desk(database)
    async with desk.rig.program():
        await desk.rig.engine("paper")
        context = desk.engines["paper"].context
        with locked(desk):
            await desk.rig.until(lambda: not context.has_lease, "the lease runs out")
        await desk.rig.until(lambda: context.has_lease, "it is taken up again")
        assert desk.engines["paper"].context is context, "the engine went on"
