"""Running the engine without a screen: whatever happens to its lines, it stops in order."""

import threading
from collections.abc import Callable

import pytest

from cts_tui.cli import run
from cts_tui.desk.desk import Desk
from cts_tui.desk.engine_host import EngineHost
from cts_tui.errors import StoreError

from .conftest import Cts


def fail(error: BaseException) -> Callable[..., None]:
    def raise_it(*_: object) -> None:
        raise error

    return raise_it


def test_a_failed_engine_is_told_in_one_line(cts: Cts, monkeypatch: pytest.MonkeyPatch) -> None:
    group = ExceptionGroup("tasks", [ExceptionGroup("more", [StoreError("the disk is gone")])])
    monkeypatch.setattr(EngineHost, "run", fail(group))
    said = cts("run")
    assert (said.code, said.err) == (1, "cts-tui: the disk is gone\n")


def test_a_status_that_cannot_be_read_does_not_stop_the_engine(
    cts: Cts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Desk, "summary", fail(StoreError("the database is locked")))
    monkeypatch.setattr(run, "_STATUS_EVERY_S", 0.01)
    said = cts("run", "--for", 0.1)
    assert said.code == 0
    assert said.out.count("status cannot be read: the database is locked") > 2
    assert "stopped in order" in said.out


def test_a_fault_of_the_face_stops_the_engine_in_order(
    cts: Cts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Desk, "summary", fail(RuntimeError("a fault")))
    monkeypatch.setattr(run, "_STATUS_EVERY_S", 0.01)
    assert "unexpected RuntimeError: a fault" in cts("run").err
    monkeypatch.undo()
    assert [thread.name for thread in threading.enumerate() if thread.name == "engine"] == []
