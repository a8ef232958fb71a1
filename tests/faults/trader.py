"""A trader on the loopback exchange: one engine, armed, with a script in place of strategies.

Runs in a process of its own that may be killed at any instruction.
"""

import asyncio
import json
import os
import random
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from cts_tui.clock import SystemClock
from cts_tui.engine import connection as connection_module
from cts_tui.engine import execution as execution_module
from cts_tui.engine.connection import ConnectionEngine
from cts_tui.engine.requests import EntryRequest, ExitRequest
from cts_tui.model.credentials import Credentials
from cts_tui.model.money import exact
from cts_tui.model.records import Signal
from cts_tui.model.strategy import Size, SizeKind, StrategySpec
from cts_tui.model.trading import Direction, ExitReason, SignalKind
from cts_tui.settings import Settings
from cts_tui.store import connections
from cts_tui.store.database import Database
from cts_tui.store.journal import Journal

from .shared_prices import MINUTE_MS, SharedPrices

SIGNAL_MS = 150
"""A signal is of a time slot: who asks twice within it, also after a restart, asks for the same."""
ENDED_IN_ORDER, NEVER_SETTLED = 0, 3


@dataclass(frozen=True, slots=True)
class Task:
    """What one trader is to do. It must go through JSON."""

    database: str
    prices: str
    """File of one double per symbol: the price now."""
    symbols: list[str]
    mode: str
    """`trade` until killed; `protect` until every position has its stop, `flatten` until flat."""
    seed: int
    api_key: str
    secret: str
    log: str
    dies_after_calls: int = 0
    """Kill this process at that call of a function of the desk once it trades; 0: others do."""
    patience_s: float = 120.0

    def as_line(self) -> str:
        """Return the task as one line of JSON."""
        return json.dumps(asdict(self))


class KnownCredentials:
    """Stands for the vault, whose key would take long to derive."""

    def __init__(self, task: Task) -> None:
        self._task = task

    def credentials_of(self, connection_id: int) -> Credentials:
        return Credentials(api_key=self._task.api_key, secret=self._task.secret)


def spec_of(seed: int) -> StrategySpec:
    """Return a strategy with near levels; the script asks in its name."""
    chance = random.Random(f"spec:{seed}")
    return StrategySpec(
        "scripted",
        stop_loss_pct=Decimal("0.3"),
        take_profit_pct=chance.choice([Decimal(0), Decimal("0.4")]),
        trailing_stop_pct=chance.choice([Decimal(0), Decimal("0.2")]),
        size=Size(SizeKind.QUOTE, Decimal(chance.choice([50, 400, 3000]))),
    )


