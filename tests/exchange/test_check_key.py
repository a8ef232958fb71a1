"""The steps of a connection test that need a key."""

from dataclasses import replace

import pytest

from cts_tui.clock import SystemClock
from cts_tui.exchange import session
from cts_tui.exchange.check import check_connection
from cts_tui.exchange.limiter import Limiter
from cts_tui.model.connection_test import Permissions, StepStatus
from cts_tui.model.trading import Mode
from tests.exchange.bybit_server import KEYS
from tests.exchange.check_rig import (
    BALANCE,
    DRAFT,
    FAIL,
    QUERY,
    SKIP,
    WARN,
    exchange,
    grant,
    hold,
    only_fault,
    result_of,
    step,
)


@pytest.fixture(autouse=True)
def at_full_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The exchange's own pace would make every test half a second long."""
    monkeypatch.setattr(session, "limiter_of", lambda *_, **__: Limiter(interval_ms=0.01))


@pytest.mark.parametrize(
    ("code", "said", "todo"),
    [
        (10003, "API key is invalid.", "key"),
        (10004, "error sign! origin_string[...]", "secret"),
        (10010, "Unmatched IP, please check your API key's bound IP addresses.", "IP address"),
        (33004, "Your api key has expired.", "expired"),
    ],
)
async def test_a_key_that_is_refused(code: int, said: str, todo: str) -> None:
    async with exchange() as server:
        for path in (QUERY, BALANCE):
            server.refuses(path, code, said)
        test = await result_of(server)
    found = only_fault(test, "authentication")
    assert todo in found.todo
    assert [step(test, name).status for name in ("permissions", "balance")] == [SKIP, SKIP]
    assert KEYS.secret not in repr(test)
    assert KEYS.api_key not in repr(test)


async def test_a_passphrase_that_is_missing() -> None:
    async with exchange() as server:
        overlay = server.overlay | {"requiredCredentials": {"password": True}}
        found = only_fault(await result_of(None, ccxt_config=overlay), "authentication")
    assert "passphrase" in found.message


@pytest.mark.parametrize("mode", [Mode.LIVE, Mode.TESTNET])
async def test_without_a_key_only_paper_trading_goes(mode: Mode) -> None:
    async with exchange() as server:
        found = only_fault(await result_of(server, None, mode=mode), "authentication")
    assert found.todo.endswith("connections edit mine --credentials-stdin")


async def test_a_key_that_cannot_be_read_is_said_with_how_to_get_at_it() -> None:
    async with exchange() as server:
        draft = replace(DRAFT, ccxt_config=server.overlay)
        locked = "the master key is missing: set CTS_MASTER_KEY"
        test = await check_connection(draft, None, SystemClock(), locked=locked)
    assert only_fault(test, "authentication").message == locked


@pytest.mark.parametrize(
    ("mode", "status"), [(Mode.LIVE, FAIL), (Mode.TESTNET, WARN), (Mode.PAPER, WARN)]
)
async def test_s2_a_key_that_may_withdraw(mode: Mode, status: StepStatus) -> None:
    async with exchange(Wallet=["AccountTransfer", "Withdraw"]) as server:
        test = await result_of(server, mode=mode)
    found = only_fault(test, "permissions", status)
    assert found.todo == "make a key without the right to withdraw, and delete this one"
    assert test.permissions.can_withdraw is True


async def test_a_key_that_may_only_read() -> None:
    async with exchange() as server:
        grant(server, {"Spot": ["SpotTrade"]}, read_only=1)
        found = only_fault(await result_of(server), "permissions")
    assert "may not trade" in found.message


async def test_an_exchange_that_does_not_say_what_the_key_may_do_is_marked_unknown() -> None:
    async with exchange() as server:
        grant(server, None)
        test = await result_of(server)
    assert "unknown" in only_fault(test, "permissions", WARN).message
    assert test.permissions == Permissions()


async def test_an_empty_account_is_a_warning() -> None:
    async with exchange() as server:
        hold(server, "0")
        found = only_fault(await result_of(server), "balance", WARN)
    assert "USDT" in found.todo
