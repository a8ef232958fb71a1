"""kill −9 between intent and answer, then `cts-tui run`: the order is found, adopted, protected."""

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.loopback import LoopbackExchange

Until = Callable[..., Awaitable[None]]
STRATEGY = """
name = "always"
timeframe = "*"
entry_long = "close > 0"
stop_loss_pct = 2.0
take_profit_pct = 0.0
min_profit_factor = 0.0
gate_min_trades = 0
size = { kind = "quote", amount = 500 }
symbols = ["*"]
"""


class Desk:
    """A data folder with one armed connection, and the programs that run on it."""

    def __init__(self, folder: Path, exchange: LoopbackExchange, market: str) -> None:
        self.folder = folder
        self.exchange = exchange
        self.symbol = "BTC/USDT" if market == "spot" else "BTC/USDT:USDT"
        self.market = market
        self.environment = {
            **os.environ,
            "CTS_DATA_DIR": str(folder / "data"),
            "CTS_MASTER_KEY": "a key for this test alone",
        }

    async def call(self, *arguments: str, given: str = "") -> None:
        """Run a command; it must end well."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "cts_tui", *arguments),
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        said, _ = await process.communicate(given.encode())
        assert process.returncode == 0, said.decode()

    async def prepare(self) -> None:
        """Add the connection and a strategy that always wants to be in; arm it in its row."""
        rules = self.folder / "always.toml"
        rules.write_text(STRATEGY)
        await self.call("strategies", "add", str(rules))
        await self.call("strategies", "enable", "always")
        overlay = json.dumps(self.exchange.overlay(self.market))
        keys = json.dumps(self.exchange.credentials.as_ccxt())
        options = ["--exchange", "binance", "--mode", "live", "--market", self.market]
        options += ["--symbols", self.symbol, "--timeframe", "1s", "--ccxt-config", overlay]
        await self.call("connections", "add", "loop", *options, "--credentials-stdin", given=keys)
        with sqlite3.connect(self.folder / "data" / "cts.db") as store:
            store.execute("UPDATE strategies SET enabled = (name = 'always')")
            store.execute("UPDATE connections SET enabled = 1, live = 1 WHERE name = 'loop'")
            store.execute("UPDATE connections SET enabled = 0 WHERE name != 'loop'")

    @asynccontextmanager
    async def program(self) -> AsyncIterator[asyncio.subprocess.Process]:
        """Run `cts-tui run`; whatever happens, it is gone at the end."""
        log = (self.folder / "run.log").open("ab")
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "cts_tui", "run"), env=self.environment, stdout=log, stderr=log
        )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()
            log.close()

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return what the store says."""
        file = f"file:{self.folder / 'data' / 'cts.db'}?mode=ro"
        with sqlite3.connect(file, uri=True, timeout=5) as store:
            return store.execute(sql).fetchall()


@pytest.mark.parametrize("market", ["spot", "swap"])
async def test_s5_a_program_killed_before_the_answer_finds_adopts_and_protects_its_order(
    market: str, tmp_path: Path, until: Until
) -> None:
    async with LoopbackExchange(history_minutes=5) as exchange:
        desk = Desk(tmp_path, exchange, market)
        await desk.prepare()
        exchange.faults.add("POST /*/order", "hang", accepts=True, times=None)
        async with desk.program() as process:
            await until(lambda: exchange.accepted, "an order arrives, unanswered")
            process.send_signal(signal.SIGKILL)
            assert await process.wait() == -signal.SIGKILL
        (order,) = exchange.accepted
        entries = "SELECT client_order_id, status FROM orders WHERE purpose = 'entry'"
        ((client_id, status),) = desk.rows(entries)
        assert (client_id, status) in [(order.client_id, "intent"), (order.client_id, "submitting")]
        exchange.faults.clear()
        async with desk.program() as process:
            protected = "SELECT stop_order_id FROM positions WHERE status = 'open'"
            await until(lambda: [row for row in desk.rows(protected) if row[0]], "its stop rests")
            process.send_signal(signal.SIGTERM)
            assert await process.wait() == 0, (tmp_path / "run.log").read_text()
        assert [one for one in exchange.accepted if one.client_id == client_id] == [order]
        assert (client_id, "filled") in desk.rows(entries)
        (key, quantity, stop) = desk.rows("SELECT key, quantity, stop_order_id FROM positions")[0]
        assert key == client_id
        stops = {one.client_id: one.quantity for one in exchange.algo.orders.values()}
        stops |= {one.client_id: one.quantity for one in exchange.spot.open_orders()}
        assert stops[stop] == Decimal(quantity).quantize(Decimal("0.00001"), rounding="ROUND_DOWN")
        told = [row[0] for row in desk.rows("SELECT message FROM events WHERE kind = 'order'")]
        assert any("found at the venue" in message for message in told)
