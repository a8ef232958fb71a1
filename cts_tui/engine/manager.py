"""TradeEngineManager: starts and stops one engine per enabled connection, from desired state."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from typing import Final

from cts_tui.engine.connection import ConnectionEngine
from cts_tui.engine.desired import DesiredState
from cts_tui.engine.supervision import in_words
from cts_tui.engine.telling import Teller
from cts_tui.errors import StoreError
from cts_tui.model.connection import ConnectionSetup
from cts_tui.model.money import ZERO
from cts_tui.model.strategy import StrategySpec

LOG = logging.getLogger(__name__)
_BACKOFF_S: Final = (1.0, 2.0, 5.0, 15.0, 60.0)
_LEASE_MARGIN_S: Final = 1.0
_SETTLED_S: Final = 60.0
"""An engine that ran this long begins anew with the shortest back-off."""
_AT_ONCE_S: Final = 0.1
"""How long the others wait for an engine that stops; the rest of its stopping goes on beside."""
_STOP_S: Final = 30.0
"""How long an engine may take to stop before it is left behind."""


@dataclass(slots=True)
class _Slot:
    """One connection's engine, and its record of failures."""

    setup: ConnectionSetup
    specs: Sequence[StrategySpec]
    engine: ConnectionEngine
    task: "asyncio.Task[None]"
    started_at: float
    """Monotonic time."""
    lease_until: float
    """Monotonic time until which the lease is certainly ours; 0 once it is lost."""
    renewing: Teller

    def is_of(self, setup: ConnectionSetup | None) -> bool:
        """Return whether the engine can run a setup: live trading goes on and off in place."""
        return setup is not None and replace(setup, live=self.setup.live) == self.setup


