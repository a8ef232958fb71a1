"""The engine program: one async program that runs every engine of this process on one store."""

import asyncio
import gc
import logging
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from cts_tui.clock import Clock, SystemClock, utc_from_ms
from cts_tui.engine.alerts.keeper import AlertKeeper
from cts_tui.engine.backups import BackupKeeper
from cts_tui.engine.brakes import Brakes
from cts_tui.engine.connection import ConnectionEngine
from cts_tui.engine.convergence import Convergence
from cts_tui.engine.disk_watch import DiskWatch
from cts_tui.engine.health.assessment import faults_now
from cts_tui.engine.health.monitor import HealthMonitor
from cts_tui.engine.health.published import ProgramFigures
from cts_tui.engine.heartbeat import Heartbeat
from cts_tui.engine.journal_watch import JournalWatch
from cts_tui.engine.keepers import Keepers
from cts_tui.engine.loop_watch import LoopWatch
from cts_tui.engine.manager import TradeEngineManager
from cts_tui.engine.memory_watch import MemoryWatch
from cts_tui.engine.processor import Processor
from cts_tui.engine.registration import LEASE_S, Registration
from cts_tui.engine.verifying import Verifier
from cts_tui.engine.watchdog import Watchdog, Watched
from cts_tui.errors import StoreError
from cts_tui.model.connection import ConnectionSetup
from cts_tui.model.strategy import StrategySpec
from cts_tui.model.trading import Actor, EngineStatus, EventKind
from cts_tui.settings import Settings
from cts_tui.store import setting_rows
from cts_tui.store.batch import Batch
from cts_tui.store.database import Database
from cts_tui.store.journal import Journal
from cts_tui.store.vault import Vault

LOG = logging.getLogger(__name__)
POLL_S: Final = 0.1
"""How often desired state is read: it must be acted upon within 250 ms."""
_HEARTBEAT_S: Final = 1.0


