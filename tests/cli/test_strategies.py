"""`strategies check|add|edit|export|remove`: files that traders write."""

import subprocess
import sys
from pathlib import Path

import pytest

from cts_tui.desk.desk import Desk

from .conftest import Cts, hold

OWN = 'name = "own"\nentry_long = "close > open"\nstop_loss_pct = 1.5\n'
WRONG = """\
name = "Wrong One"
entry_long = "rsx(14) < 30"
exit_long = "close[-1] > 3"
stop_los_pct = 2
take_profit_pct = -1
"""
SAID = [
    ":1: name: expected 1 to 64 of a-z, 0-9 and - (not first), found 'Wrong One'",
    ":2: entry_long, column 1: unknown function `rsx`; did you mean rsi?",
    ":3: exit_long, column 7: a look back counts candles into the past; no rule can see the "
    "future, so it cannot be negative",
    ":4: unknown key stop_los_pct; did you mean stop_loss_pct?",
    ":5: take_profit_pct: expected at least 0 and at most 10000, found -1",
]


@pytest.fixture
def own(tmp_path: Path) -> Path:
    file = tmp_path / "own.toml"
    file.write_text(OWN)
    return file


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    file = tmp_path / "wrong.toml"
    file.write_text(WRONG)
    return file


def test_check_tells_every_fault_with_file_line_field_and_column(
    cts: Cts, own: Path, wrong: Path
) -> None:
    said = cts("strategies", "check", own, wrong)
    assert (said.code, said.out) == (1, f"{own}: good\n")
    assert said.err.splitlines() == [f"cts-tui: {wrong}{line}" for line in SAID]


def test_check_of_good_files_is_0(cts: Cts, own: Path) -> None:
    said = cts("strategies", "check", own)
    assert (said.code, said.out, said.err) == (0, f"{own}: good\n", "")


def test_check_as_json_is_one_document(cts: Cts, own: Path, wrong: Path) -> None:
    said = cts("strategies", "check", own, wrong, "--json")
    assert (said.code, said.err) == (1, "")
    good, bad = said.document
    assert good == {"file": str(own), "good": True, "faults": []}
    assert [list(fault) for fault in bad["faults"]] == [["field", "line", "column", "message"]] * 5
    assert bad["faults"][2]["field"] == "exit_long"
    assert (bad["faults"][2]["line"], bad["faults"][2]["column"]) == (3, 20)


