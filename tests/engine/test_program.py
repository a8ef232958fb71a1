"""The engine program on a real store: desired rows in, actual rows out; two programs on one."""

import asyncio
import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

import cts_tui.engine.connection as connection_module
import cts_tui.engine.manager as manager_module
from cts_tui.engine.processes import is_process_alive
from cts_tui.engine.program import EngineProgram
from cts_tui.exchange.limiter import limiter_of
from cts_tui.store import database as database_module
from cts_tui.store import engines, leases, positions, setting_rows, strategies
from cts_tui.store.database import Database

from .program_rig import Rig, candle, make_rig, now, tick
from .world import (
    ENTER_LONG,
    make_connection,
    stored,
)

Until = Callable[..., Awaitable[None]]
pytestmark = pytest.mark.usefixtures("own_garbage")


@pytest.fixture
def rig(database: Database, until: Until, monkeypatch: pytest.MonkeyPatch) -> Rig:
    return make_rig(database, until, monkeypatch)


async def test_a_program_runs_what_is_enabled_and_leaves_the_store_tidy(rig: Rig) -> None:
    make_connection(rig.database)
    make_connection(rig.database, "off", enabled=False)
    async with rig.program() as program:
        await rig.engine("paper")
        (row,) = stored(rig.database, "engine_programs")
        assert (row["owner"], row["pid"]) == (program.owner, os.getpid())
        assert is_process_alive(row["pid"], row["pid_started_at"])
        assert rig.owner("paper") == program.owner
        assert rig.owner("off") is None
        beaten = row["heartbeat_at"]
        row = await rig.row(
            "engine_programs",
            lambda row: row["heartbeat_at"] > beaten and "process" in row["figures"],
        )
        assert row["figures"]["process"]["rss_mb"] > 10
        assert row["figures"]["journal"]["dropped"] == 0
    assert stored(rig.database, "engine_programs") == []
    assert rig.owner("paper") is None
    assert {row["status"] for row in stored(rig.database, "engine_states")} == {"stopped"}
    messages = [row["message"] for row in stored(rig.database, "events")]
    assert messages == ["the engine program started", "the engine program stopped in order"]


