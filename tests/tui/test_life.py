"""From the first frame to the last: opening, the engine beside the screen, leaving."""

import threading
from dataclasses import replace

from cts_tui.errors import ConfigError, StoreError
from cts_tui.tui.screens.message import MessageScreen
from cts_tui.tui.session import EngineState
from cts_tui.tui.widgets.live_lines import LiveLines

from .conftest import Play, Stage, make_stage
from .fake_desk import FakeDesk, FakeHost


async def said(stage: Stage) -> str:
    """Wait for a message in the middle of the screen and return it."""
    await stage.until(lambda: isinstance(stage.app.screen, MessageScreen))
    await stage.until(lambda: stage.app.screen.query(LiveLines))
    return stage.app.screen.query_one(LiveLines).text


async def test_first_frame_is_painted_before_the_desk_is_open(play: Play) -> None:
    gate = threading.Event()
    desk = FakeDesk()
    host = FakeHost(desk.calls)

    def open_slowly() -> tuple[FakeDesk, FakeHost]:
        gate.wait(timeout=5)
        return desk, host

    stage = make_stage(desk, open_desk=open_slowly)
    stage.host = host
    async with play(stage, is_read=False):
        await stage.until(lambda: "opening the desk" in stage.header)
        assert "PAPER" not in stage.header  # nothing is claimed before it is known
        gate.set()
        await stage.until(lambda: "LIVE: kraken-main (1 position)" in stage.header)
        await stage.until(lambda: len(stage.table.rows) == 3)


async def test_engine_runs_in_a_worker_once_the_desk_is_open(play: Play) -> None:
    async with play() as stage:
        await stage.until(lambda: ("engine runs",) in stage.desk.calls)
        await stage.until(lambda: "● running" in stage.header)


async def test_quitting_stops_the_engine_and_closes_the_desk_before_it_exits(play: Play) -> None:
    async with play() as stage:
        await stage.until(lambda: "● running" in stage.header)
        await stage.press("q")
        await stage.until(lambda: stage.app._exit, "exit")
        assert stage.desk.calls[-3:] == [("stop engine",), ("engine stopped",), ("close desk",)]


async def test_quitting_says_that_the_engine_is_stopping(play: Play) -> None:
    async with play() as stage:
        gate = threading.Event()
        stop = stage.host.stop
        stage.host.stop = lambda: (gate.wait(5), stop())  # type: ignore[assignment]
        await stage.until(lambda: "● running" in stage.header)
        await stage.press("q")
        assert "stopping the engine" in await said(stage)
        await stage.press("q")  # a second q changes nothing
        gate.set()
        await stage.until(lambda: stage.app._exit, "exit")
        stage.host.stop = stop  # type: ignore[method-assign]
        assert stage.desk.calls.count(("stop engine",)) == 1


async def test_attached_screen_runs_no_engine_and_leaves_the_other_one_alone(play: Play) -> None:
    async with play(make_stage(is_needed=False)) as stage:
        await stage.until(lambda: "● attached" in stage.header)
        await stage.press("q")
        await stage.until(lambda: stage.app._exit, "exit")
        assert stage.desk.calls == [("close desk",)]


async def test_attached_screen_shows_that_the_other_engine_stopped(play: Play) -> None:
    async with play(make_stage(is_needed=False)) as stage:
        await stage.until(lambda: "● attached" in stage.header)
        stage.desk.figures = replace(stage.desk.figures, is_engine_running=False)
        await stage.until(lambda: "○ stopped" in stage.header)


async def test_detaching_ends_the_screen_and_not_the_engine(play: Play) -> None:
    async with play() as stage:
        await stage.until(lambda: ("engine runs",) in stage.desk.calls)
        thread = threading.Thread(target=stage.app.detach)
        thread.start()
        await stage.until(lambda: stage.app._exit, "exit")
        thread.join()
        assert stage.app.is_detached
        assert ("stop engine",) not in stage.desk.calls
        assert not stage.desk.is_closed


async def test_failed_engine_is_shown_and_can_be_started_again(play: Play) -> None:
    async with play() as stage:
        await stage.until(lambda: "● running" in stage.header)
        stage.host.fail(StoreError("the disk is full; free some space"))
        await stage.told("the disk is full")
        assert "engine failed" in stage.header
        readings = stage.desk.readings
        await stage.until(lambda: stage.desk.readings > readings, "the screen goes on")
        await stage.press("R")
        await stage.until(lambda: stage.desk.calls.count(("engine runs",)) == 2)
        await stage.until(lambda: "● running" in stage.header)


async def test_running_engine_is_not_started_twice(play: Play) -> None:
    async with play() as stage:
        await stage.until(lambda: "● running" in stage.header)
        await stage.press("R")
        await stage.pilot.pause()
        assert stage.desk.calls.count(("engine runs",)) == 1


async def test_failed_opening_says_what_to_do_and_can_be_tried_again(play: Play) -> None:
    desk = FakeDesk()
    host = FakeHost(desk.calls)
    faults = [ConfigError("the data folder /x is not writable; choose another with --data-dir")]

    def open_desk() -> tuple[FakeDesk, FakeHost]:
        if faults:
            raise faults.pop()
        return desk, host

    stage = make_stage(desk, open_desk=open_desk)
    stage.host = host
    async with play(stage, is_read=False):
        text = await said(stage)
        assert "--data-dir" in text
        assert "q quits" in text
        await stage.press("r")
        await stage.until(lambda: "● running" in stage.header)


async def test_failed_opening_is_left_with_q(play: Play) -> None:
    def open_desk() -> tuple[FakeDesk, FakeHost]:
        raise ConfigError("no")

    stage = make_stage(open_desk=open_desk)
    async with play(stage, is_read=False):
        await said(stage)
        await stage.press("q")
        await stage.until(lambda: stage.app._exit, "exit")
        assert stage.app.return_code == 1


async def test_failed_reading_is_told_once_and_reading_goes_on(play: Play) -> None:
    async with play() as stage:
        stage.desk.fail_with = StoreError("the database is locked")
        await stage.told("the database is locked")
        await stage.until(lambda: "read failed" in stage.header)
        readings = stage.desk.readings
        await stage.until(lambda: stage.desk.readings > readings + 1, "further readings")
        assert sum("locked" in notice for notice in stage.notices) == 1
        stage.desk.fail_with = None
        await stage.until(lambda: "read failed" not in stage.header)
        assert stage.app.session.engine is EngineState.RUNNING


async def test_readings_never_overlap_and_stop_when_the_screen_is_hidden(play: Play) -> None:
    async with play() as stage:
        running = 0
        most = 0
        gate = threading.Event()

        def count() -> None:
            nonlocal running, most
            running += 1
            most = max(most, running)
            gate.wait(0.2)
            running -= 1

        stage.desk.before_summary = count
        for _ in range(5):
            await stage.press("r")
        gate.set()
        await stage.until(lambda: most == 1 and running == 0)
        dashboard = stage.screen
        await stage.go("3")
        assert dashboard._timer is not None
        assert not dashboard._timer._active.is_set()
        await stage.press("1")
        await stage.until(dashboard._timer._active.is_set)
