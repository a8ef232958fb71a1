"""One run: a trader where much goes wrong, killed and started again, then its books audited."""

import asyncio
import json
import os
import random
import shutil
import signal
import struct
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import update

from cts_tui.clock import SystemClock, utc_from_ms
from cts_tui.model.connection import ConnectionDraft
from cts_tui.model.trading import MarketType, Mode
from cts_tui.store import connections
from cts_tui.store.database import Database
from cts_tui.store.tables import CONNECTIONS
from tests.loopback import LoopbackExchange

from .audit import Audit, Findings
from .keeping import drop, keep, write_venue
from .trader import Task
from .weather import LISTED, Weather

TIMEOUT_MS = 600
"""Of one request of the trader: a tenth of what it is otherwise."""
CALM_TIMEOUT_MS = 5_000
"""Once nothing goes wrong any more but that the machine is busy."""
START_S = 5.0
"""So long a trader may take to begin: on a busy machine its start takes longer than its life."""


class Nursery:
    """The process that forks traders."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._started: dict[int, asyncio.Future[int]] = {}
        self._trading: dict[int, asyncio.Event] = {}
        self._ended: dict[int, asyncio.Future[int]] = {}
        self._reading = asyncio.create_task(self._read())

    @classmethod
    @asynccontextmanager
    async def open(cls) -> AsyncIterator["Nursery"]:
        """Start it; it ends with the block, and whatever it started with it."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.faults.nursery",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        nursery = cls(process)
        try:
            yield nursery
        finally:
            assert process.stdin is not None
            process.stdin.close()
            await process.wait()
            await nursery._reading

    async def start(self, task: Task) -> int:
        """Start a trader; return its process id."""
        assert self._process.stdin is not None
        started = self._started[task.seed] = asyncio.get_running_loop().create_future()
        self._process.stdin.write(task.as_line().encode() + b"\n")
        return await started

    async def trading(self, pid: int) -> None:
        """Wait until a trader says that it trades."""
        await self._trading.setdefault(pid, asyncio.Event()).wait()

    async def ended(self, pid: int) -> int:
        """Wait for the end of a trader; return its exit code, a signal's number negative."""
        return await self._end_of(pid)

    def _end_of(self, pid: int) -> "asyncio.Future[int]":
        return self._ended.setdefault(pid, asyncio.get_running_loop().create_future())

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            message = json.loads(line)
            if "started" in message:
                self._ended.pop(message["started"], None)
                self._trading.pop(message["started"], None)
                self._started.pop(message["seed"]).set_result(message["started"])
            elif "trading" in message:
                self._trading.setdefault(message["trading"], asyncio.Event()).set()
            elif "ended" in message:
                end = self._end_of(message["ended"])
                if not end.done():
                    end.set_result(message["code"])


@dataclass
class Outcome:
    """What a run found, and how to run it alone."""

    seed: int
    market: str
    findings: Findings
    kills: int = 0
    struck: dict[str, int] = field(default_factory=dict)
    kept: str = ""
    """Where the folder of a run that found something is; empty for one that was clean."""


