"""A server in Bybit's dialect on which a connection is sound, and the test of it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from cts_tui.clock import SystemClock
from cts_tui.exchange.check import check_connection
from cts_tui.model.connection import ConnectionDraft
from cts_tui.model.connection_test import ConnectionTest, StepResult, StepStatus
from cts_tui.model.credentials import Credentials
from cts_tui.model.trading import MarketType, Mode
from tests.exchange.bybit_server import KEYS, BybitServer, ticker_message

PASS, WARN, FAIL, SKIP = StepStatus.PASS, StepStatus.WARN, StepStatus.FAIL, StepStatus.SKIP
QUERY, BALANCE = "/v5/user/query-api", "/v5/account/wallet-balance"
DRAFT = ConnectionDraft("mine", "bybit", Mode.LIVE, MarketType.SPOT, ("BTC/USDT",), "5m")


@asynccontextmanager
async def exchange(**rights: Any) -> AsyncIterator[BybitServer]:
    """A server on which a key trades and holds 1000 USDT, and whose stream sends tickers."""
    async with BybitServer() as server:
        granted = {"Spot": ["SpotTrade"], "Wallet": ["AccountTransfer"]} | rights
        grant(server, granted)
        hold(server, "1000")
        talking = asyncio.create_task(talk(server))
        yield server
        talking.cancel()
        await asyncio.wait([talking])


def grant(server: BybitServer, permissions: Any, read_only: int = 0) -> None:
    result = {"unified": 0, "uta": 1, "readOnly": read_only, "permissions": permissions}
    server.always(QUERY, json.dumps({"retCode": 0, "retMsg": "OK", "result": result}))


def hold(server: BybitServer, amount: str) -> None:
    coin = {"coin": "USDT", "walletBalance": amount, "locked": "0", "equity": amount}
    result = {"list": [{"accountType": "UNIFIED", "coin": [coin]}]}
    server.always(BALANCE, json.dumps({"retCode": 0, "retMsg": "OK", "result": result}))


async def talk(server: BybitServer) -> None:
    while True:
        await server.subscribed.get()
        await server.send(ticker_message('"101.5"'))


async def result_of(
    server: BybitServer | None = None,
    credentials: Credentials | None = KEYS,
    **changes: Any,
) -> ConnectionTest:
    draft = replace(DRAFT, **({"ccxt_config": server.overlay} if server else {}) | changes)
    return await check_connection(draft, credentials, SystemClock())


def step(test: ConnectionTest, name: str) -> StepResult:
    found = test.step(name)
    assert found
    return found


def only_fault(test: ConnectionTest, name: str, status: StepStatus = FAIL) -> StepResult:
    """The one step that is not well; it says what to do."""
    assert [fault.name for fault in test.faults] == [name], test.faults
    found = step(test, name)
    assert (found.status, test.status) == (status, status)
    assert found.todo
    return found
