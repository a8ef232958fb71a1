"""The single writer: what it promises to whoever hands it a batch."""

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.event import listen

import cts_tui.store.backlog as backlog_module
import cts_tui.store.journal as journal_module
from cts_tui.errors import StoreError
from cts_tui.store.backlog import Entry
from cts_tui.store.batch import Batch
from cts_tui.store.database import Database
from cts_tui.store.journal import Journal
from cts_tui.store.relaxed_journal import RelaxedJournal

from .samples import CANDLE, FILL, NOW_MS, ORDER, add_connection, order, rows


@pytest.fixture
def owner(database: Database) -> int:
    return add_connection(database)


def candle(owner: int, minute: int) -> Batch:
    batch = Batch()
    moved = CANDLE._replace(time_ms=NOW_MS + minute * 60_000)
    batch.candle(owner, "BTC/USDT", "1m", moved, "csv")
    return batch


def intent(owner: int, order_id: str) -> Batch:
    batch = Batch()
    batch.intent(owner, order(order_id))
    return batch


def event(message: str) -> Batch:
    batch = Batch()
    batch.event(time_ms=NOW_MS, who="engine", kind="order", subject="x", message=message)
    return batch


def impossible(owner: int) -> Batch:
    """Return a batch with a row that the schema refuses."""
    batch = candle(owner, 999)
    batch.fill(owner, replace(FILL, client_order_id="an order nobody gave"))
    return batch


@contextmanager
def locked(database: Database) -> Iterator[None]:
    """Have another program hold the write lock."""
    other = sqlite3.connect(
        database.url.removeprefix("sqlite:///"), isolation_level=None, check_same_thread=False
    )
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


