"""Mending the store while the desk is open on it: what is ready, what needs the engine stopped."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from cts_tui.desk.desk import Desk
from cts_tui.errors import ConfigError

from .conftest import Hand

LIVE_ON_DISABLED = "UPDATE connections SET live = 1, enabled = 0 WHERE name = 'demo'"
ODD_SETTING = "INSERT INTO settings VALUES ('odd', '{', '2025-04-03T12:00:00.000Z')"


def damage(desk: Desk, *statements: str) -> None:
    assert isinstance(desk.database.file, Path)
    with closing(sqlite3.connect(desk.database.file)) as plain, plain:
        for statement in statements:
            plain.execute(statement)


def test_beside_an_engine_only_safe_rows_are_ready_and_mended(desk: Desk, hand: Hand) -> None:
    hand.program()
    damage(desk, LIVE_ON_DISABLED, ODD_SETTING)
    plan = desk.repairs.plan()
    assert [one.kind for one in plan.ready] == ["live-on-disabled"]
    assert [one.kind for one in plan.stopped_only] == ["bad-value"]
    report = desk.repairs.mend()
    assert [deed.kind for deed in report.deeds if deed.is_done] == ["live-on-disabled"]
    assert [one.kind for one in report.remaining] == ["bad-value"]
    assert report.backup is None
    assert "repaired: " in desk.events.list()[0].message
    assert not any(view.live for view in desk.connections.list())


def test_without_an_engine_a_verified_backup_comes_first(desk: Desk) -> None:
    damage(desk, LIVE_ON_DISABLED, ODD_SETTING)
    plan = desk.repairs.plan()
    assert {one.kind for one in plan.ready} == {"live-on-disabled", "bad-value"}
    report = desk.repairs.mend()
    assert report.backup is not None and report.backup.exists()
    assert report.remaining == ()
    assert desk.repairs.plan().findings == ()


def test_a_second_backup_waits_for_nobody_and_says_so(desk: Desk) -> None:
    refused: list[str] = []

    def meanwhile(phase: str, _seconds: float) -> None:
        with pytest.raises(ConfigError, match="being made already") as caught:
            desk.backups.make()
        refused.append(f"{phase}: {caught.value}")

    assert desk.backups.make(meanwhile).is_verified
    assert [line.split(":")[0] for line in refused] == ["copy", "verify", "compress", "read back"]
