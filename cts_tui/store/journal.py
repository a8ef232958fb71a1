"""The single writer: one thread that turns an engine's batches into transactions.

Whatever has queued up is committed together. A batch that must be durable (an order's intent, S4)
is committed with synchronous=FULL, and its caller waits for it.
"""

import asyncio
import contextlib
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from cts_tui.errors import StoreError
from cts_tui.store.batch import Batch
from cts_tui.store.database import Database, explained

_RETRY_S: Final = (0.05, 0.2, 1.0, 5.0)
MAX_PENDING: Final = 50_000
"""Batches that may wait for a store that refuses to write, before trading has to halt."""


@dataclass(slots=True)
class JournalFigures:
    """How the writer is doing."""

    transactions: int = 0
    rows: int = 0
    pending: int = 0
    last_ms: float = 0.0
    errors: int = 0
    dropped: int = 0
    last_error: str | None = None
    is_failing: bool = False
    """Whether the last transaction failed and waits to be tried again: no entries meanwhile."""


@dataclass(slots=True)
class _Entry:
    batch: Batch
    is_durable: bool = False
    waiter: "asyncio.Future[None] | None" = None

    @classmethod
    def awaited(cls, batch: Batch, *, is_durable: bool) -> "_Entry":
        """Return an entry that somebody on the running event loop waits for."""
        return cls(batch, is_durable, asyncio.get_running_loop().create_future())

    def finish(self, error: StoreError | None = None) -> None:
        """Tell whoever waits, from the writer's thread."""
        if self.waiter is not None:
            with contextlib.suppress(RuntimeError):  # the loop has closed: nobody waits any more
                self.waiter.get_loop().call_soon_threadsafe(_settle, self.waiter, error)


def _settle(waiter: "asyncio.Future[None]", error: StoreError | None) -> None:
    if waiter.done():
        return
    if error is None:
        waiter.set_result(None)
    else:
        waiter.set_exception(error)