async def test_an_engine_that_takes_long_to_start_gives_signs_of_life_meanwhile(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_connection(rig.database)
    answered = asyncio.Event()

    async def connect(context: Any, *rest: Any) -> Any:
        await answered.wait()
        return await rig.connect(context, *rest)

    monkeypatch.setattr(connection_module, "connect_feed", connect)
    async with rig.program():
        first = await rig.engine("paper", "starting")
        await rig.row(
            "engine_states",
            lambda row: row["status"] == "starting" and row["heartbeat_at"] > first["heartbeat_at"],
        )
        answered.set()
        await rig.engine("paper")


async def test_a_connection_starts_and_stops_as_its_row_says(rig: Rig) -> None:
    make_connection(rig.database, enabled=False)
    async with rig.program():
        rig.change("paper", enabled=True)
        await rig.engine("paper")
        rig.change("paper", enabled=False, live=False)
        await rig.engine("paper", "stopped")
        await rig.until(lambda: rig.owner("paper") is None, "the lease is released")
        assert rig.feeds["paper"][0].is_closed


async def test_a_program_that_is_asked_to_stop_does(rig: Rig) -> None:
    make_connection(rig.database)
    program = EngineProgram(rig.database, rig.settings)
    task = asyncio.create_task(program.run())
    await rig.engine("paper")
    with rig.database.write() as transaction:
        assert engines.request_stop(transaction, now()) == 1
    await asyncio.wait_for(task, 20)
    assert stored(rig.database, "engine_programs") == []


async def test_a_stop_before_the_start_is_harmless_and_final(rig: Rig) -> None:
    program = EngineProgram(rig.database, rig.settings)
    program.stop()
    await asyncio.wait_for(program.run(), 20)
    assert stored(rig.database, "engine_programs") == []


async def test_an_engine_that_crashes_is_started_again_and_no_other_is_touched(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manager_module, "_BACKOFF_S", (0.05,))
    for name in ("paper", "other"):
        make_connection(rig.database, name)
    async with rig.program():
        for name in ("paper", "other"):
            await rig.engine(name)
        for restarts in (1, 2):
            rig.feeds["paper"][-1].fail(RuntimeError("a bug in a feed"))
            await rig.row("engine_states", lambda row, n=restarts: row["restarts"] == n)
            await rig.until(lambda n=restarts: len(rig.feeds["paper"]) == n + 1)
            await rig.engine("paper")
        assert len(rig.feeds["other"]) == 1
        other = await rig.engine("other")
        assert other["restarts"] == 0
    failures = [row for row in stored(rig.database, "events") if row["after"] == "failed"]
    assert [row["subject"] for row in failures] == ["paper", "paper"]
    assert failures[0]["message"] == (
        "the engine failed: RuntimeError: a bug in a feed; it starts again in 0.05 s"
    )


async def test_s11_the_kill_switch_is_heard_and_survives_the_program(rig: Rig) -> None:
    make_connection(rig.database)
    with rig.database.write() as transaction:
        setting_rows.put(transaction, setting_rows.KILL_SWITCH, True, now())
    for _ in range(2):
        async with rig.program():
            await rig.engine("paper")
            feed = rig.feeds["paper"][-1]
            feed.say(tick("100"))
            feed.say(candle(ENTER_LONG))
            signal = await rig.row("signals", lambda row: row["status"] != "new")
            assert (signal["status"], signal["reason"]) == ("refused", "the kill switch is on")
        with rig.database.write() as transaction:
            transaction.exec_driver_sql("DELETE FROM signals")
            transaction.exec_driver_sql("DELETE FROM candles")
            transaction.exec_driver_sql("DELETE FROM indications")
    assert stored(rig.database, "orders") == []


async def test_a_close_that_is_asked_for_is_carried_out(rig: Rig) -> None:
    make_connection(rig.database)
    async with rig.program():
        await rig.engine("paper")
        opened = await rig.open_position()
        with rig.database.write() as transaction:
            positions.request_close(transaction, opened["id"], now())
        await rig.row("positions", lambda row: row["status"] == "closing")
        rig.feeds["paper"][-1].say(tick("101"))
        row = await rig.row("positions", lambda row: row["status"] == "closed")
    assert (row["exit_reason"], row["exit_price"], row["pnl"]) == (
        "manual",
        Decimal(101),
        Decimal(1),
    )
    assert len(stored(rig.database, "orders")) == 2


async def test_a_strategy_that_is_switched_on_trades(rig: Rig) -> None:
    make_connection(rig.database)
    with rig.database.write() as transaction:
        strategies.set_enabled(transaction, "spoken", now(), enabled=False)
    async with rig.program():
        await rig.engine("paper")
        with rig.database.write() as transaction:
            strategies.set_enabled(transaction, "spoken", now(), enabled=True)
        await rig.row(
            "engine_states",
            lambda row: [gate["strategy"] for gate in row["figures"]["gates"]] == ["spoken"],
        )
        await rig.open_position()


async def test_s9_of_two_programs_one_runs_the_connection_and_the_other_takes_over(
    rig: Rig,
) -> None:
    make_connection(rig.database)
    async with rig.program() as second:
        async with rig.program() as first:
            await rig.until(lambda: len(stored(rig.database, "engine_programs")) == 2)
            await rig.engine("paper")
            owner = rig.owner("paper")
            assert owner in (first.owner, second.owner)
            assert len(rig.feeds["paper"]) == 1, "one engine, one feed"
        if owner == first.owner:
            await rig.until(lambda: rig.owner("paper") == second.owner)
            await rig.until(lambda: len(rig.feeds["paper"]) == 2)
            assert rig.feeds["paper"][0].is_closed
        await rig.engine("paper")
    fences = [row["fence"] for row in stored(rig.database, "leases")]
    assert fences == [len(rig.feeds["paper"])]


async def test_s9_an_engine_whose_lease_was_taken_stops_and_sends_nothing_more(rig: Rig) -> None:
    setup = make_connection(rig.database)
    async with rig.program():
        await rig.engine("paper")
        await rig.open_position()
        feed = rig.feeds["paper"][-1]
        with rig.database.write() as transaction:
            transaction.exec_driver_sql("UPDATE leases SET owner = NULL, expires_at = NULL")
            expires = now() + timedelta(minutes=1)
            assert leases.acquire(transaction, setup.id, "another machine", now(), expires) == 2
        await rig.until(lambda: feed.is_closed)
        assert len(rig.feeds["paper"]) == 1
    assert len(stored(rig.database, "orders")) == 1
    assert rig.owner("paper") == "another machine"


async def test_programs_on_one_store_divide_an_exchanges_rate_limit_by_their_leases(
    rig: Rig,
) -> None:
    limiter = limiter_of("divided", interval_ms=50)
    make_connection(rig.database, exchange="divided")
    elsewhere = make_connection(rig.database, "elsewhere", exchange="divided")
    with rig.database.write() as transaction:
        expires = now() + timedelta(hours=1)
        leases.acquire(transaction, elsewhere.id, "another machine", now(), expires)
    async with rig.program():
        await rig.engine("paper")
        await rig.until(lambda: limiter.figures()["share_pct"] == 50.0)
        with rig.database.write() as transaction:
            leases.release(transaction, "another machine")
        await rig.engine("elsewhere")
        await rig.until(lambda: limiter.figures()["share_pct"] == 100.0)


def process_that_has_ended() -> int:
    return int(
        subprocess.run(
            [sys.executable, "-c", "import os; print(os.getpid())"],
            check=True,
            capture_output=True,
        ).stdout
    )


@pytest.mark.parametrize("is_pid_reused", [False, True])
async def test_a_program_takes_over_at_once_from_one_of_this_host_that_was_killed(
    rig: Rig, is_pid_reused: bool
) -> None:
    setup = make_connection(rig.database)
    pid = os.getpid() if is_pid_reused else process_that_has_ended()
    with rig.database.write() as transaction:
        engines.register(
            transaction,
            owner="killed",
            pid=pid,
            pid_started_at=datetime(2020, 1, 1, tzinfo=UTC),
            host=socket.gethostname(),
            now=now(),
        )
        leases.acquire(transaction, setup.id, "killed", now(), now() + timedelta(hours=1))
    async with rig.program() as program:
        await rig.engine("paper")
        assert rig.owner("paper") == program.owner
        assert [row["owner"] for row in stored(rig.database, "engine_programs")] == [program.owner]


async def test_a_program_leaves_the_leases_of_one_that_lives_or_runs_elsewhere(rig: Rig) -> None:
    setup = make_connection(rig.database)
    with rig.database.write() as transaction:
        engines.register(
            transaction,
            owner="elsewhere",
            pid=1,
            pid_started_at=now(),
            host="another-host",
            now=now(),
        )
        leases.acquire(transaction, setup.id, "elsewhere", now(), now() + timedelta(hours=1))
    make_connection(rig.database, "free")
    async with rig.program():
        await rig.engine("free")
        assert rig.owner("paper") == "elsewhere"
        assert "paper" not in rig.feeds


async def test_a_store_that_is_locked_for_a_while_ends_no_program(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "BUSY_TIMEOUT_MS", 5)
    make_connection(rig.database)
    make_connection(rig.database, "later", enabled=False)
    async with rig.program():
        await rig.engine("paper")
        other = sqlite3.connect(rig.database.url.removeprefix("sqlite:///"), isolation_level=None)
        rig.change("later", enabled=True)
        await rig.engine("later")
        rig.change("later", enabled=False)
        await rig.engine("later", "stopped")
        for attempt in range(1, 1_000):
            try:
                other.execute("BEGIN IMMEDIATE")
                break
            except sqlite3.OperationalError:
                assert attempt < 999
                await asyncio.sleep(0)
        other.execute("UPDATE connections SET enabled = 1")
        (program_row,) = stored(rig.database, "engine_programs")
        await rig.until(lambda: now() - program_row["heartbeat_at"] > timedelta(seconds=0.3))
        other.execute("COMMIT")
        other.close()
        await rig.engine("later")
        beaten = program_row["heartbeat_at"]
        await rig.row("engine_programs", lambda row: row["heartbeat_at"] > beaten)


async def test_order_ids_of_two_stores_differ_because_the_stores_have_names(rig: Rig) -> None:
    make_connection(rig.database)
    names = set()
    for _ in range(2):
        async with rig.program():
            await rig.engine("paper")
        (row,) = [r for r in stored(rig.database, "settings") if r["key"] == "store_id"]
        names.add(row["value"])
    assert len(names) == 1
    assert len(names.pop()) >= 16
