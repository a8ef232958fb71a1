"""Repair and backup with the shape of the desk's, over frozen findings."""

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from cts_tui.clock import utc_from_ms
from cts_tui.model.backup import Backup
from cts_tui.model.health import Gravity
from cts_tui.model.repair import Deed, RepairReport
from cts_tui.model.repair_plan import RepairPlan
from cts_tui.model.verification import Consent, Finding

from .frozen_time import NOW_MS

SAFE = Finding(
    "orphan", Gravity.WARNING, "latest_prices", 2, "latest_prices 17",
    "2 prices belong to no connection", Consent.NONE, "they are set aside",
)  # fmt: skip
ALONE = Finding(
    "not-finite", Gravity.WARNING, "candles", 14, "bybit-paper BTC/USDT 5m",
    "14 candles have a value that is no price", Consent.REPAIR, "they are set aside",
)  # fmt: skip
TRADING = Finding(
    "closed-without-exit", Gravity.CRITICAL, "positions", 1, "position 44",
    "1 closed position has no exit", Consent.TRADING, "its exit is taken from its fills",
)  # fmt: skip
DEED = Deed("orphan", "latest_prices", 0, 2, was=SAFE.message, action=SAFE.action)
BACKUP = Backup(
    Path("/data/backups/cts-20260301T120000Z-manual.db.gz"), utc_from_ms(NOW_MS), "manual", "0004",
    12_400_000, 41_200_000, "ab" * 32, is_verified=True, seconds=1.4,
)  # fmt: skip
PHASES = ("copy", "verify", "compress", "read back")


class FakeRepairs:
    """Plans what it is given, and mends it at once."""

    def __init__(self, calls: list[Any]) -> None:
        self._calls = calls
        self.found = RepairPlan(True, (SAFE,), (ALONE,), (TRADING,))
        self.fail_with: Exception | None = None

    def plan(self, on_rows: Callable[[int], None]) -> RepairPlan:
        self._calls.append(("plan repair",))
        if self.fail_with:
            raise self.fail_with
        on_rows(40_000)
        return self.found

    def mend(self, on_rows: Callable[[int], None]) -> RepairReport:
        self._calls.append(("repair",))
        left = tuple(one for one in self.found.findings if one not in self.found.ready)
        backup = None if self.found.is_engine_running else BACKUP.file
        return RepairReport(NOW_MS, (DEED,), backup, left)


class FakeBackups:
    """Makes a backup in four parts; `gate` holds it before the last."""

    def __init__(self, calls: list[Any]) -> None:
        self._calls = calls
        self.gate = threading.Event()
        self.gate.set()
        self.fail_with: Exception | None = None

    def make(self, on_phase: Callable[[str, float], None]) -> Backup:
        self._calls.append(("backup",))
        if self.fail_with:
            raise self.fail_with
        for phase in PHASES[:-1]:
            on_phase(phase, 0.3)
        assert self.gate.wait(10)
        on_phase(PHASES[-1], 0.3)
        return replace(BACKUP)
