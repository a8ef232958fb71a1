"""`optimize`: parameters chosen on the past, tested on what followed."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cts_tui.desk import optimizing
from cts_tui.desk.optimizing import Piece
from cts_tui.paths import DataFolder

from .conftest import Cts

GRID = ("--strategy", "sma-cross", "--param", "sma.0=4..12:4", "--param", "stop_loss_pct=1,2")
FOLD = "fold train_start train_end test_start test_end parameters in_sample out_of_sample"
RESULT = "symbol timeframe candles start end combinations tried folds out_of_sample efficiency best"


def found(cts: Cts, *arguments: object) -> Any:
    said = cts("optimize", *arguments, "--json")
    assert (said.code, said.err) == (0, "")
    return said.document


@pytest.mark.usefixtures("unchanged")
def test_the_document_has_both_sides_of_every_fold(cts: Cts, candles: Path) -> None:
    document = found(cts, candles, *GRID, "--folds", 3, "--min-trades", 1, "--jobs", 1)
    assert document["strategy"] == "sma-cross"
    assert document["parameters"] == {"sma.0": [4.0, 8.0, 12.0], "stop_loss_pct": [1.0, 2.0]}
    [result] = document["results"]
    assert " ".join(result) == RESULT
    assert (result["combinations"], result["tried"], result["candles"]) == (6, 6, 500)
    assert [fold["fold"] for fold in result["folds"]] == [1, 2, 3]
    for fold in result["folds"]:
        assert " ".join(fold) == FOLD
        assert fold["train_end"] < fold["test_start"] < fold["test_end"]
        assert set(fold["parameters"]) == {"sma.0", "stop_loss_pct"}
        assert fold["in_sample"]["trades"] > 0
    tests = [fold["out_of_sample"] for fold in result["folds"]]
    assert result["out_of_sample"]["trades"] == sum(test["trades"] for test in tests)


def test_two_processes_find_what_one_does(cts: Cts, candles: Path, tmp_path: Path) -> None:
    other = tmp_path / "TEST_ETHUSDT_5m.csv"
    other.write_bytes(candles.read_bytes())
    arguments = (candles, other, *GRID, "--folds", 2, "--min-trades", 1, "--by", "net-profit")
    one = found(cts, *arguments, "--jobs", 1)
    assert found(cts, *arguments, "--jobs", 2) == one
    assert [result["symbol"] for result in one["results"]] == ["BTCUSDT", "ETHUSDT"]


def test_the_best_over_all_is_what_a_backtest_of_it_gives(cts: Cts, candles: Path) -> None:
    one = ("--param", "stop_loss_pct=2", "--strategy", "sma-cross", "--jobs", 1)
    [result] = found(cts, candles, *one, "--min-trades", 1)["results"]
    [tested] = cts("backtest", candles, "--strategy", "sma-cross", "--json").document["results"]
    figures = result["best"]["in_sample"]
    assert figures == {name: tested[name] for name in figures}


def test_people_read_both_sides_beside_each_other(cts: Cts, candles: Path) -> None:
    out = cts("optimize", candles, *GRID, "--min-trades", 1, "--jobs", 1).out
    assert "sma.0 of sma(10): 4,8,12" in out
    assert "BTCUSDT 5m, 500 candles, 6 of 6 combinations" in out
    [heading] = [line for line in out.splitlines() if line.startswith("FOLD")]
    assert "FACTOR IN  FACTOR OUT" in heading
    assert "efficiency" in out
    assert "None" not in out


def test_too_few_trades_are_no_choice(cts: Cts, candles: Path) -> None:
    said = cts("optimize", candles, *GRID, "--min-trades", 5000, "--jobs", 1)
    assert "none: too few trades" in said.out
    assert "None" not in said.out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--strategy", "nope", "--param", "stop_loss_pct=1"], "no strategy called 'nope'"),
        (["--strategy", "sma-cross", "--param", "sm.0=1"], "did you mean sma.0?"),
        (["--strategy", "sma-cross", "--param", "sma.0=2..30000"], "29,999 values"),
        (["--strategy", "sma-cross", "--param", "stop_loss_pct=-1"], "expected at least 0"),
        ([*GRID, "--folds", "100", "--fee-pct", "x"], "--fee-pct 'x'"),
        ([*GRID, "--timeframe", "1h"], "expected candles of 1h"),
    ],
)
@pytest.mark.usefixtures("unchanged")
def test_what_cannot_be_searched_is_refused(
    cts: Cts, candles: Path, options: list[str], said: str
) -> None:
    assert said in cts("optimize", candles, *options).refusal


def test_too_few_candles_for_the_folds_are_refused(cts: Cts, candles: Path, tmp_path: Path) -> None:
    short = tmp_path / "TEST_BTCUSDT_5m.csv"
    short.write_text("\n".join(candles.read_text().splitlines()[:11]))
    said = cts("optimize", short, *GRID, "--folds", 9)
    assert "BTCUSDT 5m: 9 folds need at least 20 candles, there are 10" in said.refusal


@pytest.mark.parametrize("missing", ["--strategy", "--param"])
def test_a_strategy_and_a_parameter_are_required(cts: Cts, candles: Path, missing: str) -> None:
    given = {"--strategy": "sma-cross", "--param": "stop_loss_pct=1"}
    del given[missing]
    said = cts("optimize", candles, *next(iter(given.items())))
    assert said.code == 2
    assert missing in said.err


def test_what_is_done_before_an_interrupt_is_kept_and_printed(
    cts: Cts, candles: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scores, tried = optimizing.Search.scores, []

    def then_interrupt(self: Any, index: int) -> Any:
        if len(tried) == 4:
            raise KeyboardInterrupt
        tried.append(index)
        return scores(self, index)

    monkeypatch.setattr(optimizing.Search, "scores", then_interrupt)
    said = cts("optimize", candles, *GRID, "--min-trades", 1, "--jobs", 1, "--json")
    assert said.code == 130
    assert said.err == "cts-tui: interrupted after 4 of 6 combinations\n"
    [result] = said.document["results"]
    assert (result["tried"], result["combinations"]) == (4, 6)
    assert result["best"] is not None


def test_ctrl_c_reaches_only_the_program_and_its_processes_end_with_it(
    folder: DataFolder, candles: Path
) -> None:
    program = (
        "import os, signal, sys; from cts_tui.__main__ import main\n"
        "from cts_tui.cli import optimize\n"
        "calls = []\n"
        "def interrupt(what, done, total):\n"
        "    calls.append(done)\n"
        "    if len(calls) == 1: os.killpg(0, signal.SIGINT)\n"
        "optimize.progress_bar = interrupt\n"
        "if __name__ == '__main__':\n"
        f"    sys.argv = ['cts-tui', 'optimize', {str(candles)!r}, '--strategy', 'sma-cross',\n"
        "        '--param', 'sma.0=2..80', '--param', 'sma#2.0=20..120', '--jobs', '2']\n"
        "    main()\n"
    )
    script = folder.root / "script.py"
    script.write_text(program)
    done = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True, text=True, timeout=60, start_new_session=True,
        env={**os.environ, "CTS_DATA_DIR": str(folder.root)}, check=False,
    )  # fmt: skip
    assert done.returncode == 130, done.stderr
    assert done.stderr.startswith("cts-tui: interrupted after ")
    assert done.stderr.count("\n") == 1
    assert "FOLD" in done.stdout


def kill_itself(_: Piece) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_lost_process_is_one_line(
    cts: Cts, candles: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(optimizing, "_score", kill_itself)
    assert (
        "a process of the search was lost" in cts("optimize", candles, *GRID, "--jobs", 2).refusal
    )