class TradeEngineManager:
    """Converges the running engines on the desired state; no failure of one reaches another."""

    def __init__(
        self,
        *,
        make: Callable[[ConnectionSetup, Sequence[StrategySpec]], ConnectionEngine],
        acquire: Callable[[int], Awaitable[bool]],
        release: Callable[[int], Awaitable[None]],
        lease_s: float,
        on_failure: Callable[[ConnectionSetup, str, float], None],
    ) -> None:
        """`acquire` takes or renews a connection's lease for `lease_s` seconds.

        `on_failure` records a crash, with its reason and the seconds until the next start.
        """
        self._lease_s = lease_s
        self._make = make
        self._acquire = acquire
        self._release = release
        self._on_failure = on_failure
        self._slots: dict[int, _Slot] = {}
        self._failures: dict[int, int] = {}
        self._retry_at: dict[int, float] = {}
        self._ending: dict[int, asyncio.Task[None]] = {}
        """What is left of engines that stop slowly; none starts in their place before."""
        self._desired: DesiredState | None = None

    @property
    def engines(self) -> list[ConnectionEngine]:
        """The engines that run now."""
        return [slot.engine for slot in self._slots.values()]

    async def converge(self, desired: DesiredState) -> None:
        """Stop, start and steer engines so that they become what is desired."""
        wanted = {
            setup.id: setup
            for setup in desired.setups
            if setup.enabled or setup.id in desired.flatten_requests
        }
        self._desired = desired
        self._bury()
        for connection_id, slot in list(self._slots.items()):
            if not slot.is_of(wanted.get(connection_id)) or not slot.lease_until:
                await self._stop(connection_id)
        for connection_id, setup in wanted.items():
            if connection_id not in self._slots and connection_id not in self._ending:
                await self._try_to_start(setup, desired)
        for connection_id, slot in list(self._slots.items()):
            try:
                self._steer(slot, wanted[connection_id], desired)
            except Exception as error:  # noqa: BLE001 - counted and recorded as the engine's own
                await self._let_end(connection_id)
                self._note_failure(slot.setup, in_words(error))

    def _others_exposure(
        self,
        connection_id: int,
        currency: str,
        is_live: bool,  # noqa: FBT001 - as the context asks
    ) -> Decimal:
        """Return what all other connections tie up: here as it is, elsewhere as it is stored."""
        stored = self._desired.exposures if self._desired is not None else {}
        here = {key: slot for key, slot in self._slots.items() if key != connection_id}
        elsewhere = (
            value
            for (key, of_live, paid_in), value in stored.items()
            if key != connection_id
            and key not in here
            and of_live is is_live
            and paid_in == currency
        )
        running = (slot.engine.exposure(currency, is_live=is_live) for slot in here.values())
        return sum((*running, *elsewhere), ZERO)

    async def renew_leases(self) -> None:
        """Renew the leases. An engine opens nothing more once its lease is lost, or could be (S9).

        Who cannot renew stops a second before the lease expires, when others may take it.
        """
        for connection_id, slot in list(self._slots.items()):
            try:
                asked_at = time.monotonic()
                is_ours = await self._acquire(connection_id)
                slot.renewing.is_well()
                if is_ours:
                    slot.lease_until = asked_at + self._lease_s - _LEASE_MARGIN_S
                else:
                    slot.lease_until = 0.0
            except StoreError as error:
                slot.renewing.warn(error)
            slot.engine.context.lease_until = slot.lease_until

    async def stop(self) -> None:
        """Stop every engine in order, all at once."""
        await asyncio.gather(*(self._stop(connection_id) for connection_id in list(self._slots)))
        await asyncio.gather(*self._ending.values(), return_exceptions=True)

    async def give_up(self, connection_id: int, reason: str) -> None:
        """End an engine that does not do its work; another one starts after the usual wait."""
        slot = self._slots.get(connection_id)
        if slot is not None:
            await self._let_end(connection_id)
            self._note_failure(slot.setup, reason)

    def _steer(self, slot: _Slot, setup: ConnectionSetup, desired: DesiredState) -> None:
        """Pass on what can change while an engine runs."""
        slot.setup = setup
        slot.engine.steer(desired.wishes_for(setup))
        if slot.specs != desired.specs:
            slot.specs = desired.specs
            slot.engine.set_strategies(desired.specs)
        for key in desired.close_requests.get(slot.setup.id, ()):
            slot.engine.close_position(key)

    async def _try_to_start(self, setup: ConnectionSetup, desired: DesiredState) -> None:
        """Start an engine unless it waits after a failure; one that cannot begin stops no other."""
        if time.monotonic() < self._retry_at.get(setup.id, 0.0):
            return
        try:
            await self._start(setup, desired)
        except StoreError as error:
            LOG.warning("the lease of %s cannot be taken: %s", setup.name, error)
        except Exception as error:  # noqa: BLE001 - an engine that cannot even be built
            self._note_failure(setup, in_words(error))

    async def _start(self, setup: ConnectionSetup, desired: DesiredState) -> None:
        """Start the engine of a connection if its lease can be had."""
        asked_at = time.monotonic()
        if not await self._acquire(setup.id):
            return
        engine = self._make(setup, desired.specs)
        lease_until = asked_at + self._lease_s - _LEASE_MARGIN_S
        engine.context.lease_until = lease_until
        engine.context.others_exposure = partial(self._others_exposure, setup.id)
        engine.steer(desired.wishes_for(setup))
        task = asyncio.create_task(engine.run(), name=f"engine of {setup.name}")
        renewing = Teller(f"the lease of {setup.name} cannot be renewed")
        self._slots[setup.id] = _Slot(
            setup, desired.specs, engine, task, asked_at, lease_until, renewing
        )
        LOG.info("engine of %s started", setup.name)

    async def _stop(self, connection_id: int) -> None:
        """Stop an engine that is not wanted as it is: its failures are forgotten."""
        self._failures.pop(connection_id, None)
        self._retry_at.pop(connection_id, None)
        await self._let_end(connection_id)

    async def _let_end(self, connection_id: int) -> None:
        """End an engine; where that takes long, the rest of it goes on beside the others."""
        slot = self._slots.pop(connection_id)
        ending = asyncio.create_task(self._end(slot), name=f"end of {slot.setup.name}")
        self._ending[connection_id] = ending
        ending.add_done_callback(partial(self._ended, slot.setup))
        await asyncio.wait({ending}, timeout=_AT_ONCE_S)

    def _ended(self, setup: ConnectionSetup, ending: "asyncio.Task[None]") -> None:
        del self._ending[setup.id]
        if not ending.cancelled() and (error := ending.exception()) is not None:
            LOG.error("the engine of %s did not end in order", setup.name, exc_info=error)

    async def _end(self, slot: _Slot) -> None:
        """End an engine's task and give up its lease; what does not end can order nothing more."""
        slot.task.cancel()
        await asyncio.wait({slot.task}, timeout=_STOP_S)
        if not slot.task.done():
            LOG.error("the engine of %s does not stop: it is left behind", slot.setup.name)
            slot.engine.leave_behind()
        try:
            await self._release(slot.setup.id)
        except StoreError as error:
            LOG.warning("the lease of %s is left to expire: %s", slot.setup.name, error)

    def _bury(self) -> None:
        """Take note of engines that have ended by themselves; they start again after a wait."""
        for connection_id, slot in list(self._slots.items()):
            if not slot.task.done():
                continue
            del self._slots[connection_id]
            if time.monotonic() - slot.started_at > _SETTLED_S:
                self._failures.pop(connection_id, None)
            self._note_failure(slot.setup, _reason(slot.task))

    def _note_failure(self, setup: ConnectionSetup, reason: str) -> None:
        """Record a failure; the engine starts again the later the more there were in a row."""
        failures = self._failures[setup.id] = self._failures.get(setup.id, 0) + 1
        wait_s = _BACKOFF_S[min(failures, len(_BACKOFF_S)) - 1]
        self._retry_at[setup.id] = time.monotonic() + wait_s
        self._on_failure(setup, reason, wait_s)


def _reason(task: "asyncio.Task[None]") -> str:
    """Return in one line why an engine ended."""
    error = None if task.cancelled() else task.exception()
    return "the engine ended by itself" if error is None else in_words(error)
