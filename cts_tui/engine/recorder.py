"""What one engine writes: rows gather in a batch, a cycle's end hands them to the journal."""

from collections.abc import Sequence

from cts_tui.errors import StoreError
from cts_tui.model.records import Order
from cts_tui.store.backlog import thin
from cts_tui.store.batch import Batch
from cts_tui.store.journal import Journal


class Recorder:
    """The pen of one connection's engine."""

    def __init__(
        self,
        connection_id: int,
        journal: Journal,
        rows_per_flush: int = 1,
        owner: str | None = None,
    ) -> None:
        """`rows_per_flush`: how much a cycle may leave to the next one (1: nothing).

        `owner` holds the connection's lease: no intent is recorded once it does not (S9).
        """
        self._owner = owner
        self.connection_id = connection_id
        self._rows_per_flush = rows_per_flush
        self.batch = Batch()
        self._journal = journal
        self._is_retired = False

    @property
    def is_failing(self) -> bool:
        """Whether the store refuses to write: no entry may go out that could go unrecorded."""
        return self._journal.figures.is_failing

    async def record_intents(self, orders: Sequence[Order]) -> None:
        """Make orders' intents durable in one transaction, before the venue is called (S4).

        Raises StoreError when they could not be recorded, a client order id is taken, or the lease
        is another engine's: none is recorded then, and none of the orders may be sent.
        """
        if not orders:
            return
        if self._is_retired:
            raise StoreError("this engine was left behind: another one has taken its place")
        if self._journal.is_relaxed:
            self._add_intents(self.batch, orders)
            return
        batch = Batch()
        if self._owner is not None:
            batch.fence(self.connection_id, self._owner)
        self._add_intents(batch, orders)
        await self._journal.commit(batch)

    def _add_intents(self, batch: Batch, orders: Sequence[Order]) -> None:
        for order in orders:
            batch.intent(self.connection_id, order)

    def flush_when_full(self) -> None:
        """Hand over what has gathered once it is worth a transaction of its own."""
        if len(self.batch) >= self._rows_per_flush:
            self.flush()

    async def written(self) -> None:
        """Hand over what has gathered, and return when it is written. Raises StoreError."""
        self.flush()
        await self._journal.flush()

    def flush(self) -> None:
        """Hand over what has gathered.

        Raises StoreError when the journal cannot take it: it is kept then, less what is told again.
        """
        if not self.batch.rows:
            return
        if not self._is_retired:
            try:
                self._journal.submit(self.batch)
            except StoreError:
                thin(self.batch)
                raise
        self.batch = Batch()

    def retire(self) -> None:
        """Record nothing more: the rows are another engine's now."""
        self._is_retired = True