class FaultRun:
    """One seed."""

    def __init__(
        self, nursery: Nursery, folder: Path, empty_store: Path, seed: int, longest_s: float = 2.0
    ) -> None:
        """A trader lives for `longest_s` at most before it is killed."""
        self.nursery = nursery
        self.longest_s = longest_s
        self.folder = folder
        self.seed = seed
        self.chance = random.Random(f"run:{seed}")
        self.market = self.chance.choice(["spot", "swap"])
        suffix = "" if self.market == "spot" else ":USDT"
        self.symbols = [f"{base}/USDT{suffix}" for base in LISTED]
        folder.mkdir(parents=True, exist_ok=True)
        self.file = folder / "cts.db"
        shutil.copy(empty_store, self.file)
        self.database = Database.at(self.file)
        self.kills = 0
        self.surprises: list[str] = []
        self.lives = 0

    async def run(self) -> Outcome:
        """Trade in bad weather, be killed, settle in good weather, compare the books."""
        async with LoopbackExchange(history_minutes=2, seed=self.seed) as exchange:
            self._connect(exchange)
            prices = self.folder / "prices"
            prices.write_bytes(struct.pack(f"{len(LISTED)}d", *(1.0 for _ in LISTED)))
            weather = Weather(exchange, self.market, self.seed, prices)
            await self._trade(exchange, weather)
            exchange.release_late()
            self._time_out_after(exchange, CALM_TIMEOUT_MS)
            findings = await self._settle(exchange)
            write_venue(exchange, self.market, self.folder)
        self.database.close()
        kept = self._put_away(findings)
        return Outcome(self.seed, self.market, findings, self.kills, weather.struck, kept)

    def _put_away(self, findings: Findings) -> str:
        """Keep the folder of a run that found something; return where, empty if it was clean."""
        if findings.faults:
            return str(keep(self.folder, self.seed, findings.faults))
        drop(self.folder)
        return ""

    async def _trade(self, exchange: LoopbackExchange, weather: Weather) -> None:
        """Let traders live and die while prices move and things go wrong."""
        moving = asyncio.create_task(weather.move_prices())
        blowing = asyncio.create_task(weather.blow(self.chance.choice([0.0, 0.3, 0.5])))
        try:
            for _ in range(self.chance.choice([1, 1, 2, 3])):
                await self._live(exchange, self.chance.uniform(0.25, 1) * self.longest_s)
        finally:
            for one in (blowing, moving):
                one.cancel()
            await asyncio.gather(blowing, moving, return_exceptions=True)

    async def _live(self, exchange: LoopbackExchange, seconds: float) -> None:
        """Let one trader trade until it is killed, by itself at some call or by us in time."""
        calls = int(10 ** self.chance.uniform(2.0, 4.7)) if self.chance.random() < 0.7 else 0
        pid = await self.nursery.start(self._task(exchange, "trade", dies_after_calls=calls))
        ended = asyncio.ensure_future(self.nursery.ended(pid))
        if self.chance.random() < 0.8:  # the others may be killed before they trade
            trading = asyncio.ensure_future(self.nursery.trading(pid))
            await asyncio.wait(
                {ended, trading}, timeout=START_S, return_when=asyncio.FIRST_COMPLETED
            )
            trading.cancel()
        await asyncio.wait({ended}, timeout=seconds)
        if not ended.done():
            _kill(pid)
        code = await ended
        if code == -signal.SIGKILL:
            self.kills += 1
        else:
            self.surprises.append(f"a trader ended by itself with {code}: {self._log()}")

    async def _settle(self, exchange: LoopbackExchange) -> Findings:
        """Have everything protected, look at the stops, have everything closed, look at all."""
        protected = await self._finish(exchange, "protect")
        audit = Audit(exchange, self.market, self.database)
        bare = audit.uncovered()
        flat = await self._finish(exchange, "flatten")
        audit = Audit(exchange, self.market, self.database)
        findings = audit.at_the_end()
        findings.unprotected += bare
        findings.unsettled += self.surprises
        for mode, code in (("protect", protected), ("flatten", flat)):
            if code:
                findings.unsettled.append(f"{mode} ended with {code}: {self._log()}")
        return findings

    async def _finish(self, exchange: LoopbackExchange, mode: str) -> int:
        pid = await self.nursery.start(self._task(exchange, mode))
        return await self.nursery.ended(pid)

    def _task(self, exchange: LoopbackExchange, mode: str, dies_after_calls: int = 0) -> Task:
        self.lives += 1
        return Task(
            database=str(self.database.url),
            prices=str(self.folder / "prices"),
            symbols=self.symbols,
            mode=mode,
            seed=self.seed * 100 + self.lives,
            api_key=exchange.credentials.api_key,
            secret=exchange.credentials.secret,
            log=str(self.folder / "trader.log"),
            dies_after_calls=dies_after_calls,
        )

    def _connect(self, exchange: LoopbackExchange) -> None:
        """Write the row of an armed connection."""
        overlay: dict[str, Any] = {**exchange.overlay(self.market), "timeout": TIMEOUT_MS}
        draft = ConnectionDraft(
            name="loop",
            exchange="binance",
            mode=Mode.LIVE,
            market=MarketType(self.market),
            symbols=tuple(self.symbols),
            timeframe="1m",
            ccxt_config=overlay,
        )
        now = utc_from_ms(SystemClock().now_ms())
        with self.database.write() as transaction:
            connection_id = connections.add(transaction, draft, now)
            transaction.execute(
                update(CONNECTIONS)
                .where(CONNECTIONS.c.id == connection_id)
                .values(enabled=True, live=True, mode="live")
            )

    def _time_out_after(self, exchange: LoopbackExchange, timeout_ms: int) -> None:
        """Have the next traders wait so long for an answer."""
        overlay = {**exchange.overlay(self.market), "timeout": timeout_ms}
        with self.database.write() as transaction:
            transaction.execute(update(CONNECTIONS).values(ccxt_config=overlay))

    def _log(self) -> str:
        with suppress(OSError):
            return (self.folder / "trader.log").read_text()[-6000:]
        return ""


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
