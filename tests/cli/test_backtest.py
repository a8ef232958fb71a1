"""`backtest`: strategies over recorded candles, by their rules alone."""

import csv
import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cts_tui.desk import backtests
from cts_tui.desk.desk import Desk
from cts_tui.model.trading import Actor
from cts_tui.paths import DataFolder
from cts_tui.rules.builtin import builtin_names

from .conftest import SHARED, Cts, dump, execute

ALL = [word for name in sorted(builtin_names()) for word in ("--strategy", name)]
TRADE_COLUMNS = (
    "symbol timeframe strategy side entry_time entry_price exit_time exit_price quantity fees pnl "
    "pnl_pct exit_reason"
)


def documents(cts: Cts, *arguments: object) -> tuple[Any, Any]:
    """Return what backtest and replay say to the same options."""
    tested = cts("backtest", *arguments, "--json")
    replayed = cts("replay", *arguments, "--no-gate", "--json")
    assert (tested.code, replayed.code) == (0, 0)
    return tested.document, replayed.document


@pytest.mark.parametrize("name", ["BYBIT_BTCUSDT_1h.csv", "BYBIT_BTCUSDT_4h.csv"])
def test_it_says_what_a_replay_without_gate_says(cts: Cts, name: str) -> None:
    if not (SHARED / name).exists():
        pytest.skip("the recorded candles are not here")
    costs = ("--fee-pct", "0.07", "--slippage-pct", "0.03", "--balance", "5000")
    tested, replayed = documents(cts, SHARED / name, *ALL, *costs)
    assert list(tested) == ["data", "results"]
    assert len(tested["results"]) == len(builtin_names())
    del replayed["pipeline"]
    assert tested == replayed


@pytest.mark.soak
@pytest.mark.parametrize("path", sorted(SHARED.rglob("*.csv*")), ids=lambda path: path.name)
def test_every_built_in_on_every_file_is_what_a_replay_says(cts: Cts, path: Path) -> None:
    tested, replayed = documents(cts, path, *ALL)
    assert tested["results"] == replayed["results"]


def test_generated_candles_with_the_enabled_strategies_are_what_a_replay_says(
    cts: Cts, candles: Path
) -> None:
    tested, replayed = documents(cts, candles)
    assert [result["strategy"] for result in tested["results"]] == [
        "macd-cross",
        "rsi-reversal",
        "sma-cross",
    ]
    assert all(result["trades"] for result in tested["results"])
    assert tested["results"] == replayed["results"]


@pytest.mark.usefixtures("unchanged")
def test_results_come_in_the_order_of_files_then_strategies_and_nothing_is_stored(
    cts: Cts, candles: Path, tmp_path: Path
) -> None:
    other = tmp_path / "TEST_ETHUSDT_5m.csv"
    other.write_bytes(candles.read_bytes())
    named = ("--strategy", "sma-cross", "--strategy", "macd-cross", "--no-gate")
    results = cts("backtest", other, candles, *named, "--json").document["results"]
    assert [(result["symbol"], result["strategy"]) for result in results] == [
        ("ETHUSDT", "sma-cross"),
        ("ETHUSDT", "macd-cross"),
        ("BTCUSDT", "sma-cross"),
        ("BTCUSDT", "macd-cross"),
    ]


def test_one_result_is_told_at_length(cts: Cts, candles: Path) -> None:
    said = cts("backtest", candles, "--strategy", "sma-cross")
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines()[0].split()[:3] == ["SYMBOL", "CANDLES", "STRATEGY"]
    for name in ("average win", "average loss", "expectancy", "longest losing run", "fees paid"):
        assert f"\n{name} " in said.out
    for name in ("calmar", "sharpe", "sortino", "MONTH"):
        assert f"\n{name} " in said.out
    assert "\n2025-04 " in said.out
    assert "None" not in said.out
    assert "MONTH" not in cts("backtest", candles).out


def test_a_file_shorter_than_the_warm_up_is_said_so_beside_the_document(
    cts: Cts, candles: Path, tmp_path: Path
) -> None:
    short = tmp_path / "TEST_BTCUSDT_5m.csv"
    short.write_text("\n".join(candles.read_text().splitlines()[:11]))
    said = cts("backtest", short, "--strategy", "sma-cross", "--json")
    assert said.code == 0
    assert said.document["results"][0]["trades"] == 0
    assert said.err == (
        "cts-tui: BTCUSDT 5m: sma-cross needs 31 candles to warm up, there are 10: no trades\n"
    )


@pytest.fixture
def hourly(folder: DataFolder) -> DataFolder:
    """A store in which macd-cross runs on hours."""
    with_hours = "UPDATE strategies SET timeframe = '1h' WHERE name = 'macd-cross'"
    desk = Desk.open(folder, Actor.CLI)
    execute(desk, with_hours)
    desk.close()
    return folder


@pytest.mark.usefixtures("hourly")
def test_finer_candles_are_made_into_the_strategys(cts: Cts, candles: Path) -> None:
    results = cts("backtest", candles, "--json").document["results"]
    assert [(result["timeframe"], result["candles"]) for result in results] == [
        ("1h", 40),
        ("5m", 500),
        ("5m", 500),
    ]


