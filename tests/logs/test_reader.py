"""Reading the log: the last lines over all files, and what comes, wherever it was moved to."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cts_tui.logs import reader
from cts_tui.logs.reader import LogFollower, tail
from cts_tui.logs.writer import rotated
from cts_tui.model.log import LogLine

from .conftest import MakeLog, write


def said(lines: list[LogLine]) -> list[str]:
    return [line.message for line in lines]


def everything(_line: LogLine) -> bool:
    return True


def test_the_last_lines_come_over_all_files_oldest_first(make: MakeLog, file: Path) -> None:
    log = make(most_bytes=300)
    for number in range(7):
        write(log, str(number))
    assert rotated(file, 2).exists()
    assert said(tail(file, 5, everything)) == ["2", "3", "4", "5", "6"]
    assert said(tail(file, 2, lambda line: int(line.message) % 2 == 0)) == ["4", "6"]
    assert len({line.key for line in tail(file, 9, everything)}) == len(tail(file, 9, everything))


def test_without_a_log_there_are_no_lines(file: Path) -> None:
    assert tail(file, 5, everything) == []
    assert LogFollower(file).read() == []


def test_a_line_that_is_being_written_is_left_until_it_is_whole(file: Path) -> None:
    file.parent.mkdir()
    file.write_bytes(b"whole\nhal")
    assert said(tail(file, 5, everything)) == ["whole"]
    follower = LogFollower(file)
    assert follower.read() == []
    with file.open("ab") as handle:
        handle.write(b"f\nnext\n")
    assert said(follower.read()) == ["half", "next"]
    follower.close()


@given(
    lines=st.lists(st.binary(max_size=12).filter(lambda raw: b"\n" not in raw), max_size=30),
    rest=st.binary(max_size=9).filter(lambda raw: b"\n" not in raw),
    block=st.integers(1, 16),
)
def test_backwards_is_forwards_turned_round_for_any_size_of_blocks(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], rest: bytes, block: int
) -> None:
    file = tmp_path_factory.mktemp("log") / "cts.log"
    file.write_bytes(b"".join(line + b"\n" for line in lines) + rest)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "_BLOCK", block)
        found = tail(file, 1_000, everything)
    content = file.read_bytes()
    assert [line.message for line in found] == [
        line.decode("utf-8", "replace").rstrip("\r") for line in lines if line
    ]
    for line in found:
        at = line.key[1]
        assert at == 0 or content[at - 1 : at] == b"\n"


def test_a_follower_reads_only_what_is_new(make: MakeLog, file: Path) -> None:
    log = make()
    write(log, "before")
    follower = LogFollower(file)
    assert follower.read() == []
    write(log, "one")
    write(log, "two")
    assert said(follower.read()) == ["one", "two"]
    assert follower.read() == []
    follower.close()


def test_a_follower_goes_on_through_every_file_that_was_moved_aside(
    make: MakeLog, file: Path
) -> None:
    log = make(most_bytes=1, kept=9)
    write(log, "before")
    follower = LogFollower(file)
    for number in range(5):
        write(log, str(number))
    found: list[str] = []
    while lines := follower.read():
        found += said(lines)
    assert found == ["0", "1", "2", "3", "4"]
    follower.close()


def test_a_follower_that_began_before_the_log_reads_it_from_its_beginning(
    make: MakeLog, file: Path
) -> None:
    follower = LogFollower(file)
    write(make(), "first")
    assert said(follower.read()) == ["first"]
    follower.close()


def test_a_log_that_was_removed_or_emptied_is_followed_from_its_new_beginning(
    make: MakeLog, file: Path
) -> None:
    log = make()
    write(log, "a long line before")
    follower = LogFollower(file)
    file.unlink()
    write(log, "anew")
    assert said(follower.read()) == ["anew"]
    os.truncate(file, 0)
    write(log, "x")
    assert said(follower.read()) == ["x"]
    follower.close()


def test_much_at_once_comes_in_parts(
    make: MakeLog, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "_MOST_BYTES", 400)
    log = make()
    follower = LogFollower(file)
    for number in range(9):
        write(log, str(number))
    parts = [said(follower.read()) for _ in range(5)]
    assert max(map(len, parts)) < 5
    assert [message for part in parts for message in part] == [str(n) for n in range(9)]
    follower.close()
