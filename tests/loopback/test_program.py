"""The loopback exchange as a program, its control port, its journal and its price paths."""

import asyncio
import json
import signal
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import ccxt.async_support as ccxt
import pytest

from tests.loopback import LoopbackExchange
from tests.loopback.candles import Candle
from tests.loopback.control import COMMANDS, Control
from tests.loopback.fixtures import ccxt_client, exchange, until
from tests.loopback.paths import play, read_candles, ticks_of, walk

__all__ = ["exchange"]
ROOT = Path(__file__).parents[2]


class Remote:
    """A caller of the control port."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self.session = session
        self.url = url

    async def ask(self, name: str, **body: Any) -> Any:
        """Return what a command answers; an error raises."""
        async with self.session.post(f"{self.url}/{name}", json=body) as answer:
            content = await answer.json()
        if "error" in content:
            raise ValueError(content["error"])
        return content["ok"]


async def test_the_program_serves_until_it_is_told_to_stop() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.loopback", "--every", "0.02", "--history-minutes", "100",
        cwd=ROOT, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        greeting = json.loads(await process.stdout.readline())
        keys = {"apiKey": greeting["apiKey"], "secret": greeting["secret"]}
        client = ccxt.binance({**greeting["overlay"]["swap"], **keys})
        async with aiohttp.ClientSession() as session, client:
            remote = Remote(session, greeting["control_url"])
            first = (await client.fetch_ticker("BTC/USDT:USDT"))["last"]
            while (await client.fetch_ticker("BTC/USDT:USDT"))["last"] == first:
                pass
            await remote.ask("fault", route="POST /fapi/v1/order", kind="reset", accepts=True)
            with pytest.raises(ccxt.ExchangeNotAvailable):
                await client.create_order("BTC/USDT:USDT", "market", "buy", 0.01)
            account = await remote.ask("account")
            assert [order["status"] for order in account["orders"]["swap"]] == ["FILLED"]
            assert [position["amount"] for position in account["positions"]] == ["0.01"]
            (record,) = await remote.ask("journal", route="POST /fapi/v1/order")
            assert record["outcome"] == "reset after 200"
            assert greeting["secret"] not in json.dumps(await remote.ask("journal"))
    finally:
        process.send_signal(signal.SIGTERM)
    assert await process.wait() == 0


async def test_the_control_port_works_through_an_outage(exchange: LoopbackExchange) -> None:
    control = Control(exchange)
    await control.start()
    try:
        async with aiohttp.ClientSession() as session, ccxt_client(exchange) as client:
            remote = Remote(session, f"http://127.0.0.1:{control.port}")
            await client.load_markets()
            await remote.ask("outage", seconds=0.2)
            with pytest.raises(ccxt.ExchangeNotAvailable):
                await client.fetch_time()
            await remote.ask("trade", symbol="BTCUSDT", price="51000")
            await until(lambda: exchange._server.is_listening)
            assert (await client.fetch_ticker("BTC/USDT"))["last"] == 51_000.0
            await remote.ask("set", clock_skew_ms=30_000, withdraw_allowed=True)
            assert exchange.clock_skew_ms == 30_000 and exchange.withdraw_allowed
            await remote.ask("quote", symbol="BTCUSDT", liquidity="0.01", spread="5")
            assert exchange.liquidity == {"BTCUSDT": Decimal("0.01")}
            placed = await remote.ask(
                "order", market="spot", symbol="BTCUSDT", side="buy", quantity="0.1", price="40000"
            )
            assert (placed["status"], placed["external"]) == ("NEW", True)
            await remote.ask("cancel", market="spot", order_id=placed["id"])
            await remote.ask("position", symbol="BTCUSDT", amount="-1", price="50000")
            assert (await remote.ask("account"))["positions"][0]["amount"] == "-1"
            for name in ("hold", "release", "faults", "clear_faults", "sockets", "cut", "resume"):
                await remote.ask(name)
            for wrong in ("nonsense", "trade"):
                with pytest.raises(ValueError, match=r"no such command|missing"):
                    await remote.ask(wrong)
            with pytest.raises(ValueError, match="cannot be set"):
                await remote.ask("set", secret="x")
    finally:
        await control.close()
    assert {"fault", "outage", "journal", "stall", "halt"} <= set(COMMANDS)


async def test_the_journal_holds_everything_but_secrets(exchange: LoopbackExchange) -> None:
    async with ccxt_client(exchange, "swap") as client:
        await client.create_order("BTC/USDT:USDT", "market", "buy", 0.01)
        waiting = asyncio.create_task(client.watch_orders())
        await until(lambda: exchange.user_streams._swap)
        exchange.by_hand.order("swap", "BTCUSDT", "sell", "0.01")
        await waiting
    (record,) = exchange.journal.requests("POST /fapi/v1/order")
    assert record.is_signed and record.outcome == "200"
    assert record.params["quantity"] == "0.01" and "signature" not in record.params
    text = json.dumps(exchange.journal.as_json())
    assert all(secret not in text for secret in exchange.credentials.secrets)
    assert [order.is_external for order in exchange.accepted] == [False, True]


async def test_the_same_seed_walks_the_same_way() -> None:
    walks = []
    for _ in range(2):
        async with LoopbackExchange(seed=5) as exchange:
            prints: list[Decimal] = []
            exchange.market.listeners.append(lambda _symbol, made, p=prints: p.append(made.price))
            exchange.background(walk(exchange.market, ["BTCUSDT"], every_s=0, seed=5))
            await until(lambda p=prints: len(p) >= 20)
            exchange.end_background()
            walks.append(prints[:20])
    assert walks[0] == walks[1] and len(set(walks[0])) > 10


async def test_recorded_candles_are_played_as_ticks(
    exchange: LoopbackExchange, tmp_path: Path
) -> None:
    file = tmp_path / "binance_BTCUSDT_1m.csv"
    file.write_text(
        "timestamp_ms,open,high,low,close,volume\n"
        "1700000040000,50000,50100,49900,50050,8\n"
        "1700000100000,50050,50060,49000,49500,4\n",
        encoding="utf-8",
    )
    candles = read_candles(file)
    assert candles[0] == Candle(
        1_700_000_040_000, *(Decimal(text) for text in ("50000", "50100", "49900", "50050", "8"))
    )
    prints: list[Decimal] = []
    exchange.market.listeners.append(lambda _symbol, made: prints.append(made.price))
    await play(exchange.market, "BTCUSDT", ticks_of(candles, 60_000), speed=1_000)
    assert [int(price) for price in prints] == [
        50000, 49900, 50100, 50050, 50050, 50060, 49000, 49500,
    ]  # fmt: skip