def test_check_loads_no_database(own: Path) -> None:
    code = (
        "import sys; from cts_tui.__main__ import _run;"
        f"_run(['strategies', 'check', {str(own)!r}]);"
        "print([m for m in ('sqlalchemy', 'sqlmodel', 'ccxt', 'textual') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_check_needs_no_store(cts: Cts, own: Path, tmp_path: Path) -> None:
    assert cts("strategies", "check", own, "--data-dir", tmp_path / "none").code == 0
    assert not (tmp_path / "none").exists()


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("command", ["add", "check"])
def test_a_file_that_cannot_be_read_is_one_message(cts: Cts, tmp_path: Path, command: str) -> None:
    said = cts("strategies", command, tmp_path / "none.toml").refusal
    assert said.endswith("none.toml cannot be read: No such file or directory")
    assert "cannot be read" in cts("strategies", command, tmp_path).refusal
    (tmp_path / "bin.toml").write_bytes(b"\xff\x00")
    assert "cannot be read" in cts("strategies", command, tmp_path / "bin.toml").refusal
    (tmp_path / "no.toml").write_text("name =")
    assert "no.toml:1: not valid TOML" in cts("strategies", command, tmp_path / "no.toml").refusal


def test_add_stores_a_strategy_disabled(cts: Cts, own: Path) -> None:
    said = cts("strategies", "add", own)
    assert said.out == "added own, disabled; enable it with: cts-tui strategies enable own\n"
    shown = cts("strategies", "show", "own", "--json").document
    assert (shown["enabled"], shown["builtin"], shown["stop_loss_pct"]) == (False, False, 1.5)
    event = cts("events", "list", "--json", "--limit", 1).document[0]
    assert (event["who"], event["kind"], event["before"]) == ("cli", "strategy", None)
    assert 'entry_long = "close > open"' in event["after"]


@pytest.mark.usefixtures("unchanged")
def test_add_of_files_one_of_which_is_wrong_adds_none(cts: Cts, own: Path, wrong: Path) -> None:
    said = cts("strategies", "add", own, wrong)
    assert (said.code, said.out) == (1, "")
    assert said.err.splitlines() == [f"cts-tui: {wrong}{line}" for line in SAID]


@pytest.mark.usefixtures("unchanged")
def test_two_files_of_one_name_and_a_known_name_are_refused(
    cts: Cts, own: Path, tmp_path: Path
) -> None:
    twin = tmp_path / "twin.toml"
    twin.write_text(OWN)
    assert "two of the files are called 'own'" in cts("strategies", "add", own, twin).refusal
    twin.write_text(OWN.replace("own", "sma-cross"))
    said = cts("strategies", "add", own, twin).refusal
    assert said.endswith("or change it with: strategies edit sma-cross FILE")


def test_several_files_are_added_at_once(cts: Cts, own: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text(OWN.replace("own", "other"))
    rows = cts("strategies", "add", own, other, "--json").document
    assert [row["name"] for row in rows] == ["own", "other"]


def test_edit_replaces_the_fields_and_says_which(cts: Cts, own: Path, wrong: Path) -> None:
    cts("strategies", "add", own)
    assert cts("strategies", "edit", "own", own).out == "own is like that already\n"
    own.write_text(OWN.replace("1.5", "2.5"))
    assert cts("strategies", "edit", "own", own).out == "changed own: stop_loss_pct\n"
    event = cts("events", "list", "--json", "--limit", 1).document[0]
    assert (event["before"], event["after"]) == ("stop_loss_pct = 1.5\n", "stop_loss_pct = 2.5\n")
    assert cts("strategies", "edit", "own", own, "--json").document["stop_loss_pct"] == 2.5
    assert len(cts("strategies", "edit", "own", wrong).err.splitlines()) == 5
    said = cts("strategies", "edit", "sma-cross", own).refusal
    assert "strategies export sma-cross > my.toml" in said


@pytest.mark.parametrize("name", ["sma-cross", "daily-trend-dip", "rally-fade"])
def test_export_reads_back_the_same(cts: Cts, tmp_path: Path, name: str) -> None:
    text = cts("strategies", "export", name).out
    file = tmp_path / "copy.toml"
    file.write_text(text.replace(f'"{name}"', '"copy"'))
    cts("strategies", "add", file)
    assert cts("strategies", "export", "copy").out == file.read_text()


def test_remove_is_refused_for_built_in_ones_and_open_positions(
    cts: Cts, own: Path, desk: Desk
) -> None:
    said = cts("strategies", "remove", "sma-cross").refusal
    assert said.endswith("disable it instead: strategies disable sma-cross")
    cts("strategies", "add", own)
    hold(desk, strategy="own")
    assert "own holds 1 open position" in cts("strategies", "remove", "own").refusal
    said = cts("strategies", "remove", "own", "--force")
    assert said.out == "removed own; 1 open position keeps its stop and target\n"
    assert "no strategy called 'own'" in cts("strategies", "show", "own").refusal


def test_remove_tells_what_it_removed(cts: Cts, own: Path) -> None:
    cts("strategies", "add", own)
    assert cts("strategies", "remove", "own").out == "removed own\n"
    cts("strategies", "add", own)
    document = cts("strategies", "remove", "own", "--json").document
    assert document == {"removed": "own", "open_positions": 0}


@pytest.mark.parametrize("command", ["edit", "export", "remove"])
def test_an_unknown_strategy_is_refused(cts: Cts, own: Path, command: str) -> None:
    files = [own] if command == "edit" else []
    assert "there are: bollinger-return" in cts("strategies", command, "nope", *files).refusal
