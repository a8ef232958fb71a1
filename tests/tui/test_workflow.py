"""The workflow test over a screen: each stage as it ends, and what to do about it."""

import threading

from textual.pilot import Pilot

from cts_tui.errors import CtsError
from cts_tui.model.workflow_test import WorkflowStep
from cts_tui.tui.screens.workflow_testing import test_workflow as begin
from cts_tui.tui.widgets.workflow_modal import WorkflowModal

from .conftest import Play, Stage, make_stage
from .test_snapshots import SIZES, Compare


async def opened(stage: Stage) -> WorkflowModal:
    await stage.go("8")
    await stage.press("t")
    await stage.until(lambda: isinstance(stage.app.screen, WorkflowModal), "the test")
    modal = stage.app.screen
    assert isinstance(modal, WorkflowModal)
    return modal


async def test_each_stage_is_shown_as_it_ends_with_what_to_do(play: Play) -> None:
    async with play() as stage:
        gate = threading.Event()

        def hold(step: WorkflowStep) -> None:
            assert step.name != "coordination" or gate.wait(10)

        stage.desk.workflow.before_step = hold
        modal = await opened(stage)
        await stage.until(lambda: "data flow" in modal.lines.text)
        assert "◌ testing…" in modal.lines.text
        assert "✖ FAIL" not in modal.lines.text
        gate.set()
        await stage.until(lambda: modal.result, "the result")
        assert "Result  ✖ FAIL" in modal.lines.text
        assert "→ let it go on: kill -CONT 4711" in modal.lines.text
        await stage.press("t")
        await stage.until(lambda: stage.desk.calls.count(("test-workflow", None)) == 2)
        await stage.press("escape")
        await stage.until(lambda: stage.app.screen is stage.screen, "the screen again")


async def test_a_test_that_cannot_run_says_why(play: Play) -> None:
    async with play() as stage:
        stage.desk.workflow.fail_with = CtsError("the database is locked")
        modal = await opened(stage)
        await stage.until(lambda: "✖ not tested: the database is locked" in modal.lines.text)


async def test_before_the_desk_is_open_there_is_nothing_to_test(play: Play) -> None:
    gate = threading.Event()
    stage = make_stage()
    ready = (stage.desk, stage.host)
    late = make_stage(stage.desk, open_desk=lambda: gate.wait(10) and ready)
    async with play(late, is_read=False) as stage:
        begin(stage.screen)
        await stage.told("the desk is not open yet")
        gate.set()


@SIZES
def test_what_it_looks_like(snap_compare: Compare, size: tuple[int, int]) -> None:
    stage = make_stage(is_needed=False)

    async def arrange(pilot: Pilot[None]) -> None:
        stage.pilot = pilot
        await stage.until(lambda: stage.app.session.summary, "a reading")
        modal = await opened(stage)
        await stage.until(lambda: modal.result, "the result")
        await stage.rest()

    assert snap_compare(stage.app, terminal_size=size, run_before=arrange)
