"""The verifier: looks through the whole store in slices, at start and then on a timer.

Each slice is a read transaction of some milliseconds, so the writer never waits for it, and
between two slices nothing keeps the write-ahead log from being checkpointed. What is safe to mend
is mended where it is found, by its keys, in a transaction as short; the rest is told. While the
file itself is damaged nothing is mended in it, and nothing is opened: an order could be lost in it.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Final

from cts_tui.clock import Clock, utc_from_ms
from cts_tui.engine.brakes import Brakes
from cts_tui.engine.processor import NOTHING, CycleReport, Processor
from cts_tui.model.trading import Actor, EventKind
from cts_tui.model.verification import Consent
from cts_tui.settings import Settings
from cts_tui.store import events
from cts_tui.store.database import Database
from cts_tui.store.repair.apply import mend_found, unguarded_write
from cts_tui.store.repair.start import told
from cts_tui.store.verify import results
from cts_tui.store.verify.passes import VerifyPass

LOG = logging.getLogger(__name__)

_SLICE_MS: Final = 10.0
_CYCLE_MS: Final = 20.0
"""How long it looks before it lets others go first."""
_HOUR_S: Final = 3_600.0
_TODO: Final = "cts-tui stop, then see cts-tui repair --dry-run"


class Verifier(Processor):
    """One per engine program; it works for a twentieth of the time, in a thread of its own."""

    name = "verifier"
    interval_s = 0.4

    def __init__(
        self,
        *,
        database: Database,
        settings: Settings,
        clock: Clock,
        brakes: Brakes,
        tell: Callable[[str, str], None],
    ) -> None:
        """`tell` takes subject and words of an event."""
        super().__init__()
        self._database = database
        self._every_s = settings.verify_hours * _HOUR_S
        self._clock = clock
        self._brakes = brakes
        self._tell = tell
        self._damage = ""
        self._pass: VerifyPass | None = None
        self._due = time.monotonic()
        self._rows = 0

    async def cycle(self) -> CycleReport:
        """Look at the next slices of a pass that is under way, or due."""
        if not self._database.is_sqlite or (self._pass is None and time.monotonic() < self._due):
            return NOTHING
        handled = await asyncio.to_thread(self._work)
        self._brakes.put(self.name, self._damage)
        return CycleReport(handled)

    def _work(self) -> int:
        """Look for some milliseconds; return the rows looked at. Raises StoreError."""
        found = self._pass or VerifyPass(self._clock.now_ms(), slice_ms=_SLICE_MS)
        self._pass, before = found, sum(found.rows.values())
        ends = time.perf_counter() + _CYCLE_MS / 1000
        while not found.is_done and time.perf_counter() < ends:
            with self._database.read() as transaction:
                found.step(transaction)
        self._note_damage(found)
        if not self._damage:
            self._mend(found)
        if found.is_done:
            self._finish(found)
        return sum(found.rows.values()) - before

    def _note_damage(self, found: VerifyPass) -> None:
        """Take up that the file is damaged, or that a whole pass found it sound; tell it once."""
        was = self._damage
        if found.damage:
            self._damage = was or f"the database file is damaged ({found.damage}); {_TODO}"
        elif found.is_done:
            self._damage = ""
        if self._damage != was:
            self._tell("database", self._damage or "the database file is sound: entries go on")

    def _mend(self, found: VerifyPass) -> None:
        """Mend what is safe of what these slices found."""
        safe = found.take_hits(lambda check: check.consent is Consent.NONE)
        if not safe:
            return
        now_ms = self._clock.now_ms()
        with unguarded_write(self._database) as transaction:
            for line in told(mend_found(transaction, safe, now_ms)):
                events.add(
                    transaction,
                    time=utc_from_ms(now_ms),
                    who=Actor.ENGINE,
                    kind=EventKind.STORE,
                    subject="database",
                    message=line,
                )

    def _finish(self, found: VerifyPass) -> None:
        """Store what the pass has found, and wait for the next one."""
        self._pass = None
        self._due = time.monotonic() + self._every_s
        verification = found.result(self._clock.now_ms())
        for finding in verification.critical:
            LOG.warning("verified: %s", finding.line)
        with self._database.write() as transaction:
            results.put(transaction, verification)