class Trader:
    """One engine and its script."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.chance = random.Random(f"trader:{task.seed}")
        self.database = Database(task.database)
        self.journal = Journal(self.database)
        self.spec = spec_of(task.seed)
        with self.database.read() as transaction:
            setup = connections.find(transaction, "loop")
        assert setup is not None
        self.setup = setup
        self.prices = SharedPrices(task.prices, task.symbols)
        self.engine = self._engine()
        self.refusals: Counter[str] = Counter()
        self._listen()

    def _listen(self) -> None:
        """Count why requests are refused."""
        known = execution_module.record_fate

        def heard(context: Any, request: Any, status: Any, reason: str | None = None) -> None:
            self.refusals[f"{status}: {reason}"] += 1
            known(context, request, status, reason)

        execution_module.record_fate = heard

    def _engine(self) -> ConnectionEngine:
        async def connect(*_given: Any) -> SharedPrices:
            return self.prices

        connection_module.connect_feed = connect  # type: ignore[assignment]
        return ConnectionEngine(
            self.setup,
            [self.spec],
            settings=Settings(unprotected_alarm_s=1, venue_stop_grace_s=0.5),
            database=self.database,
            journal=self.journal,
            store_id="loopback",
            clock=SystemClock(),
            vault=KnownCredentials(self.task),  # type: ignore[arg-type]
        )

    async def run(self) -> int:
        """Do the task; return the exit code."""
        running = asyncio.create_task(self.engine.run())
        script = {"trade": self.trade, "protect": self.protect, "flatten": self.flatten}
        working = asyncio.create_task(script[self.task.mode]())
        try:
            async with asyncio.timeout(self.task.patience_s):
                done, _ = await asyncio.wait(
                    {running, working}, return_when=asyncio.FIRST_COMPLETED
                )
                for one in done:
                    await one  # raises what ended it
        except TimeoutError:
            sys.stderr.write(self.state())
            return NEVER_SETTLED
        finally:
            for one in (working, running):
                one.cancel()
            await asyncio.gather(working, running, return_exceptions=True)
            self.journal.close()
        return ENDED_IN_ORDER

    async def trade(self) -> None:
        """Enter and leave at random, as fast as the engine lets."""
        while not self.engine.context.is_reconciled:  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.005)
        say_trading()
        if self.task.dies_after_calls:
            die_after(self.task.dies_after_calls)
        while True:
            await asyncio.sleep(self.chance.uniform(0.005, 0.05))
            symbol = self.chance.choice(self.task.symbols)
            held = [one for one in self.engine.context.book if one.symbol == symbol]
            if not held:
                self.enter(symbol)
            elif self.chance.random() < 0.4:
                reason = self.chance.choice([ExitReason.RULE, ExitReason.MANUAL])
                self.engine.pipeline.execution.request(ExitRequest(held[0], reason))

    def enter(self, symbol: str) -> None:
        """Ask for an entry, if none is on its way."""
        execution, now_ms = self.engine.pipeline.execution, SystemClock().now_ms()
        if execution.is_entering((self.spec.name, symbol, "1m")):
            return
        slot_ms = now_ms - now_ms % SIGNAL_MS - MINUTE_MS
        is_short = ":" in symbol and random.Random(f"{slot_ms}{symbol}").random() < 0.5
        side = Direction.SHORT if is_short else Direction.LONG
        price = exact(self.prices.price(symbol))
        signal = Signal(
            self.spec.name, symbol, "1m", slot_ms, side, SignalKind.ENTRY, price, "", "stream"
        )
        execution.request(EntryRequest(signal, self.spec))

    async def protect(self) -> None:
        """Wait until nothing is unknown and every position has its stop."""
        await self.until(self._is_protected, looks=20)

    async def flatten(self) -> None:
        """Close everything, and wait until nothing is left at work."""
        await self.until(self._is_flat, looks=5)

    async def until(self, is_so: Callable[[], bool], looks: int) -> None:
        """Wait until so many looks in a row agree that something is so."""
        agreeing = 0
        while agreeing < looks:
            await asyncio.sleep(0.02)
            agreeing = agreeing + 1 if self._is_certain() and is_so() else 0

    def _is_certain(self) -> bool:
        context, working = self.engine.context, self.engine.pipeline.execution.working
        unknown = any(working.has_unknown(symbol) for symbol in self.task.symbols)
        return context.live_venue is not None and context.is_reconciled and not unknown

    def _is_protected(self) -> bool:
        entering = self.engine.pipeline.execution.working.entering()
        return not entering and all(
            one.stop_order_id and one.unprotected_since_ms is None
            for one in self.engine.context.book
        )

    def _is_flat(self) -> bool:
        execution, book = self.engine.pipeline.execution, list(self.engine.context.book)
        for position in book:
            execution.request(ExitRequest(position, ExitReason.FLATTEN))
        return not book and not len(execution.working)

    def state(self) -> str:
        """Return what is known of everything that is not settled."""
        context, execution = self.engine.context, self.engine.pipeline.execution
        processors = [(p.name, p.figures.last_error) for p in self.engine.pipeline.processors]
        lines = [
            f"never settled: {self.task.mode}",
            f"live venue {context.live_venue}, reconciled {context.is_reconciled}",
            *(f"position {position}" for position in context.book),
            *(f"working {working}" for working in execution.working),
            *(f"{name}: {error}" for name, error in processors if error),
            f"refusals {self.refusals.most_common(8)}",
        ]
        live, reconciler = self.engine._live, self.engine.pipeline.reconciler
        lines.append(f"account {None if live is None else live.figures()}")
        lines.append(f"reconcile {None if reconciler is None else reconciler.summary()}")
        return "\n".join(lines) + "\n"


def say_trading() -> None:
    """Tell who started it, over the nursery's own line out, that this process trades now."""
    os.write(1, json.dumps({"trading": os.getpid()}).encode() + b"\n")


def run_task(task: Task) -> int:
    """Do a task in this process."""
    log = os.open(task.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 2)
    return asyncio.run(Trader(task).run())


def die_after(calls: int) -> None:
    """Kill this process, SIGKILL, at the so-manieth call of a function that moves orders."""
    rooms = ("/cts_tui/engine/", "/cts_tui/venue/", "/cts_tui/store/")
    left = calls

    def count(frame: Any, event: str, _arg: object) -> None:
        nonlocal left
        if event != "c_call" and any(room in frame.f_code.co_filename for room in rooms):
            left -= 1
            if left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)

    threading.setprofile(count)
    sys.setprofile(count)
