"""What waits for a writer that cannot write: bounded, and what happened is kept to the last."""

from collections.abc import Callable
from typing import Any

import pytest

import cts_tui.store.backlog as backlog_module
import cts_tui.store.journal as journal_module
from cts_tui.store.backlog import Backlog, Entry
from cts_tui.store.batch import Batch
from cts_tui.store.database import Database
from cts_tui.store.journal import Journal

from .samples import NOW_MS, add_connection, rows
from .test_journal import candle, event


def candles(count: int) -> Entry:
    batch = Batch()
    for minute in range(count):
        for row in candle(1, minute).rows["candles"]:
            batch.rows.setdefault("candles", []).append(row)
    return Entry(batch)


def test_market_data_is_let_go_before_what_happened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backlog_module, "THIN_ROWS", 10)
    backlog = Backlog()
    for entry in (candles(4), Entry(event("one")), candles(5)):
        backlog.add(entry)
    assert (backlog.rows, backlog.shed_rows) == (1, 9), "thinned at the bound"
    backlog.put_back([candles(9), Entry(event("before"))])
    assert (backlog.rows, backlog.shed_rows) == (2, 18)
    kept = [
        row["message"] for entry in backlog.take() for row in entry.batch.rows.get("events", ())
    ]
    assert kept == ["before", "one"], "in order"
    assert backlog.rows == 0


def test_rows_bound_what_waits_as_well_as_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backlog_module, "MAX_ROWS", 3)
    backlog = Backlog()
    for number in range(3):
        assert not backlog.is_full
        backlog.add(Entry(event(str(number))))
    assert backlog.is_full


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_a_writer_whose_thread_has_ended_is_started_again_and_loses_nothing(
    database: Database, until: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(database)

    def end(*_: Any) -> None:
        raise SystemExit  # a thread ends of it without a word

    monkeypatch.setattr(journal, "_write", end)
    journal.submit(event("in hand"))
    await until(lambda: not journal._thread.is_alive(), "the thread ends")
    monkeypatch.undo()
    journal.submit(event("waits"))
    assert journal.revive()
    assert not journal.revive(), "once"
    await journal.flush()
    assert [row["message"] for row in rows(database, "events")] == ["in hand", "waits"]
    journal.close()


async def test_a_fault_of_the_writer_itself_is_counted_and_loses_nothing(
    database: Database, until: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "_RETRY_S", (0.001,))
    journal = Journal(database)

    def fail(*_: Any) -> None:
        raise RuntimeError("of the writer")

    with monkeypatch.context() as broken:
        broken.setattr(journal, "_write", fail)
        journal.submit(event("in hand"))
        await until(lambda: journal.figures.revived, "it begins anew")
        assert journal.figures.is_failing
        assert "the writer failed: RuntimeError" in (journal.figures.last_error or "")
    await journal.flush()
    assert [row["message"] for row in rows(database, "events")] == ["in hand"]
    assert not journal.figures.is_failing
    journal.close()


def test_a_writer_that_fails_while_closing_gives_up_and_counts(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "_RETRY_S", (0.001,))
    add_connection(database)
    journal = Journal(database)

    def fail(*_: Any) -> None:
        raise RuntimeError(NOW_MS)

    monkeypatch.setattr(journal, "_write", fail)
    journal.submit(event("lost"))
    journal.close()
    assert journal.figures.dropped == 1