@pytest.mark.usefixtures("hourly")
@pytest.mark.parametrize("command", ["backtest", "replay"])
def test_candles_too_coarse_are_refused_where_named_and_skipped_where_not(
    cts: Cts, candles: Path, tmp_path: Path, command: str
) -> None:
    lines = candles.read_text().splitlines()
    daily = tmp_path / "TEST_BTCUSDT_1d.csv"
    rows = [f"{index * 86_400_000},{line.split(',', 1)[1]}" for index, line in enumerate(lines[1:])]
    daily.write_text("\n".join([lines[0], *rows]))
    reason = (
        "strategy macd-cross runs on 1h candles, which cannot be made from the 1d candles of "
        "BTCUSDT; give it finer candles"
    )
    named = ("--strategy", "macd-cross", "--strategy", "sma-cross")
    assert cts(command, daily, *named).refusal == f"cts-tui: {reason}"
    said = cts(command, daily, "--json")
    assert (said.code, said.err) == (0, f"cts-tui: skipped: {reason}\n")
    names = [result["strategy"] for result in said.document["results"]]
    assert names == ["rsi-reversal", "sma-cross"]


# -- the file of trades ---------------------------------------------------------------------------


def test_every_trade_goes_into_the_file(cts: Cts, candles: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    out.write_text("what was here before")
    said = cts("backtest", candles, "--trades", out, "--json")
    with out.open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert " ".join(rows[0]) == TRADE_COLUMNS
    series = ("symbol", "timeframe", "strategy")
    assert rows == [
        {name: str(value) for name, value in ({s: result[s] for s in series} | trade).items()}
        for result in said.document["results"]
        for trade in result["trade_list"]
    ]
    assert list(tmp_path.glob(".out.csv*")) == []
    assert f"trades  {len(rows)} in {out}" in cts("backtest", candles, "--trades", out).out


def test_without_trades_the_file_holds_its_header(cts: Cts, candles: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    short = tmp_path / "TEST_BTCUSDT_5m.csv"
    short.write_text("\n".join(candles.read_text().splitlines()[:3]))
    assert cts("backtest", short, "--trades", out).code == 0
    assert out.read_text() == TRADE_COLUMNS.replace(" ", ",") + "\n"


def test_a_place_where_no_file_can_be_is_refused_before_anything_runs(
    cts: Cts, candles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backtests, "backtest_files", None)
    before = candles.read_bytes()
    assert "it is a folder" in cts("backtest", candles, "--trades", tmp_path).refusal
    nowhere = tmp_path / "nowhere" / "out.csv"
    assert "there is no folder" in cts("backtest", candles, "--trades", nowhere).refusal
    assert "is not a file" in cts("backtest", candles, "--trades", os.devnull).refusal
    assert "one of the candle files" in cts("backtest", candles, "--trades", candles).refusal
    assert candles.read_bytes() == before


def test_a_write_that_fails_leaves_the_old_file_and_no_other(
    cts: Cts, candles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out.csv"
    out.write_text("precious")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert "No space left on device" in cts("backtest", candles, "--trades", out).refusal
    assert [path.name for path in tmp_path.iterdir() if path.name != "data"] == ["out.csv"]
    assert out.read_text() == "precious"


# -- the process ----------------------------------------------------------------------------------

HEAVY = ("sqlmodel", "sqlalchemy", "alembic", "textual", "ccxt", "psutil", "asyncio")


def environment(folder: DataFolder) -> dict[str, str]:
    return {**os.environ, "CTS_DATA_DIR": str(folder.root)}


def test_it_loads_neither_the_store_nor_the_screen(folder: DataFolder, candles: Path) -> None:
    program = (
        "import sys, json; from cts_tui.__main__ import main\n"
        f"sys.argv = ['cts-tui', 'backtest', {str(candles)!r}, '--json']\n"
        "try: main()\n"
        f"finally: sys.stderr.write(json.dumps([n for n in {HEAVY} if n in sys.modules]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True, text=True, check=True, env=environment(folder),
    )  # fmt: skip
    assert json.loads(done.stderr) == []
    assert len(json.loads(done.stdout)["results"]) == 3


def test_a_folder_without_a_store_is_furnished_like_any_other(
    cts: Cts, candles: Path, tmp_path: Path
) -> None:
    new = tmp_path / "new"
    results = cts("backtest", candles, "--data-dir", new, "--json").document["results"]
    assert len(results) == 3
    before = dump(new / "cts.db")
    again = cts("backtest", candles, "--data-dir", new, "--json").document["results"]
    assert again == results
    assert dump(new / "cts.db") == before


def test_the_bar_is_for_a_terminal_only(folder: DataFolder, candles: Path) -> None:
    command = [sys.executable, "-m", "cts_tui", "backtest", str(candles)]
    piped = subprocess.run(
        command, capture_output=True, text=True, check=True, env=environment(folder)
    )
    assert piped.stderr == ""
    ours, theirs = pty.openpty()
    shown = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=theirs, check=True, env=environment(folder)
    )
    os.close(theirs)
    bar = os.read(ours, 65_536).decode()
    os.close(ours)
    assert "█ 3 of 3" in bar
    assert bar.endswith("\r\x1b[K")
    assert shown.stdout.decode() == piped.stdout


def test_an_interrupt_ends_it_with_one_line(
    cts: Cts, candles: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(backtests, "backtest_files", interrupt)
    said = cts("backtest", candles, "--json")
    assert (said.code, said.out, said.err) == (130, "", "cts-tui: interrupted; nothing was kept\n")


def test_one_series_may_be_in_several_files(cts: Cts, candles: Path) -> None:
    results = cts("backtest", candles, candles, "--strategy", "sma-cross", "--json").document
    one, two = results["results"]
    assert one == two
    assert results["data"]["rows"] == 1000
