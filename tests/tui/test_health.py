"""The health screen: every reason, how figures went, the parts, a repair and a backup from it."""

from dataclasses import replace

import pytest

from cts_tui.errors import CtsError
from cts_tui.model.repair_plan import RepairPlan
from cts_tui.tui.repair_lines import plan_lines
from cts_tui.tui.screens.health_figures import sections_of
from cts_tui.tui.widgets.backup_modal import BackupModal
from cts_tui.tui.widgets.detail import Detail
from cts_tui.tui.widgets.detail_modal import DetailModal
from cts_tui.tui.widgets.live_table import LiveTable
from cts_tui.tui.widgets.repair_modal import RepairModal

from . import fake_upkeep, frozen
from .conftest import Play, Stage
from .test_snapshots import SIZES, Compare, look


async def repairing(stage: Stage) -> RepairModal:
    await stage.go("8")
    await stage.press("p")
    await stage.until(lambda: isinstance(stage.app.screen, RepairModal), "the dialog")
    modal = stage.app.screen
    assert isinstance(modal, RepairModal)
    return modal


async def backing_up(stage: Stage) -> BackupModal:
    await stage.go("8")
    await stage.press("b")
    await stage.until(lambda: isinstance(stage.app.screen, BackupModal), "the dialog")
    modal = stage.app.screen
    assert isinstance(modal, BackupModal)
    return modal


async def test_reasons_come_gravest_first_and_whole_and_the_history_once_a_minute(
    play: Play,
) -> None:
    async with play() as stage:
        await stage.go("8")
        reasons = stage.screen.query_one("#reasons", LiveTable)
        trends = stage.screen.query_one("#trends", LiveTable)
        assert [fault.rule for fault in reasons.rows] == [one.rule for one in frozen.FAULTS]
        assert [trend.name for trend in trends.rows][:2] == ["faults", "rss mb"]
        reasons.focus()
        await stage.press("G", "enter")
        await stage.until(lambda: isinstance(stage.app.screen, DetailModal))
        await stage.until(lambda: "412 MB left" in stage.app.screen.query_one(Detail).text)
        await stage.press("escape")
        stage.desk.health.full = replace(frozen.HEALTH, faults=(), reasons=())
        await stage.press("r")
        await stage.until(lambda: not reasons.display, "no table without a reason")
        assert stage.desk.health.histories == 1


def test_a_list_of_rows_is_summed_up_in_words_and_told_row_by_row() -> None:
    rows = [
        {"connection": "demo", "name": "realtime", "cycles": 9, "errors": 1, "p95_ms": 2.0},
        {"connection": "demo", "name": "strategy", "cycles": 4, "errors": 0, "p95_ms": 8.5},
    ]
    pnl = {"open_pnl": "0.007142411048", "size_bytes": 41_250_000, "programs": [{"pid": 1}]}
    report = replace(frozen.HEALTH, sections={"processors": rows, "feeds": [], "positions": pnl})
    processors, feeds, positions = sections_of(report)
    assert dict(processors.figures) == {
        "running": "2", "cycles": "13", "errors": "1", "slowest": "demo strategy p95 8.5 ms"
    }  # fmt: skip
    assert processors.details[1] == ("demo strategy", "cycles 4  errors 0  p95 ms 8.50")
    assert dict(feeds.figures)["symbols"] == "0"
    assert dict(positions.figures) == {"open pnl": "+0.01", "size": "41.2 MB", "programs": "1"}


async def test_a_repair_shows_its_plan_asks_and_tells_what_it_did_or_why_not(play: Play) -> None:
    async with play() as stage:
        modal = await repairing(stage)
        await stage.until(lambda: "Can be mended now" in modal.lines.text)
        assert ("repair",) not in stage.desk.calls
        await stage.press("y")
        await stage.until(lambda: "2 set aside" in modal.lines.text, "the report")
        assert "Left as it is" in modal.lines.text
        await stage.press("y", "escape")
        await stage.until(lambda: stage.app.screen is stage.screen)
        assert stage.desk.calls.count(("repair",)) == 1
        stage.desk.repairs.fail_with = CtsError("the database is locked")
        modal = await repairing(stage)
        await stage.until(lambda: "✖ not done: the database is locked" in modal.lines.text)


PLANS = {
    "✔ there is nothing to repair": RepairPlan(False, ()),
    "Nothing of it can be done from here": RepairPlan(True, stopped_only=(fake_upkeep.ALONE,)),
    "cts-tui stop, then cts-tui repair\n": RepairPlan(True, stopped_only=(fake_upkeep.ALONE,)),
    "cts-tui repair --trading": RepairPlan(False, trading=(fake_upkeep.TRADING,)),
    "A verified backup is made first": RepairPlan(False, (fake_upkeep.ALONE,)),
    "It is done in one transaction": RepairPlan(True, (fake_upkeep.SAFE,)),
    "The file itself is damaged": RepairPlan(False, damaged_file=(fake_upkeep.ALONE,)),
}


@pytest.mark.parametrize("said", PLANS)
def test_a_plan_says_what_happens_and_what_needs_what_first(said: str) -> None:
    lines = plan_lines(PLANS[said], 100)
    assert said in "".join("".join(cell.text for cell in line) + "\n" for line in lines)


async def test_a_backup_tells_each_part_and_its_end_also_when_it_was_left(play: Play) -> None:
    async with play() as stage:
        stage.desk.backups.gate.clear()
        modal = await backing_up(stage)
        await stage.until(lambda: "packed" in modal.lines.text)
        assert "◌ backing up…" in modal.lines.text
        await stage.press("escape")
        await stage.until(lambda: stage.app.screen is stage.screen)
        stage.desk.backups.gate.set()
        await stage.told("backup made: cts-20260301T120000Z-manual.db.gz")
        modal = await backing_up(stage)
        await stage.until(lambda: "12.4 MB" in modal.lines.text, "the file")
        await stage.press("escape")
        stage.desk.backups.fail_with = CtsError("no backup was made: the disk is full")
        modal = await backing_up(stage)
        await stage.until(lambda: "✖ no backup: no backup was made" in modal.lines.text)


@SIZES
def test_picture_of_a_plan(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert look(snap_compare, size, "8", "p")
