"""The single writer: one thread that turns an engine's batches into transactions.

Whatever has queued up is committed together. A batch that must be durable (an order's intent, S4)
is committed with synchronous=FULL, and its caller waits for it.
"""

import logging
import sqlite3
import threading
import time
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection
from sqlalchemy.exc import DatabaseError, OperationalError

from cts_tui.errors import StoreError
from cts_tui.store.backlog import Backlog, Entry
from cts_tui.store.batch import Batch
from cts_tui.store.database import Database, explained

LOG = logging.getLogger(__name__)
_RETRY_S: Final = (0.05, 0.2, 1.0, 5.0)


@dataclass(slots=True)
class JournalFigures:
    """How the writer is doing."""

    transactions: int = 0
    rows: int = 0
    pending: int = 0
    last_ms: float = 0.0
    errors: int = 0
    dropped: int = 0
    shed_rows: int = 0
    """Rows of market data that were let go while the store refused to write."""
    revived: int = 0
    """How often the writer itself failed, and began anew."""
    last_error: str | None = None
    is_failing: bool = False
    """Whether the last transaction failed and waits to be tried again: no entries meanwhile."""


class Journal:
    """The writer of a store. Start one per engine program; close it to write out what waits."""

    is_relaxed = False
    """Whether nothing waits for the disk."""

    def __init__(self, database: Database) -> None:
        """Raise StoreError when the store cannot be opened."""
        self.figures = JournalFigures()
        self._database = database
        self._backlog = Backlog()
        self._in_hand: list[Entry] = []
        """What is being written: it waits again where the writer itself fails."""
        self._busy_since: float | None = None
        self._wake = threading.Condition()
        self._is_closing = False
        self._connection = database.connect()
        self._thread = self._started()

    def _started(self) -> threading.Thread:
        thread = threading.Thread(target=self._run, name="journal", daemon=True)
        thread.start()
        return thread

    @property
    def busy_s(self) -> float:
        """How long the transaction at hand has been under way; 0 between two."""
        since = self._busy_since
        return 0.0 if since is None else time.monotonic() - since

    def revive(self) -> bool:
        """Start the writer's thread again where it has ended; return whether it had."""
        if self._thread.is_alive() or self._is_closing:
            return False
        self.figures.revived += 1
        self._thread = self._started()
        return True

    def thin(self) -> None:
        """Let go of the market data in what waits, because memory runs out."""
        with self._wake:
            self._backlog.thin()
            self.figures.shed_rows = self._backlog.shed_rows

    def submit(self, batch: Batch) -> None:
        """Queue a batch; it is written soon, and kept until it is.

        Raises StoreError when the store has refused to write for so long that memory would run out.
        """
        if len(batch):
            self._enqueue(Entry(batch))

    async def commit(self, batch: Batch) -> None:
        """Write a batch durably and return when it is on the disk.

        Raises StoreError when it could not be written: it is dropped then, nothing of it is kept.
        """
        await self._written(Entry.awaited(batch, is_durable=True))

    async def flush(self) -> None:
        """Return when everything queued so far has been written."""
        await self._written(Entry.awaited(Batch(), is_durable=False))

    async def _written(self, entry: Entry) -> None:
        self._enqueue(entry)
        if entry.waiter is not None:
            await entry.waiter

    def close(self) -> None:
        """Write what waits, then stop. What cannot be written after the retries is counted."""
        with self._wake:
            self._is_closing = True
            self._wake.notify()
        self._thread.join()

    def _enqueue(self, entry: Entry) -> None:
        with self._wake:
            if self._is_closing:
                raise StoreError("the journal is closed; nothing more can be recorded")
            if self._backlog.is_full:
                raise StoreError(
                    f"{len(self._backlog)} batches wait for the database: "
                    f"{self.figures.last_error or 'it does not keep up'}"
                )
            self._backlog.add(entry)
            self.figures.shed_rows = self._backlog.shed_rows
            self._wake.notify()

    def _run(self) -> None:
        """Write until closed; a failure of the writer itself loses nothing that is in hand."""
        while not self._is_done():
            time.sleep(_RETRY_S[-1])

    def _is_done(self) -> bool:
        """Write until closed; return False where the writer failed and is to begin anew."""
        self._put_back(self._in_hand)
        try:
            self._write_until_closed()
        except Exception as error:
            LOG.exception("the journal's writer failed")
            self._count_error(StoreError(f"the writer failed: {type(error).__name__}: {error}"))
            self.figures.revived += 1
            self._put_back(self._in_hand)
            with self._wake:
                if self._is_closing:
                    self._give_up()
            return self._is_closing
        return True

    def _write_until_closed(self) -> None:
        attempt = 0
        if self._connection.closed:
            self._connection = self._database.connect()
        connection = self._connection
        try:
            while entries := self._take():
                failed = self._write(connection, entries)
                attempt = attempt + 1 if failed else 0
                self._in_hand = []
                if failed and not self._wait_to_retry(failed, attempt):
                    return
        finally:
            self._busy_since = None
            connection.close()

    def _take(self) -> list[Entry]:
        """Return all that waits; an empty list when the journal is closed and done."""
        with self._wake:
            while not len(self._backlog) and not self._is_closing:
                self._wake.wait()
            entries = self._in_hand = self._backlog.take()
            self.figures.pending = 0
            return entries

    def _put_back(self, entries: list[Entry]) -> None:
        """Put what could not be written back in front."""
        with self._wake:
            self._in_hand = []
            self._backlog.put_back(entries)
            self.figures.pending = len(self._backlog)
            self.figures.shed_rows = self._backlog.shed_rows

    def _wait_to_retry(self, failed: list[Entry], attempt: int) -> bool:
        """Put `failed` back and wait; False when the journal gives up while closing."""
        self._put_back(failed)
        with self._wake:
            if self._is_closing and attempt >= len(_RETRY_S):
                self._give_up()
                return False
        time.sleep(_RETRY_S[min(attempt, len(_RETRY_S)) - 1])
        return True

    def _give_up(self) -> None:
        """Count what can no longer be written, and let go whoever waits for it."""
        error = StoreError(f"the journal closed before it could write: {self.figures.last_error}")
        lost = self._backlog.take()
        self.figures.dropped += len(lost)
        for entry in lost:
            entry.finish(error)

    def _write(self, connection: Connection, entries: list[Entry]) -> list[Entry]:
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
        self, connection: Connection, entries: list[Entry], error: StoreError
    ) -> list[Entry]:
        """After a failed transaction: refuse the durable ones, drop the impossible ones."""
        kept: list[Entry] = []
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

    def _retry(self, connection: Connection, entry: Entry) -> StoreError | None:
        """Write one entry by itself; return what stood in the way, None where it worked."""
        try:
            self._transact(connection, [entry])
        except StoreError as error:
            self._count_error(error)
            return error
        entry.finish()
        return None

    def _transact(self, connection: Connection, entries: list[Entry]) -> None:
        """Write `entries` in one transaction. Raises StoreError."""
        started = time.perf_counter()
        self._busy_since = time.monotonic()
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
        finally:
            self._busy_since = None
        figures = self.figures
        figures.transactions += 1
        figures.rows += rows
        figures.last_ms = (time.perf_counter() - started) * 1000
        figures.is_failing = False

    def _count_error(self, error: StoreError) -> None:
        self.figures.errors += 1
        self.figures.last_error = str(error)
        self.figures.is_failing = True


def _set_durability(connection: Connection, *, is_full: bool) -> None:
    """Choose whether the next commit waits for the disk."""
    raw = connection.connection.driver_connection
    if raw is not None:
        raw.execute(f"PRAGMA synchronous={'FULL' if is_full else 'NORMAL'}")


def _is_passing(error: StoreError) -> bool:
    """Return whether a failure is the file's (locked, full, damaged), not that of a row.

    A damaged file is put back or salvaged: what waits for it is kept as well.
    """
    cause = error.__cause__
    is_busy = isinstance(cause, OperationalError | sqlite3.OperationalError)
    return is_busy or type(cause) is DatabaseError
