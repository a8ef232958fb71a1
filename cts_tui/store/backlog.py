"""Backlog: the batches that wait for the writer, in order, bounded by their number and their rows.

A store that refuses to write for hours must not take the memory that trading needs. What a feed
tells again is let go first; what happened (orders, fills, positions, events) is kept to the last.
"""

import asyncio
import contextlib
from collections import deque
from dataclasses import dataclass
from typing import Final

from cts_tui.errors import StoreError
from cts_tui.store.batch import Batch

MAX_PENDING: Final = 50_000
"""Batches that may wait for a store that refuses to write, before trading has to halt."""
MAX_ROWS: Final = 400_000
"""Rows that may wait: some 300 MB."""
THIN_ROWS: Final = 100_000
"""Rows that wait from which market data is let go."""

_TOLD_AGAIN: Final = ("candles", "indications", "latest_prices", "engine_states")
"""What feeds and engines tell anew: market data, and how an engine is."""


def thin(batch: Batch) -> int:
    """Let go of what of a batch will be told again; return the rows."""
    return sum(len(batch.rows.pop(name, ())) for name in _TOLD_AGAIN)


@dataclass(slots=True)
class Entry:
    """A batch on its way to the store, and who waits for it."""

    batch: Batch
    is_durable: bool = False
    waiter: "asyncio.Future[None] | None" = None

    @classmethod
    def awaited(cls, batch: Batch, *, is_durable: bool) -> "Entry":
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


class Backlog:
    """What waits, oldest first. Its owner keeps threads apart."""

    def __init__(self) -> None:
        self.rows = 0
        self.shed_rows = 0
        """Rows of market data that were let go."""
        self._entries: deque[Entry] = deque()

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def is_full(self) -> bool:
        """Whether nothing more may wait."""
        return len(self._entries) >= MAX_PENDING or self.rows >= MAX_ROWS

    def add(self, entry: Entry) -> None:
        """Have an entry wait behind all others; above the bound without its market data."""
        if self.rows >= THIN_ROWS:
            self.shed_rows += thin(entry.batch)
        self._entries.append(entry)
        was, self.rows = self.rows, self.rows + len(entry.batch)
        if was < THIN_ROWS <= self.rows:
            self.thin()

    def put_back(self, entries: list[Entry]) -> None:
        """Have entries that could not be written wait before all others."""
        self._entries.extendleft(reversed(entries))
        self.rows += sum(len(entry.batch) for entry in entries)
        if self.rows >= THIN_ROWS:
            self.thin()

    def take(self) -> list[Entry]:
        """Return all that waits; nothing waits any more."""
        entries = list(self._entries)
        self._entries.clear()
        self.rows = 0
        return entries

    def thin(self) -> None:
        """Let go of the market data in what waits."""
        self.shed_rows += sum(thin(entry.batch) for entry in self._entries)
        self.rows = sum(len(entry.batch) for entry in self._entries)
