"""The engine program: one async program that runs every engine of this process on one store."""

import asyncio
import gc
import logging
import sys
import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

from cts_tui.clock import Clock, SystemClock, utc_from_ms
from cts_tui.engine.alerts.keeper import AlertKeeper
from cts_tui.engine.backups import BackupKeeper
from cts_tui.engine.connection import ConnectionEngine
from cts_tui.engine.desired import read_desired
from cts_tui.engine.health.assessment import faults_now
from cts_tui.engine.health.monitor import HealthMonitor
from cts_tui.engine.health.published import ProgramFigures
from cts_tui.engine.manager import TradeEngineManager
from cts_tui.engine.processor import Processor
from cts_tui.engine.registration import LEASE_S, Registration
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
        """Register, converge on the desired state until stopped, stop every engine in order."""
        self._loop, self._wake = asyncio.get_running_loop(), asyncio.Event()
        quicken()
        journal = Journal(self._database)
        self._registration.enter()
        manager = self._manager(journal)
        monitor = self._monitor(journal)
        keepers: list[Processor] = [monitor, *self._backup_keeper(), self._alert_keeper()]
        for keeper in keepers:
            self._figures.follow(keeper)
        try:
            async with asyncio.TaskGroup() as tasks:
                side = [tasks.create_task(keeper.run(), name=keeper.name) for keeper in keepers]
                side.append(tasks.create_task(monitor.watch_lag(), name="lag"))
                side.append(tasks.create_task(self._beat(manager), name="heartbeat"))
                monitor.wake()
                await self._converge_until_stopped(manager)
                for task in side:
                    task.cancel()
        finally:
            await manager.stop()
            await asyncio.to_thread(journal.close)
            self._registration.leave()

    async def _converge_until_stopped(self, manager: TradeEngineManager) -> None:
        """Read desired state and converge on it; a store that cannot be read is read again."""
        assert self._wake is not None  # noqa: S101 - set by run
        is_frozen = False
        while not self._stopping.is_set():
            try:
                desired = await asyncio.to_thread(read_desired, self._database, self.owner)
            except StoreError as error:
                LOG.warning("desired state cannot be read: %s", error)
            else:
                if desired.is_stop_requested:
                    return
                await manager.converge(desired)
            if not is_frozen and manager.engines:
                gc.freeze()
                is_frozen = True
            try:
                async with asyncio.timeout(POLL_S):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def _beat(self, manager: TradeEngineManager) -> None:
        """Renew leases and the program's heartbeat every second."""
        while True:
            try:
                await asyncio.to_thread(self._registration.beat, self._figures.as_row())
                await manager.renew_leases()
            except StoreError as error:
                LOG.warning("the heartbeat cannot be written: %s", error)
            await asyncio.sleep(_HEARTBEAT_S)

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
            return ConnectionEngine(
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


def quicken() -> None:
    """Set the interpreter up for short waits.

    A full collection is a pause of 30 ms. A thread that wants the interpreter, like the journal
    before an order, waits a whole switch interval for it: 5 ms unless set otherwise.
    """
    gc.set_threshold(50_000, 20, 20)
    sys.setswitchinterval(0.0005)
