"""`health` and `health --history` as scripts and people read them."""

import sqlite3
import time
from contextlib import closing

import pytest

from cts_tui.model.health import HealthSample
from cts_tui.model.trading import HealthStatus
from cts_tui.paths import DataFolder
from cts_tui.store import health_samples
from cts_tui.store.database import Database

from .conftest import Cts

HOUR_MS = 3_600_000


@pytest.fixture
def sampled(folder: DataFolder) -> int:
    """A history of three samples, the last one now and in trouble; return its time."""
    now_ms = time.time_ns() // 1_000_000
    database = Database.at(folder.database)
    with database.write() as transaction:
        for hours_ago, status, rss_mb, pnl in (
            (30, HealthStatus.HEALTHY, 70.0, "5"),
            (2, HealthStatus.HEALTHY, 80.0, "1.5"),
            (0, HealthStatus.DEGRADED, 90.0, "-2.25"),
        ):
            figures = {"rss_mb": rss_mb, "open_pnl": pnl, "lag_ms": None}
            sample = HealthSample(now_ms - hours_ago * HOUR_MS, status, figures)
            health_samples.add(transaction, sample)
    database.close()
    return now_ms


def test_a_desk_that_is_switched_off_is_healthy(cts: Cts) -> None:
    assert cts("connections", "disable", "demo").code == 0
    said = cts("health")
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("healthy\n\ndatabase")


def test_the_history_is_a_list_the_newest_first(cts: Cts, sampled: int) -> None:
    rows = cts("health", "--history", "--json").document
    assert [(row["status"], row["rss_mb"]) for row in rows] == [("degraded", 90), ("healthy", 80)]
    assert (rows[0]["open_pnl"], rows[0]["lag_ms"]) == ("-2.25", None)
    assert rows[0]["time"].endswith("Z")
    assert len(cts("health", "--history", "--hours", 48, "--json").document) == 3
    assert len(cts("health", "--history", "--limit", 1, "--json").document) == 1


def test_the_history_is_shown_as_a_line_of_bars_for_each_figure(cts: Cts, sampled: int) -> None:
    said = cts("health", "--history")
    assert said.code == 0
    assert ": 1 healthy, 1 degraded" in said.out
    (rss,) = [line for line in said.out.splitlines() if line.startswith("rss mb")]
    assert rss.split() == ["rss", "mb", "▁█", "80.00", "90.00", "90.00"]
    assert "lag ms" not in said.out


def test_a_desk_without_a_history_says_who_makes_it(cts: Cts) -> None:
    assert cts("health", "--history").out.startswith("no sample of the last 24 hours")
    assert cts("health", "--history", "--json").document == []


@pytest.mark.parametrize("option", ["--hours", "--limit"])
def test_options_of_the_history_do_not_go_alone(cts: Cts, option: str) -> None:
    said = cts("health", option, 3)
    assert said.code == 2
    assert "goes with --history only" in said.err


def test_a_store_that_another_program_locks_is_a_report_too(
    cts: Cts, folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cts_tui.desk.desk._LOOK_WAIT_MS", 1)
    monkeypatch.setattr("cts_tui.store.inspection._WAIT_MS", 1)
    with closing(sqlite3.connect(folder.database, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode=EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        other.execute("UPDATE settings SET updated_at = updated_at")
        said = cts("health", "--json")
        other.execute("ROLLBACK")
    assert said.code == 2
    assert said.document["database"]["reachable"] is False
    assert "is locked by another program" in said.document["reasons"][0]
    assert said.document["api"] is None


def test_looking_changes_nothing(cts: Cts, folder: DataFolder) -> None:
    cts("health")
    before = folder.database.read_bytes()
    cts("health", "--json")
    assert folder.database.read_bytes() == before