class Journal:
    """The writer of a store. Start one per engine program; close it to write out what waits."""

    is_relaxed = False
    """Whether nothing waits for the disk."""

    def __init__(self, database: Database) -> None:
        """Raise StoreError when the store cannot be opened."""
        self.figures = JournalFigures()
        self._database = database
        self._entries: deque[_Entry] = deque()
        self._wake = threading.Condition()
        self._is_closing = False
        self._connection = database.connect()
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def submit(self, batch: Batch) -> None:
        """Queue a batch; it is written soon, and kept until it is.

        Raises StoreError when the store has refused to write for so long that memory would run out.
        """
        if len(batch):
            self._enqueue(_Entry(batch))

    async def commit(self, batch: Batch) -> None:
        """Write a batch durably and return when it is on the disk.

        Raises StoreError when it could not be written: it is dropped then, nothing of it is kept.
        """
        await self._written(_Entry.awaited(batch, is_durable=True))

    async def flush(self) -> None:
        """Return when everything queued so far has been written."""
        await self._written(_Entry.awaited(Batch(), is_durable=False))

    async def _written(self, entry: _Entry) -> None:
        self._enqueue(entry)
        if entry.waiter is not None:
            await entry.waiter

    def close(self) -> None:
        """Write what waits, then stop. What cannot be written after the retries is counted."""
        with self._wake:
            self._is_closing = True
            self._wake.notify()
        self._thread.join()

    def _enqueue(self, entry: _Entry) -> None:
        with self._wake:
            if self._is_closing:
                raise StoreError("the journal is closed; nothing more can be recorded")
            if len(self._entries) >= MAX_PENDING:
                raise StoreError(
                    f"{MAX_PENDING} batches wait for the database: "
                    f"{self.figures.last_error or 'it does not keep up'}"
                )
            self._entries.append(entry)
            self._wake.notify()

    def _run(self) -> None:
        connection = self._connection
        attempt = 0
        try:
            while True:
                entries = self._take()
                if not entries:
                    return
                failed = self._write(connection, entries)
                attempt = attempt + 1 if failed else 0
                if failed and not self._wait_to_retry(failed, attempt):
                    return
        finally:
            connection.close()

    def _take(self) -> list[_Entry]:
        """Return all that waits; an empty list when the journal is closed and done."""
        with self._wake:
            while not self._entries and not self._is_closing:
                self._wake.wait()
            entries = list(self._entries)
            self._entries.clear()
            self.figures.pending = 0
            return entries

    def _wait_to_retry(self, failed: list[_Entry], attempt: int) -> bool:
        """Put `failed` back in front and wait; False when the journal gives up while closing."""
        with self._wake:
            self._entries.extendleft(reversed(failed))
            self.figures.pending = len(self._entries)
            if self._is_closing and attempt >= len(_RETRY_S):
                self._give_up()
                return False
        time.sleep(_RETRY_S[min(attempt, len(_RETRY_S)) - 1])
        return True

    def _give_up(self) -> None:
        """Count what can no longer be written, and let go whoever waits for it."""
        error = StoreError(f"the journal closed before it could write: {self.figures.last_error}")
        self.figures.dropped += len(self._entries)
        for entry in self._entries:
            entry.finish(error)
        self._entries.clear()

    def _write(self, connection: Connection, entries: list[_Entry]) -> list[_Entry]:
        """Write `entries` in one transaction; return those that are to be tried again."""
        try:
            self._transact(connection, entries)
        except StoreError as error:
            self._count_error(error)
            return self._isolate(connection, entries, error)
        for entry in entries:
            entry.finish()
        return []

    def _isolate(
        self, connection: Connection, entries: list[_Entry], error: StoreError
    ) -> list[_Entry]:
        """After a failed transaction: refuse the durable ones, drop the impossible ones."""
        kept: list[_Entry] = []
        for entry in entries:
            fault = error if _is_passing(error) else self._retry(connection, entry)
            if fault is None:
                continue
            if entry.is_durable:
                entry.finish(fault)
            elif _is_passing(fault):
                kept.append(entry)
                error = fault  # what came later waits with it: no older row may come after it
            else:
                self.figures.dropped += 1
                entry.finish()
        self.figures.is_failing = bool(kept)
        return kept

    def _retry(self, connection: Connection, entry: _Entry) -> StoreError | None:
        """Write one entry by itself; return what stood in the way, None where it worked."""
        try:
            self._transact(connection, [entry])
        except StoreError as error:
            self._count_error(error)
            return error
        entry.finish()
        return None

    def _transact(self, connection: Connection, entries: list[_Entry]) -> None:
        """Write `entries` in one transaction. Raises StoreError."""
        started = time.perf_counter()
        is_durable = any(entry.is_durable for entry in entries)
        rows = 0
        try:
            with explained(self._database.url):
                if self._database.is_sqlite:
                    _set_durability(connection, is_full=is_durable)
                with connection.begin():
                    for entry in entries:
                        entry.batch.write(connection)
                        rows += len(entry.batch)
        except StoreError:
            raise
        except (
            Exception
        ) as error:  # a value no column holds, or a fault of ours: the writer goes on
            what = f"{type(error).__name__}: {error}"
            raise StoreError(f"a row cannot be stored: {what}") from error
        figures = self.figures
        figures.transactions += 1
        figures.rows += rows
        figures.last_ms = (time.perf_counter() - started) * 1000
        figures.is_failing = False

    def _count_error(self, error: StoreError) -> None:
        self.figures.errors += 1
        self.figures.last_error = str(error)
        self.figures.is_failing = True


class RelaxedJournal(Journal):
    """Writes each batch at once, in the caller's thread: for replays, which can be run again.

    One thread that computes and writes in turn is a quarter faster than two that compete for the
    interpreter. What cannot be written is counted as dropped; the replay fails at its end.
    """

    is_relaxed = True

    def __init__(self, database: Database) -> None:  # no thread, hence not Journal's own
        self.figures = JournalFigures()
        self._database = database
        self._connection = database.connect()

    def submit(self, batch: Batch) -> None:
        """Write a batch now."""
        if not len(batch):
            return
        try:
            self._transact(self._connection, [_Entry(batch)])
        except StoreError as error:
            self._count_error(error)
            self.figures.dropped += 1

    async def commit(self, batch: Batch) -> None:
        """Write a batch now; nothing waits for the disk."""
        self.submit(batch)

    async def flush(self) -> None:
        """Return: everything has been written."""

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()


def _set_durability(connection: Connection, *, is_full: bool) -> None:
    """Choose whether the next commit waits for the disk."""
    raw = connection.connection.driver_connection
    if raw is not None:
        raw.execute(f"PRAGMA synchronous={'FULL' if is_full else 'NORMAL'}")


def _is_passing(error: StoreError) -> bool:
    """Return whether a failure may pass (locked, full disk), unlike a row the schema refuses."""
    return isinstance(error.__cause__, OperationalError)
