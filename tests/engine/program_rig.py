"""An engine program on a store of its own, fed by scripted feeds; the means to wait for rows."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

import cts_tui.engine.connection as connection_module
import cts_tui.engine.program as program_module
from cts_tui.clock import SystemClock, utc_from_ms
from cts_tui.engine.program import EngineProgram
from cts_tui.model.market import Candle, CandleClosed, Source, Tick
from cts_tui.settings import Settings
from cts_tui.store import connections, leases, strategies
from cts_tui.store.database import BUSY_TIMEOUT_MS, Database

from .world import ENTER_LONG, MINUTE_MS, SYMBOL, ScriptedFeed, spoken, stored

Until = Callable[..., Awaitable[None]]


def now_ms() -> int:
    return SystemClock().now_ms()


def now() -> datetime:
    return utc_from_ms(now_ms())


def tick(price: str) -> Tick:
    return Tick(SYMBOL, now_ms(), Decimal(price), Source.STREAM)


def candle(say: int = 0) -> CandleClosed:
    """Return a candle that has just closed."""
    open_ms = now_ms() // MINUTE_MS * MINUTE_MS - MINUTE_MS
    return CandleClosed(SYMBOL, "1m", Candle(open_ms, 100, 100, 100, 100, say), Source.STREAM)


class Rig:
    """A store, the feeds its engines connect to by connection, and its programs."""

    def __init__(self, database: Database, until: Until) -> None:
        self.database = database
        self.until = until
        self.wait_ms = BUSY_TIMEOUT_MS
        """How long a program waits for whoever locks its store."""
        self.feeds: dict[str, list[ScriptedFeed]] = {}
        self.settings = Settings(
            paper_slippage_pct=0, paper_fee_pct=0, paper_latency_ms=0, paper_volume_pct=0
        )
        with database.write() as transaction:
            strategies.add(transaction, spoken(), now(), enabled=True)

    async def connect(self, context: Any, *_: Any) -> Any:
        feed = ScriptedFeed()
        self.feeds.setdefault(context.setup.name, []).append(feed)
        return feed

    @asynccontextmanager
    async def program(self) -> AsyncIterator[EngineProgram]:
        """Run a program until the end of the block; it must end in order."""
        database = Database(self.database.url, wait_ms=self.wait_ms)
        program = EngineProgram(database, self.settings)
        task = asyncio.create_task(program.run())
        try:
            yield program
            assert not task.done(), "the program has ended by itself"
        finally:
            program.stop()
            await asyncio.wait_for(task, 20)
            database.close()

    async def row(self, table: str, is_so: Callable[[Mapping[str, Any]], object]) -> Any:
        """Wait until a table has a row that is as asked for; return the newest such row."""
        found: list[Mapping[str, Any]] = []

        def look() -> bool:
            found[:] = [row for row in stored(self.database, table) if is_so(row)]
            return bool(found)

        await self.until(look, f"a row of {table}")
        return found[-1]

    async def engine(self, name: str, status: str = "running") -> Any:
        """Wait until the engine of a connection says that it is `status`."""
        (own,) = [row["id"] for row in stored(self.database, "connections") if row["name"] == name]
        return await self.row(
            "engine_states", lambda row: row["connection_id"] == own and row["status"] == status
        )

    def change(self, name: str, **values: Any) -> None:
        with self.database.write() as transaction:
            setup = connections.find(transaction, name)
            assert setup is not None
            connections.change(transaction, setup.id, now(), **values)

    def owner(self, name: str) -> str | None:
        with self.database.read() as transaction:
            setup = connections.find(transaction, name)
            assert setup is not None
            return leases.owner_of(transaction, setup.id, now())

    async def open_position(self, name: str = "paper") -> Any:
        """Have the connection's feed tell what opens a position at 100; return its row."""
        feed = self.feeds[name][-1]
        feed.say(tick("100"))
        feed.say(candle(ENTER_LONG))
        await self.row("orders", lambda row: row["status"] == "open")
        feed.say(tick("100"))
        return await self.row("positions", lambda row: row["status"] == "open")


def make_rig(database: Database, until: Until, monkeypatch: pytest.MonkeyPatch) -> Rig:
    """Return a rig whose programs look and write many times a second."""
    rig = Rig(database, until)
    monkeypatch.setattr(connection_module, "connect_feed", rig.connect)
    monkeypatch.setattr(connection_module, "_STATE_EVERY_S", 0.02)
    monkeypatch.setattr(program_module, "POLL_S", 0.01)
    monkeypatch.setattr(program_module, "_HEARTBEAT_S", 0.05)
    return rig
