"""kill −9 in the middle of trading: what the next run finds is whole, and it takes over at once."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

WAIT_S = 60.0


class Desk:
    """A data folder, the programs that run on it, and a look into its file from outside."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "cts.db"

    @contextmanager
    def program(self) -> Iterator["subprocess.Popen[bytes]"]:
        """Run `python -m cts_tui run`; whatever happens, it is gone at the end."""
        log = (self.folder.parent / "run.log").open("ab")
        process = subprocess.Popen(
            [sys.executable, "-m", "cts_tui", "run"],
            stdout=log,
            stderr=log,
            env={**os.environ, "CTS_DATA_DIR": str(self.folder)},
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
            log.close()

    def until(self, is_so: Callable[[], object], why: str, process: Any) -> None:
        deadline = time.monotonic() + WAIT_S
        while not is_so():
            assert process.poll() is None, f"the program ended: {self.said()}"
            assert time.monotonic() < deadline, f"never happened: {why}"
            time.sleep(0.01)

    def said(self) -> str:
        return (self.folder.parent / "run.log").read_text()

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return what is in the file; nothing before there is one."""
        try:
            connection = sqlite3.connect(f"file:{self.file}?mode=ro", uri=True, timeout=5)
        except sqlite3.OperationalError:
            return []
        try:
            return connection.execute(sql).fetchall()
        except sqlite3.OperationalError:
            return []
        finally:
            connection.close()

    def count(self, sql: str) -> int:
        rows = self.rows(f"SELECT count(*) FROM {sql}")
        return int(rows[0][0]) if rows else 0

    def is_running(self, process: "subprocess.Popen[bytes]") -> bool:
        """Return whether the demo's engine runs in that very process."""
        return bool(
            self.count(
                "engine_programs p JOIN leases l ON l.owner = p.owner JOIN engine_states s "
                f"USING (connection_id) WHERE p.pid = {process.pid} AND s.status = 'running' "
                "AND s.started_at >= p.started_at"
            )
        )


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "data")


def assert_whole(desk: Desk) -> None:
    """Nothing is doubled, half-written, or in disagreement with the fills."""
    (verdict,) = desk.rows("PRAGMA integrity_check")
    assert verdict == ("ok",)
    assert desk.rows("PRAGMA foreign_key_check") == []
    half = desk.count(
        "positions WHERE status = 'closed' AND "
        "(exit_price IS NULL OR pnl IS NULL OR exit_reason IS NULL OR closed_at IS NULL)"
    )
    assert half == 0
    held = desk.rows(
        "SELECT connection_id, strategy, symbol, timeframe FROM positions WHERE status != 'closed'"
    )
    assert len(held) == len(set(held)), "two open positions of one strategy on one symbol"
    signals = desk.rows(
        "SELECT connection_id, strategy, symbol, timeframe, time_ms, side FROM signals"
    )
    assert len(signals) == len(set(signals))
    assert_fills_agree(desk)


def assert_fills_agree(desk: Desk) -> None:
    """Every position is the sum of its fills, and every fill belongs to a filled order."""
    fills: dict[str, list[tuple[bool, Decimal, Decimal, Decimal]]] = {}
    for key, is_exit, quantity, price, fee, status in desk.rows(
        "SELECT o.position_key, o.reduce_only, f.quantity, f.price, f.fee, o.status "
        "FROM fills f JOIN orders o USING (client_order_id)"
    ):
        assert status == "filled"
        fill = (bool(is_exit), Decimal(quantity), Decimal(price), Decimal(fee))
        fills.setdefault(key, []).append(fill)
    assert sum(map(len, fills.values())) == desk.count("orders WHERE status = 'filled'")
    positions = desk.rows(
        "SELECT key, side, status, quantity, entry_price, exit_price, fees, pnl FROM positions"
    )
    assert {row[0] for row in positions} == set(fills)
    for key, side, status, quantity, entry, exit_, fees, pnl in positions:
        own = sorted(fills[key])
        assert [is_exit for is_exit, *_ in own] == [False] + [True] * (status == "closed")
        assert {each[1] for each in own} == {Decimal(quantity)}
        assert own[0][2] == Decimal(entry)
        assert sum(each[3] for each in own) == Decimal(fees)
        if status == "closed":
            assert own[1][2] == Decimal(exit_)
            sign = 1 if side == "long" else -1
            gross = sign * Decimal(quantity) * (Decimal(exit_) - Decimal(entry))
            assert abs(gross - Decimal(fees) - Decimal(pnl)) < Decimal("1e-11")


def kill_in_the_middle(desk: Desk, fills: int) -> None:
    """Run until there are so many fills more, then kill −9; what is left must be whole."""
    wanted = desk.count("fills") + fills
    with desk.program() as process:
        desk.until(lambda: desk.count("fills") >= wanted, "trading", process)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert desk.count("engine_programs") == 1, "it had no time to say goodbye"
    assert_whole(desk)


def run_on(desk: Desk) -> None:
    """Run again after a kill: the new program runs the connection at once, then ends in order."""
    before = {
        table: desk.rows(f"SELECT * FROM {table}")
        for table in ("fills", "positions WHERE status = 'closed'")
    }
    lease_holders = "SELECT owner FROM leases WHERE owner IS NOT NULL"
    holders = desk.rows(lease_holders)
    with desk.program() as process:
        known = "SELECT pid FROM engine_programs"
        desk.until(lambda: desk.rows(known) == [(process.pid,)], "it alone is known", process)
        assert not set(holders) & set(desk.rows(lease_holders)), "no lease has to expire first"
        desk.until(lambda: desk.is_running(process), "taken over", process)
        process.send_signal(signal.SIGTERM)
        assert process.wait(WAIT_S) == 0, desk.said()
    assert_whole(desk)
    for table, rows in before.items():
        assert set(rows) <= set(desk.rows(f"SELECT * FROM {table}")), f"{table} changed"
    assert desk.count("engine_programs") == 0
    assert desk.count("leases WHERE owner IS NOT NULL") == 0
    unfinished = desk.count("orders WHERE status IN ('intent', 'submitting', 'open', 'unknown')")
    assert unfinished == 0


def test_a_program_that_is_killed_leaves_a_whole_store_and_the_next_takes_over(desk: Desk) -> None:
    kill_in_the_middle(desk, fills=30)
    run_on(desk)


@pytest.mark.soak
@pytest.mark.parametrize("fills", [1, 2, 5, 20, 60, 150, 400])
def test_it_may_be_killed_at_any_time_and_any_number_of_times(desk: Desk, fills: int) -> None:
    kill_in_the_middle(desk, fills)
    for delay_s in (0.0, 0.3, 0.6, 0.9, 1.2, 1.5):
        with desk.program() as process:
            time.sleep(delay_s)
            process.send_signal(signal.SIGKILL)
            process.wait()
        assert_whole(desk)
    run_on(desk)
