"""The brake of the writer: on while nothing can be recorded, or one transaction does not end."""

import pytest

import cts_tui.engine.journal_watch as watch_module
from cts_tui.engine.brakes import Brakes
from cts_tui.engine.journal_watch import JournalWatch
from cts_tui.model.health import Gravity
from cts_tui.store.batch import Batch
from cts_tui.store.database import Database
from cts_tui.store.journal import Journal


async def test_a_writer_that_hangs_holds_entries_back_and_is_a_critical_fault(
    database: Database, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    brakes, told = Brakes(), []
    watch = JournalWatch(journal, brakes, lambda *words: told.append(words))
    await watch.cycle()
    assert (brakes.reason, watch.faults()) == ("", [])
    monkeypatch.setattr(watch_module, "HUNG_S", -1.0)  # any transaction is under way for longer
    await watch.cycle()
    assert "has been writing one transaction" in brakes.reason
    assert [fault.gravity for fault in watch.faults()] == [Gravity.CRITICAL]
    monkeypatch.undo()
    await watch.cycle()
    assert brakes.reason == ""
    assert [subject for subject, _ in told] == ["writer", "writer"], "one event each way"


async def test_a_writer_at_work_is_busy_and_none_between_two_transactions(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy: list[float] = []
    monkeypatch.setattr(Batch, "write", lambda *_: busy.append(journal._busy_since or 0.0))
    batch = Batch()
    batch.event(time_ms=0, who="cli", kind="store", subject="x", message="x")
    journal.submit(batch)
    await journal.flush()
    assert busy[0] > 0
    assert journal.busy_s == 0
