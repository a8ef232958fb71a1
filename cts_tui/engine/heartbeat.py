"""The heartbeat of an engine program: its leases renewed, and a sign of life with its figures."""

import asyncio
from typing import Final

from cts_tui.engine.health.published import ProgramFigures
from cts_tui.engine.manager import TradeEngineManager
from cts_tui.engine.registration import Registration
from cts_tui.engine.telling import Teller


class Heartbeat:
    """Leases come first: who cannot renew them may soon order nothing more (S9)."""

    def __init__(
        self,
        registration: Registration,
        manager: TradeEngineManager,
        figures: ProgramFigures,
        every_s: float,
    ) -> None:
        self._registration = registration
        self._manager = manager
        self._figures = figures
        self._every_s: Final = every_s
        self._teller = Teller("the heartbeat cannot be written")

    async def run(self) -> None:
        """Beat until cancelled; a store that cannot be written is written the next time."""
        while True:
            await self._manager.renew_leases()
            with self._teller.of_store():
                await asyncio.to_thread(self._registration.beat, self._figures.as_row())
            await asyncio.sleep(self._every_s)
