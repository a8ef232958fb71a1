"""Convergence: reads what the trader wants, and has the manager's engines become it."""

import asyncio
import gc
import threading
from collections.abc import Callable
from typing import Final

from cts_tui.engine.desired import read_desired
from cts_tui.engine.manager import TradeEngineManager
from cts_tui.engine.supervision import contained, in_words
from cts_tui.engine.telling import Teller
from cts_tui.errors import StoreError
from cts_tui.store.database import Database

_LONGEST_WAIT_S: Final = 5.0


class Convergence:
    """Goes on whatever fails: a store that cannot be read, or an error nobody expected."""

    def __init__(
        self,
        database: Database,
        owner: str,
        manager: TradeEngineManager,
        poll_s: float,
        on_failure: Callable[[str, str], None],
    ) -> None:
        """`on_failure` hears of what nobody expected."""
        self._database = database
        self._owner = owner
        self._manager = manager
        self._poll_s = poll_s
        self._on_failure = on_failure
        self._reading = Teller("desired state cannot be read")
        self._failures = 0
        self._is_frozen = False

    async def run(self, stopping: threading.Event, wake: asyncio.Event) -> None:
        """Converge until `stopping`, or until the store asks for a stop; `wake` hastens a look."""
        while not stopping.is_set():
            if await self._is_done():
                return
            if not self._is_frozen and self._manager.engines:
                gc.freeze()
                self._is_frozen = True
            try:
                async with asyncio.timeout(self._wait_s):
                    await wake.wait()
            except TimeoutError:
                continue

    async def _is_done(self) -> bool:
        """Converge once; return whether the store asks this program to stop."""
        try:
            with contained():
                desired = await asyncio.to_thread(read_desired, self._database, self._owner)
                self._reading.is_well()
                if desired.is_stop_requested:
                    return True
                await self._manager.converge(desired)
        except StoreError as error:
            self._reading.warn(error)
        except Exception as error:  # noqa: BLE001 - told, and tried again
            self._failures += 1
            self._on_failure("converge", in_words(error))
            return False
        self._failures = 0
        return False

    @property
    def _wait_s(self) -> float:
        """How long until the next look: longer from failure to failure."""
        return min(self._poll_s * (1 << min(self._failures, 10)), _LONGEST_WAIT_S)