class EngineProgram:
    """Runs until it is told to stop; `stop` may be called from any thread."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        clock: Clock | None = None,
        vault: Vault | None = None,
        backups: Path | None = None,
    ) -> None:
        """`vault` holds the key to stored credentials; without one it is looked for by itself.

        `backups` is the folder of scheduled backups; without one none are made.
        """
        self._database = database
        self._settings = settings
        self._vault = vault or Vault(database)
        self._clock = clock or SystemClock()
        self._backups = backups
        self._registration = Registration(database, self._clock)
        self._figures = ProgramFigures()
        self._brakes = Brakes()
        self._figures.ask("brakes", self._brakes.as_row)
        self.has_begun = False
        """Whether it got as far as to be registered in the store."""
        self._rescue: Callable[[], None] = lambda: None
        """Keeps what is open of a file that was deleted or replaced."""
        self._stopping = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake: asyncio.Event | None = None

    @property
    def owner(self) -> str:
        """The name by which this program holds leases."""
        return self._registration.owner

    def stop(self) -> None:
        """Ask the program to stop in order. Thread-safe, and harmless when it has not begun."""
        self._stopping.set()
        loop, wake = self._loop, self._wake
        if loop is not None and wake is not None and not loop.is_closed():
            loop.call_soon_threadsafe(wake.set)

    def run_blocking(self) -> None:
        """Run on an event loop of its own in this thread."""
        asyncio.run(self.run())

    async def run(self) -> None:
        """Register, converge on the desired state until stopped, stop every engine in order.

        Raises StoreError where it cannot begin; what fails later is contained and told.
        """
        self._loop, self._wake = asyncio.get_running_loop(), asyncio.Event()
        quicken()
        journal = Journal(self._database)
        self._database.hold()
        try:
            self._registration.enter()
            self.has_begun = True
            await self._work(journal, self._wake)
        finally:
            await asyncio.to_thread(journal.close)
            if self.has_begun:
                self._leave()
            await asyncio.to_thread(self._rescue)
            self._database.let_go()

    async def _work(self, journal: Journal, wake: asyncio.Event) -> None:
        """Run the engines, and beside them what keeps the program up, until stopped."""
        manager = self._manager(journal)
        keepers = Keepers(self._figures, partial(self._tell, journal))
        self._add_keepers(keepers, journal, manager)
        convergence = Convergence(
            self._database, self.owner, manager, POLL_S, keepers.failures.note
        )
        loop_watch = LoopWatch(partial(self._tell, journal, "engine"))
        keepers.beside("loop", loop_watch.beat)
        self._figures.watch(loop_watch.faults)
        try:
            with loop_watch:
                async with keepers.running():
                    await convergence.run(self._stopping, wake)
        finally:
            await manager.stop()

    def _add_keepers(self, keepers: Keepers, journal: Journal, manager: TradeEngineManager) -> None:
        """Add what works for the whole program: a processor is one line."""
        monitor = self._monitor(journal)
        watchdog = Watchdog(partial(_watched, keepers, manager), partial(self._tell, journal))
        tell = partial(self._tell, journal)
        verifier = Verifier(
            database=self._database,
            settings=self._settings,
            clock=self._clock,
            brakes=self._brakes,
            tell=tell,
        )
        disk = DiskWatch(self._database, self._backups, self._clock, self._brakes, tell)
        self._rescue = disk.rescue
        writer = JournalWatch(journal, self._brakes, tell)
        memory = MemoryWatch(self._settings.memory_bound_mb, journal, self._brakes, tell)
        own = (monitor, watchdog, verifier, disk, writer, memory)
        for keeper in (*own, *self._backup_keeper(), self._alert_keeper()):
            keepers.add(keeper)
        heart = Heartbeat(self._registration, manager, self._figures, _HEARTBEAT_S)
        keepers.beside("heartbeat", heart.run)
        keepers.beside("lag", monitor.watch_lag)
        monitor.wake()
        disk.wake()

    def _leave(self) -> None:
        """Take this process out; where the store cannot be written, its leases expire."""
        try:
            self._registration.leave()
        except StoreError as error:
            LOG.warning("the end of the program cannot be recorded: %s", error)

    def _tell(self, journal: Journal, subject: str, message: str) -> None:
        """Leave an event of the program itself. Thread-safe."""
        batch = Batch()
        batch.event(
            time_ms=self._clock.now_ms(),
            who=Actor.ENGINE,
            kind=EventKind.ENGINE,
            subject=subject,
            message=message,
        )
        journal.submit(batch)

    def _alert_keeper(self) -> AlertKeeper:
        return AlertKeeper(
            database=self._database,
            settings=self._settings,
            clock=self._clock,
            owner=self.owner,
            vault=self._vault,
            assess=partial(faults_now, self._database),
            publish=partial(self._figures.tell, AlertKeeper.name),
        )

    def _monitor(self, journal: Journal) -> HealthMonitor:
        return HealthMonitor(
            database=self._database,
            journal=journal,
            settings=self._settings,
            clock=self._clock,
            published=self._figures,
        )

    def _backup_keeper(self) -> list[Processor]:
        """Return the keeper of scheduled backups, where there can be any."""
        if self._backups is None or not self._database.is_sqlite:
            return []
        return [BackupKeeper(self._database, self._backups, self._settings, self._clock)]

    def _manager(self, journal: Journal) -> TradeEngineManager:
        store_id = self._store_id()

        def make(setup: ConnectionSetup, specs: Sequence[StrategySpec]) -> ConnectionEngine:
            engine = ConnectionEngine(
                setup,
                specs,
                settings=self._settings,
                database=self._database,
                journal=journal,
                store_id=store_id,
                clock=self._clock,
                vault=self._vault,
                owner=self.owner,
            )
            engine.context.brakes = self._brakes
            return engine

        def on_failure(setup: ConnectionSetup, reason: str, wait_s: float) -> None:
            LOG.error("engine of %s failed: %s", setup.name, reason)
            self._record_failure(journal, setup, f"{reason}; it starts again in {wait_s:g} s")

        return TradeEngineManager(
            make=make,
            acquire=self._registration.acquire,
            release=self._registration.release,
            lease_s=LEASE_S,
            on_failure=on_failure,
        )

    def _store_id(self) -> str:
        """Return the store's own id, which keeps the order ids of two stores apart."""
        with self._database.write() as transaction:
            return setting_rows.store_id(transaction, utc_from_ms(self._clock.now_ms()))

    def _record_failure(self, journal: Journal, setup: ConnectionSetup, reason: str) -> None:
        now_ms = self._clock.now_ms()
        batch = Batch()
        batch.engine_failure(setup.id, reason, now_ms)
        batch.event(
            time_ms=now_ms,
            who=Actor.ENGINE,
            kind=EventKind.ENGINE,
            subject=setup.name,
            message=f"the engine failed: {reason}",
            before=EngineStatus.RUNNING,
            after=EngineStatus.FAILED,
        )
        journal.submit(batch)


def _watched(keepers: Keepers, manager: TradeEngineManager) -> Iterator[Watched]:
    """Yield every processor of the program, and how to end what cannot be broken off."""
    for keeper in keepers.processors:
        yield Watched("engine", keeper)
    for engine in manager.engines:
        give_up = partial(manager.give_up, engine.setup.id)
        for processor in engine.processors:
            yield Watched(engine.setup.name, processor, give_up)


def quicken() -> None:
    """Set the interpreter up for short waits.

    A full collection is a pause of 30 ms. A thread that wants the interpreter, like the journal
    before an order, waits a whole switch interval for it: 5 ms unless set otherwise.
    """
    gc.set_threshold(50_000, 20, 20)
    sys.setswitchinterval(0.0005)
