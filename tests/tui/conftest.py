"""An app over a frozen desk, and the means to wait for what happens in it."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from cts_tui.tui.app import CtsApp
from cts_tui.tui.screens.desk_screen import DeskScreen
from cts_tui.tui.widgets.live_table import LiveTable

from .fake_desk import FakeDesk, FakeHost

THEMES = Path(__file__).parents[2] / "themes"
NARROW, WIDE = (80, 24), (160, 50)


@dataclass
class Stage:
    """An app, what it stands on, and the pilot at its keys."""

    desk: FakeDesk
    host: FakeHost
    app: CtsApp
    pilot: Pilot[None] = field(init=False)

    async def until(self, is_so: Callable[[], object], why: str = "") -> None:
        """Wait until `is_so`."""
        for _ in range(300):
            if is_so():
                return
            await self.pilot.pause(0.01)
        raise AssertionError(f"never happened: {why or is_so}")

    async def rest(self) -> None:
        """Wait until nothing that is seen changes any more."""
        before = ""
        for _ in range(100):
            await self.pilot.pause()
            seen = self.app.export_screenshot()
            if seen == before:
                return
            before = seen
        raise AssertionError("the screen never came to rest")

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def go(self, key: str) -> DeskScreen[Any]:
        """Show the screen on `key` and wait for its first reading."""
        await self.press(key)
        await self.until(lambda: self.table.rows, "rows")
        return self.screen

    @property
    def screen(self) -> DeskScreen[Any]:
        return self.app.desk_screen

    @property
    def table(self) -> LiveTable[Any]:
        return self.screen.table

    @property
    def header(self) -> str:
        return self.screen.header.text

    @property
    def notices(self) -> list[str]:
        return [notice.message for notice in self.app._notifications]

    async def told(self, text: str) -> None:
        """Wait for a notification that contains `text`."""
        await self.until(lambda: any(text in notice for notice in self.notices), text)


Play = Callable[..., AbstractAsyncContextManager[Stage]]


def make_stage(desk: FakeDesk | None = None, *, is_needed: bool = True, **options: Any) -> Stage:
    desk = desk or FakeDesk()
    host = FakeHost(desk.calls, is_needed=is_needed)
    options = {"theme_folders": [THEMES], "open_desk": lambda: (desk, host), **options}
    return Stage(desk, host, CtsApp(**options))


@pytest.fixture
def play() -> Play:
    """Play on a stage: the app runs, and its desk was read once unless `is_read` is False."""

    @asynccontextmanager
    async def run(
        stage: Stage | None = None, size: tuple[int, int] = NARROW, *, is_read: bool = True
    ) -> AsyncIterator[Stage]:
        stage = stage or make_stage()
        try:
            async with stage.app.run_test(size=size) as stage.pilot:
                if is_read:
                    await stage.until(lambda: stage.app.session.summary, "a reading")
                    await stage.pilot.pause()
                yield stage
                stage.host.stop()
        finally:
            stage.host.stop()

    return run
