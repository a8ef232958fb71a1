"""The writer of a replay: in the caller's thread, at once, waiting for no disk."""

from cts_tui.errors import StoreError
from cts_tui.store.backlog import Entry
from cts_tui.store.batch import Batch
from cts_tui.store.database import Database
from cts_tui.store.journal import Journal, JournalFigures


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
            self._transact(self._connection, [Entry(batch)])
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
