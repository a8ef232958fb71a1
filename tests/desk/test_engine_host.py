"""The engine of a process: started again when it fails, ended when it is told to."""

import threading
from collections.abc import Iterator

import pytest

from cts_tui.desk.desk import Desk
from cts_tui.desk.engine_host import EngineHost
from cts_tui.engine import supervision
from cts_tui.engine.program import EngineProgram
from cts_tui.errors import StoreError
from cts_tui.model.trading import Actor
from cts_tui.paths import data_folder

pytestmark = pytest.mark.usefixtures("own_garbage")


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = Desk.open(data_folder(), Actor.CLI)
    yield desk
    desk.close()


@pytest.fixture
def host(desk: Desk) -> EngineHost:
    return EngineHost(desk)


class Runs:
    """Programs that begin, and fail as often as they are told to; then they wait for their end."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, failures: int) -> None:
        self.count = 0
        self.is_up = threading.Event()
        runs = self
        work = EngineProgram._work

        async def fail(program: EngineProgram, *given: object) -> None:
            runs.count += 1
            if runs.count <= failures:
                raise BaseExceptionGroup("unhandled", [ZeroDivisionError("a bug")])
            runs.is_up.set()
            await work(program, *given)  # type: ignore[arg-type]

        monkeypatch.setattr(EngineProgram, "_work", fail)


def test_a_program_that_fails_is_started_again_and_its_failures_are_told(
    desk: Desk, host: EngineHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervision, "BACKOFF_S", (0.001, 0.002))
    runs = Runs(monkeypatch, failures=3)
    thread = threading.Thread(target=host.run)
    thread.start()
    assert runs.is_up.wait(20)
    host.stop()
    thread.join(20)
    assert not thread.is_alive()
    told = [view.message for view in desk.events.list(limit=50) if "failed" in view.message]
    assert told[::-1] == [
        "the engine program failed: ZeroDivisionError: a bug; it starts again in 0.001 s",
        "the engine program failed: ZeroDivisionError: a bug; it starts again in 0.002 s",
        "the engine program failed: ZeroDivisionError: a bug; it starts again in 0.002 s",
    ]
    assert desk.programs.list() == []


def test_a_program_that_waits_to_be_started_again_can_be_stopped(
    host: EngineHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervision, "BACKOFF_S", (3_600.0,))
    runs = Runs(monkeypatch, failures=1)
    thread = threading.Thread(target=host.run)
    thread.start()
    while not host._desk.events.list(limit=1)[0].message.startswith("the engine program failed"):
        assert thread.is_alive()
    host.stop()
    thread.join(20)
    assert not thread.is_alive()
    assert runs.count == 1


def test_what_keeps_a_program_from_beginning_is_told_to_who_started_it(
    host: EngineHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_registration: object) -> None:
        raise StoreError("the database is locked")

    monkeypatch.setattr("cts_tui.engine.registration.Registration.enter", refuse)
    with pytest.raises(StoreError, match="is locked"):
        host.run()
