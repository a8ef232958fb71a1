"""`run`, `stop`, `demo` and `cts-tui` without a terminal: real processes, ended in order.

The engine is a process of its own here; the commands of this process are "another program" to it.
"""

import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from .conftest import Cts

ENGINE = [sys.executable, "-m", "cts_tui"]
WAIT_S = 30.0
Start = Callable[..., "subprocess.Popen[str]"]


def until(is_so: Callable[[], object], why: str) -> None:
    """Wait until something is so; it never happening is a failure."""
    deadline = time.monotonic() + WAIT_S
    while not is_so():
        assert time.monotonic() < deadline, f"never happened: {why}"
        time.sleep(0.005)


@pytest.fixture
def start() -> Iterator[Start]:
    """Start processes; those that still run at the end of the test are killed."""
    started: list[subprocess.Popen[str]] = []

    def begin(*arguments: str, **options: Any) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [*ENGINE, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=options.pop("stdout", subprocess.PIPE),
            stderr=options.pop("stderr", subprocess.STDOUT),
            text=True,
            **options,
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


def first_line(process: "subprocess.Popen[str]") -> str:
    """Wait for the first line: the signals are handled from here on."""
    assert process.stdout
    return process.stdout.readline()


def ended(process: "subprocess.Popen[str]") -> str:
    """Wait for the end in order; return what was said since."""
    said, _ = process.communicate(timeout=WAIT_S)
    assert process.returncode == 0, said
    assert "Traceback" not in said
    return said


def is_at_work(cts: Cts) -> bool:
    """Return whether the desk is healthy and its engine has started."""
    found = cts("health", "--json")
    return found.code == 0 and found.document["connections"]["active"] == 1


def events(cts: Cts) -> list[str]:
    return [row["message"] for row in cts("events", "list", "--json").document]


def test_an_engine_is_watched_steered_and_stopped_from_another_program(
    cts: Cts, start: Start
) -> None:
    """One engine for all of it: it takes a second to start."""
    assert cts("health").code == 2
    engine = start("run")
    assert "Ctrl-C stops it in order" in first_line(engine)
    until(lambda: is_at_work(cts), "the engine is at work")
    until(lambda: _open_positions_agree(cts), "no position opened or closed between three looks")
    _figures_agree(cts)
    refusal = cts("run", "--for", 1).refusal
    assert f"runs on this data folder already (process {engine.pid})" in refusal
    _closes_a_position(cts)
    _stops_and_starts_with_its_connection(cts)
    assert cts("stop", "--json").document == {"stopped": 1}
    assert "cts-tui: stopped in order; " in ended(engine)
    assert events(cts)[:2] == ["the engine program stopped in order", "stop asked for"]
    status = cts("status", "--json").document
    assert (status["engine"], status["programs"]) == ("stopped", [])
    assert status["positions"]["open"] == len(cts("positions", "list", "--open", "--json").document)


def _open_positions_agree(cts: Cts) -> bool:
    """Whether three commands count the same open positions; the demo trades meanwhile."""
    told = cts("status", "--json").document["positions"]["open"]
    rows = cts("positions", "list", "--open", "--json", "--limit", 1000).document
    return bool(cts("health", "--json").document["positions"]["open"] == told == len(rows))


def _figures_agree(cts: Cts) -> None:
    status = cts("status", "--json").document
    health = cts("health", "--json").document
    rows = cts("positions", "list", "--open", "--json", "--limit", 1000).document
    assert status["engine"] == "running"
    assert status["connections"] == {"total": 12, "enabled": 1, "live": 0}
    assert health["connections"] == {"total": 12, "enabled": 1, "active": 1, "live": 0}
    closed = cts("positions", "list", "--closed", "--json", "--limit", 1000).document
    assert len(closed) >= health["positions"]["closed"] >= status["today"]["trades"]
    assert health["signals"]["total"] >= status["today"]["signals"] > 0
    wanted = "status reasons database connections engines processors feeds indications strategies"
    assert list(health) == [*wanted.split(), "signals", "positions", "integrity", "api", "process"]
    assert {row["source"] for row in rows} == {"simulated"}
    assert {feed["stale"] for feed in health["feeds"]} == {False}
    assert "running, process" in cts("status").out


def _closes_a_position(cts: Cts) -> None:
    held = cts("positions", "list", "--open", "--json").document[0]["id"]
    assert cts("positions", "close", held).out.startswith(f"closing position {held}")

    def closed() -> dict[str, Any] | None:
        rows = cts("positions", "list", "--closed", "--json").document
        found: dict[str, Any] | None = next((row for row in rows if row["id"] == held), None)
        return found

    until(closed, "the position is closed")
    row = closed()
    assert row is not None
    assert (row["exit_reason"], row["status"]) == ("manual", "closed")


def _stops_and_starts_with_its_connection(cts: Cts) -> None:
    def status() -> str:
        said: str = cts("connections", "show", "demo", "--json").document["status"]
        return said

    assert cts("connections", "disable", "demo").code == 0
    until(lambda: status() == "stopped", "the engine of demo stops")
    report = cts("health", "--json")
    assert report.code == 1
    assert "nobody watches" in report.document["reasons"][0]
    assert cts("connections", "enable", "demo").out == "demo is enabled\n"
    until(lambda: status() == "running", "the engine of demo starts")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_engine_in_order(cts: Cts, start: Start, number: signal.Signals) -> None:
    engine = start("run")
    first_line(engine)
    engine.send_signal(number)
    assert "stopped in order" in ended(engine)
    assert cts("status", "--json").document["programs"] == []


def test_an_engine_outlives_its_terminal(cts: Cts, start: Start) -> None:
    master, slave = pty.openpty()
    engine = start("run", stdout=slave, stderr=slave, start_new_session=True)
    os.close(slave)
    assert b"Ctrl-C stops it" in os.read(master, 1000)
    os.close(master)
    engine.send_signal(signal.SIGHUP)
    until(lambda: is_at_work(cts), "the engine is at work")
    assert engine.poll() is None
    assert cts("stop").out == "the engine has stopped\n"
    assert engine.wait(WAIT_S) == 0


def test_without_a_terminal_the_desk_says_so_and_runs_the_engine(cts: Cts, start: Start) -> None:
    engine = start()
    assert first_line(engine).startswith("cts-tui: no terminal here, so this runs the engine")
    assert "engine on" in first_line(engine)
    engine.terminate()
    assert "stopped in order" in ended(engine)


def test_a_reader_that_leaves_ends_the_engine_in_order(cts: Cts, start: Start) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    engine = start("run", stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    _, said = engine.communicate(timeout=WAIT_S)
    assert (engine.returncode, said) == (0, "")
    assert events(cts)[0] == "the engine program stopped in order"


def test_the_demo_throws_its_folder_away(start: Start, tmp_path: Path) -> None:
    play = tmp_path / "play"
    play.mkdir()
    own = f"sqlite:///{tmp_path / 'own.db'}"
    demo = start("demo", env={**os.environ, "TMPDIR": str(play), "CTS_DATABASE_URL": own})
    assert "no terminal here" in first_line(demo)
    assert str(play) in first_line(demo)
    assert len(list(play.iterdir())) == 1
    demo.terminate()
    assert "stopped in order" in ended(demo)
    assert list(play.iterdir()) == []
    assert not (tmp_path / "own.db").exists()


def test_a_run_for_a_while_ends_by_itself(cts: Cts) -> None:
    said = cts("run", "--for", 0.1)
    assert (said.code, said.err) == (0, "")
    lines = said.out.splitlines()
    assert lines[0].startswith("cts-tui: engine on /")
    assert lines[-1].startswith("cts-tui: stopped in order; ")
    assert "connections 1/12 live 0 | positions " in lines[-1]


@pytest.mark.parametrize("seconds", ["0", "-1", "soon", "nan"])
def test_a_run_for_no_time_is_a_usage_error(cts: Cts, seconds: str) -> None:
    said = cts("run", "--for", seconds)
    assert (said.code, said.out) == (2, "")


def test_where_no_engine_runs_there_is_nothing_to_stop(cts: Cts) -> None:
    assert cts("stop").refusal == (
        "cts-tui: no engine runs on this data folder: there is nothing to stop"
    )
