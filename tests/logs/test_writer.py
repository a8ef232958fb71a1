"""The log file: private, rotated, shared by processes, and never in the way of who writes."""

import errno
import json
import logging
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from cts_tui.logs.writer import LogFile, log_file_in_use, rotated, use_log_file

from .conftest import MakeLog, write


def messages(file: Path) -> list[str]:
    return [json.loads(line)["message"] for line in file.read_text().splitlines()]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_folder_and_files_are_for_their_owner_only(make: MakeLog, file: Path) -> None:
    before = os.umask(0)
    try:
        log = make(most_bytes=200)
        for number in range(3):
            write(log, f"line {number}")
    finally:
        os.umask(before)
    assert mode(file.parent) == 0o700
    assert {mode(path) for path in file.parent.iterdir()} == {0o600}


def test_an_open_file_of_before_is_made_private(make: MakeLog, file: Path) -> None:
    file.parent.mkdir()
    file.touch(0o644)
    file.chmod(0o644)
    make()
    assert mode(file) == 0o600


def test_full_files_are_moved_aside_and_the_oldest_is_dropped(make: MakeLog, file: Path) -> None:
    log = make(most_bytes=1, kept=2)
    for number in range(5):
        write(log, str(number))
    assert sorted(path.name for path in file.parent.iterdir()) == [
        "cts.log", "cts.log.1", "cts.log.2",
    ]  # fmt: skip
    assert [messages(path) for path in (file, rotated(file, 1), rotated(file, 2))] == [
        ["4"], ["3"], ["2"],
    ]  # fmt: skip
    assert log.lost == 0


def test_two_writers_share_a_file_and_rotate_it_once(make: MakeLog, file: Path) -> None:
    one, other = make(most_bytes=1_000, kept=50), make(most_bytes=1_000, kept=50)
    for number in range(100):
        write(one if number % 2 else other, str(number))
    files = [rotated(file, n) for n in range(len(list(file.parent.iterdir())) - 1, 0, -1)]
    assert [m for path in [*files, file] for m in messages(path)] == [str(n) for n in range(100)]
    assert all(path.stat().st_size > 800 for path in files)


def test_processes_that_write_at_once_lose_and_tear_nothing(file: Path) -> None:
    program = (
        "import sys, logging\n"
        "from pathlib import Path\n"
        "from cts_tui.logs.writer import LogFile, use_log_file\n"
        "use_log_file(LogFile(Path(sys.argv[1]), most_bytes=20_000, kept=9))\n"
        "for n in range(300):\n"
        "    logging.getLogger('cts_tui').info('%s %s %s', sys.argv[2], n, 'x' * 50)\n"
    )
    started = [subprocess.Popen([sys.executable, "-c", program, str(file), name]) for name in "abc"]
    assert [process.wait() for process in started] == [0, 0, 0]
    told = [m.split()[:2] for path in file.parent.iterdir() for m in messages(path)]
    assert sorted(told) == sorted([name, str(n)] for name in "abc" for n in range(300))


def test_a_folder_that_was_removed_is_made_again(make: MakeLog, file: Path) -> None:
    log = make()
    write(log, "one")
    shutil.rmtree(file.parent)
    write(log, "two")
    assert messages(file) == ["two"]
    assert log.lost == 0


def test_a_file_that_was_replaced_is_written_anew(make: MakeLog, file: Path) -> None:
    log = make()
    write(log, "one")
    file.unlink()
    write(log, "two")
    assert messages(file) == ["two"]


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A disk that takes ten bytes of a line and no more, until the patch is undone."""
    real = os.write

    def write_some(descriptor: int, data: bytes) -> int:
        if not data.startswith((b"{", b"\n{")):
            return real(descriptor, data)
        if len(data) > 10:
            return real(descriptor, data[:10])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("cts_tui.logs.writer.os.write", write_some)
    monkeypatch.setattr("cts_tui.logs.writer._RETRY_S", 0.0)
    return monkeypatch


def test_a_full_disk_raises_nothing_prints_nothing_and_is_counted(
    make: MakeLog, file: Path, full: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    log = make()
    write(log, "one")
    write(log, "two")
    assert (log.lost, log.last_error.split(":")[0]) == (2, "OSError")
    full.undo()
    write(log, "three")
    assert [json.loads(line)["message"] for line in file.read_text().splitlines()[2:]] == ["three"]
    assert capfd.readouterr() == ("", "")


def test_a_full_disk_is_not_asked_at_every_line(make: MakeLog, full: pytest.MonkeyPatch) -> None:
    full.setattr("cts_tui.logs.writer._RETRY_S", 1_000.0)
    asked: list[int] = []
    log = make()
    write(log, "one")
    full.setattr("cts_tui.logs.writer.os.write", lambda *_: asked.append(1))
    for _ in range(100):
        write(log, "more")
    assert (asked, log.lost) == ([], 101)


def test_a_folder_that_cannot_be_made_again_is_counted(make: MakeLog, file: Path) -> None:
    log = make()
    shutil.rmtree(file.parent)
    file.parent.write_text("a file in its place")
    write(log, "one")
    assert log.lost == 1
    assert "File exists" in log.last_error or "Not a directory" in log.last_error


class Unspeakable:
    def __str__(self) -> str:
        raise RuntimeError("no words")


def test_a_record_that_cannot_be_put_into_words_is_counted(
    make: MakeLog, capfd: pytest.CaptureFixture[str]
) -> None:
    log = make()
    log.handle(logging.LogRecord("x", logging.INFO, "x", 1, "%s", (Unspeakable(),), None))
    log.handle(logging.LogRecord("x", logging.INFO, "x", 1, "%d %d", ("wrong",), None))
    assert log.lost == 2
    assert capfd.readouterr() == ("", "")


def test_whatever_a_library_says_goes_to_the_file_and_not_to_the_terminal(
    file: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    use_log_file(LogFile(file))
    logging.getLogger("asyncio").error("Task exception was never retrieved")
    logging.getLogger("asyncio").info("not worth a word")
    logging.getLogger("cts_tui.engine").info("engine started")
    assert messages(file) == ["Task exception was never retrieved", "engine started"]
    assert capfd.readouterr() == ("", "")


def test_a_second_file_takes_the_place_of_the_first(tmp_path: Path) -> None:
    first, second = LogFile(tmp_path / "a"), LogFile(tmp_path / "b")
    use_log_file(first)
    use_log_file(second)
    logging.getLogger("cts_tui").info("once")
    assert log_file_in_use() is second
    assert (messages(tmp_path / "a"), messages(tmp_path / "b")) == ([], ["once"])