@pytest.fixture
def impatient(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Find out that the store is locked, and try again, within milliseconds."""
    listen(database._engine, "connect", lambda raw, _: raw.execute("PRAGMA busy_timeout=1"))
    monkeypatch.setattr(journal_module, "_RETRY_S", (0.001, 0.001, 0.001, 0.001))


async def test_what_is_submitted_is_written_in_order(database: Database, journal: Journal) -> None:
    for number in range(50):
        journal.submit(event(str(number)))
    await journal.flush()
    assert [row["message"] for row in rows(database, "events")] == [str(n) for n in range(50)]
    assert journal.figures.rows == 50
    assert journal.figures.errors == journal.figures.dropped == journal.figures.pending == 0


async def test_what_waits_is_written_in_one_transaction(database: Database) -> None:
    journal = Journal(database)
    with journal._wake:  # the writer cannot take anything meanwhile
        for number in range(20):
            journal._backlog.add(Entry(event(str(number))))
    await journal.flush()
    assert journal.figures.transactions == 1
    assert journal.figures.rows == 20
    journal.close()


async def test_a_durable_commit_returns_when_its_rows_are_in_the_file(
    database: Database, journal: Journal, owner: int
) -> None:
    file = sqlite3.connect(database.url.removeprefix("sqlite:///"))
    for number in range(5):
        await journal.commit(intent(owner, f"cts-{number}"))
        assert file.execute("SELECT count(*) FROM orders").fetchone() == (number + 1,)
    file.close()


async def test_s4_an_intent_is_committed_with_synchronous_full_and_marks_are_not(
    database: Database, journal: Journal, owner: int
) -> None:
    raw = journal._connection.connection.driver_connection
    assert raw is not None
    statements: list[str] = []
    raw.set_trace_callback(statements.append)
    await journal.commit(intent(owner, "cts-1"))
    journal.submit(event("a mark"))
    await journal.flush()
    raw.set_trace_callback(None)
    levels = [text for text in statements if text.startswith("PRAGMA synchronous")]
    commits = [index for index, text in enumerate(statements) if text == "COMMIT"]
    full = statements.index("PRAGMA synchronous=FULL")
    assert full < commits[0]
    assert levels[0] == "PRAGMA synchronous=FULL"
    assert set(levels[1:]) == {"PRAGMA synchronous=NORMAL"}


async def test_a_relaxed_journal_waits_for_no_disk(database: Database, owner: int) -> None:
    journal = RelaxedJournal(database)
    raw = journal._connection.connection.driver_connection
    assert raw is not None
    statements: list[str] = []
    raw.set_trace_callback(statements.append)
    await journal.commit(intent(owner, "cts-1"))
    await journal.flush()
    raw.set_trace_callback(None)
    journal.close()
    assert "PRAGMA synchronous=FULL" not in statements
    assert len(rows(database, "orders")) == 1


async def test_closing_writes_what_waits(database: Database) -> None:
    journal = Journal(database)
    for number in range(100):
        journal.submit(event(str(number)))
    journal.close()
    assert len(rows(database, "events")) == 100


def test_a_closed_journal_takes_nothing_more(database: Database) -> None:
    journal = Journal(database)
    journal.close()
    with pytest.raises(StoreError, match="the journal is closed"):
        journal.submit(event("too late"))


def test_a_closed_journal_has_ended_its_thread_and_let_go_of_the_store(database: Database) -> None:
    journal = Journal(database)
    journal.submit(event("one"))
    journal.close()
    assert "journal" not in [thread.name for thread in threading.enumerate()]
    assert journal._connection.closed


async def test_a_row_the_schema_refuses_keeps_up_no_other(
    database: Database, journal: Journal, owner: int
) -> None:
    with journal._wake:
        for batch in (candle(owner, 1), impossible(owner), candle(owner, 2), event("last")):
            journal._backlog.add(Entry(batch))
    await journal.flush()
    minutes = [(row["time_ms"] - NOW_MS) // 60_000 for row in rows(database, "candles")]
    assert minutes == [1, 2], "nothing of the batch with the impossible row is kept"
    assert len(rows(database, "events")) == 1
    figures = journal.figures
    assert figures.dropped == 1
    assert "FOREIGN KEY constraint failed" in (figures.last_error or "")
    assert figures.errors >= 1
    assert not figures.is_failing, "the writer goes on"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda batch: batch.latest_price(1, "BTC/USDT", Decimal("NaN"), NOW_MS, "csv"),
        lambda batch: batch.latest_price(1, "BTC/USDT", Decimal(1), 10**30, "csv"),
        lambda batch: batch.latest_price(1, "BTC/\ud800", Decimal(1), NOW_MS, "csv"),
        lambda batch: batch.latest_price(1, object(), Decimal(1), NOW_MS, "csv"),
    ],
    ids=["NaN", "a number too large", "half a character", "no text at all"],
)
async def test_s12_a_value_that_no_column_can_hold_is_counted_and_stops_nothing(
    database: Database, journal: Journal, owner: int, spoil: Callable[[Any], None]
) -> None:
    bad = Batch()
    spoil(bad)
    journal.submit(bad)
    journal.submit(event("after"))
    await journal.flush()
    assert [row["message"] for row in rows(database, "events")] == ["after"]
    assert rows(database, "latest_prices") == []
    assert journal.figures.dropped == 1
    assert journal.figures.last_error


async def test_an_intent_whose_id_is_taken_is_refused_to_its_caller_alone(
    database: Database, journal: Journal, owner: int
) -> None:
    await journal.commit(intent(owner, "cts-1"))
    results = await asyncio.gather(
        journal.commit(intent(owner, "cts-1")),
        journal.commit(intent(owner, "cts-2")),
        return_exceptions=True,
    )
    assert isinstance(results[0], StoreError)
    assert "UNIQUE constraint failed: orders.client_order_id" in str(results[0])
    assert results[1] is None
    assert [row["client_order_id"] for row in rows(database, "orders")] == ["cts-1", "cts-2"]
    assert journal.figures.dropped == 0
    assert not journal.figures.is_failing


@pytest.mark.usefixtures("impatient")
async def test_a_locked_store_is_tried_again_and_nothing_is_lost(
    database: Database, until: Callable[..., Any], owner: int
) -> None:
    journal = Journal(database)
    with locked(database):
        for number in range(10):
            journal.submit(event(str(number)))
        await until(lambda: journal.figures.errors > 3, "several attempts")
        assert journal.figures.is_failing
        await until(lambda: journal.figures.pending == 10, "all of them wait")
        assert "locked by another program" in (journal.figures.last_error or "")
        assert rows(database, "events") == []
    await journal.flush()
    assert [row["message"] for row in rows(database, "events")] == [str(n) for n in range(10)]
    assert not journal.figures.is_failing
    assert journal.figures.dropped == 0
    journal.close()


@pytest.mark.usefixtures("impatient")
async def test_s4_an_intent_that_cannot_be_written_is_told_and_never_written_later(
    database: Database, owner: int
) -> None:
    journal = Journal(database)
    with locked(database):
        journal.submit(event("kept"))
        with pytest.raises(StoreError, match="locked by another program"):
            await journal.commit(intent(owner, "cts-1"))
    await journal.flush()
    assert rows(database, "orders") == []
    assert [row["message"] for row in rows(database, "events")] == ["kept"]
    journal.close()


@pytest.mark.usefixtures("impatient")
async def test_a_lock_that_comes_while_rows_are_sorted_out_loses_nothing(
    database: Database, owner: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(database)
    alone: list[Batch] = []
    transact = journal._transact

    def hindered(connection: Any, entries: list[Any]) -> None:
        """Have the store locked just when the first good batch is tried by itself."""
        if len(entries) == 1 and not alone:
            alone.append(entries[0].batch)
            with locked(database):
                transact(connection, entries)
        else:
            transact(connection, entries)

    monkeypatch.setattr(journal, "_transact", hindered)
    with journal._wake:
        for batch in (candle(owner, 1), impossible(owner), candle(owner, 2)):
            journal._backlog.add(Entry(batch))
    await journal.flush()
    assert alone
    minutes = [(row["time_ms"] - NOW_MS) // 60_000 for row in rows(database, "candles")]
    assert minutes == [1, 2]
    assert journal.figures.dropped == 1
    journal.close()


@pytest.mark.usefixtures("impatient")
async def test_a_journal_that_closes_on_a_locked_store_counts_what_it_loses(
    database: Database,
) -> None:
    journal = Journal(database)
    with locked(database):
        journal.submit(event("lost"))
        flushing = asyncio.create_task(journal.flush())
        await asyncio.sleep(0)
        await asyncio.to_thread(journal.close)
        with pytest.raises(StoreError, match="closed before it could write"):
            await flushing
    assert journal.figures.dropped >= 1
    assert rows(database, "events") == []


@pytest.mark.usefixtures("impatient")
async def test_too_much_that_waits_is_an_error_to_who_brings_more(
    database: Database, until: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    may_retry = threading.Event()

    class Time:
        """Time in which the writer waits until it may try again."""

        perf_counter = staticmethod(time.perf_counter)
        monotonic = staticmethod(time.monotonic)
        sleep = staticmethod(lambda seconds: may_retry.wait(20))

    monkeypatch.setattr(backlog_module, "MAX_PENDING", 5)
    monkeypatch.setattr(journal_module, "time", Time)
    journal = Journal(database)
    with locked(database):
        journal.submit(event("0"))
        await until(lambda: journal.figures.pending == 1, "the first failed")
        for number in range(1, 5):
            journal.submit(event(str(number)))
        with pytest.raises(StoreError, match=r"5 batches wait for the database: .* is locked"):
            journal.submit(event("one too many"))
    may_retry.set()
    await until(lambda: not journal.figures.is_failing, "the store is written again")
    await journal.flush()
    assert [row["message"] for row in rows(database, "events")] == list("01234")
    journal.close()


async def test_an_empty_batch_is_no_work(journal: Journal) -> None:
    journal.submit(Batch())
    assert len(journal._backlog) == 0


async def test_an_order_and_its_intent_in_one_group_are_both_written(
    database: Database, journal: Journal, owner: int
) -> None:
    first = Batch()
    first.intent(owner, ORDER)
    second = Batch()
    second.fill(owner, FILL)
    journal.submit(first)
    journal.submit(second)
    await journal.flush()
    assert len(rows(database, "fills")) == 1


class Broken(Batch):
    """A batch that fails as nobody expected."""

    def write(self, connection: object) -> None:
        raise AttributeError("a fault of ours")

    def __len__(self) -> int:
        return 1


async def test_s15_a_batch_that_fails_unforeseen_is_counted_and_the_writer_goes_on(
    journal: Journal,
) -> None:
    journal.submit(Broken())
    with pytest.raises(StoreError, match="AttributeError: a fault of ours"):
        await journal.commit(Broken())
    await journal.flush()
    assert journal.figures.dropped == 1
    assert "a fault of ours" in str(journal.figures.last_error)
    assert not journal.figures.is_failing


class Locked(Broken):
    """A batch that meets a lock where the driver itself says so, once."""

    def __init__(self) -> None:
        super().__init__()
        self.tries = 0

    def write(self, connection: object) -> None:
        self.tries += 1
        if self.tries < 3:
            raise sqlite3.OperationalError("database is locked")


async def test_a_lock_that_the_driver_tells_of_drops_nothing(journal: Journal) -> None:
    batch = Locked()
    journal.submit(batch)
    await journal.flush()
    assert batch.tries == 3
    assert journal.figures.dropped == 0
