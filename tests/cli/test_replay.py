"""`replay`: recorded candles through the whole pipeline."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from cts_tui.desk.desk import Desk
from cts_tui.engine.replay import Replay

from .conftest import SHARED, Cts

BYBIT = SHARED / "BYBIT_BTCUSDT_5m.csv.gz"
RESULT = (
    "symbol timeframe strategy candles start end trades wins losses profit_factor net_profit "
    "net_profit_pct max_drawdown_pct sharpe sortino win_rate_pct avg_trade_pct exposure_pct "
    "trade_list"
)
TRADE = "side entry_time entry_price exit_time exit_price quantity fees pnl pnl_pct exit_reason"
REASONS = {"stop_loss", "take_profit", "trailing_stop", "rule", "end"}
PIPELINE = ["cycles", "indications", "signals", "orders", "fills"]
with_bybit = pytest.mark.skipif(not BYBIT.exists(), reason="the recorded candles are not here")


def timeless(document: Any) -> str:
    """Return a document as text, but for its timings."""
    document = copy.deepcopy(document)
    del document["pipeline"]["timings"]
    return json.dumps(document)


def check(document: Any) -> None:
    """Check the shape of design.md §6."""
    assert list(document) == ["data", "results", "pipeline"]
    assert list(document["data"]) == ["rows", "dropped", "repaired", "gaps"]
    assert set(PIPELINE) < document["pipeline"].keys()
    assert all(spent >= 0 for spent in document["pipeline"]["timings"].values())
    assert document["pipeline"]["errors"] == 0
    for result in document["results"]:
        assert " ".join(result) == RESULT
        assert result["trades"] == len(result["trade_list"]) == result["wins"] + result["losses"]
        for trade in result["trade_list"]:
            assert " ".join(trade) == TRADE
            assert trade["exit_reason"] in REASONS
            assert trade["entry_time"] <= trade["exit_time"]


@with_bybit
def test_real_candles_give_the_same_document_twice_and_the_store_holds_its_trades(
    cts: Cts,
) -> None:
    said = cts("replay", BYBIT, "--json")
    assert (said.code, said.err) == (0, "")
    check(said.document)
    assert said.document["data"] == {"rows": 25920, "dropped": 0, "repaired": 0, "gaps": 0}
    assert all(result["trades"] for result in said.document["results"])
    assert timeless(cts("replay", BYBIT, "--json").document) == timeless(said.document)
    _assert_stored(cts, said.document)


def _assert_stored(cts: Cts, document: Any) -> None:
    rows = cts("positions", "list", "--json", "--limit", 100_000).document
    keys = ("entry_price", "exit_price", "quantity", "fees", "pnl", "exit_reason", "side")
    traded = [
        (result["strategy"], *(trade[key] for key in keys))
        for result in document["results"]
        for trade in result["trade_list"]
    ]
    stored = [(row["strategy"], *(row[key] for key in keys)) for row in rows]
    assert sorted(stored) == sorted(traded)
    assert {row["status"] for row in rows} == {"closed"}
    assert {row["source"] for row in rows} == {"csv"}


@pytest.mark.parametrize("options", [[], ["--no-gate"]])
def test_a_replay_stores_what_it_tells(cts: Cts, candles: Path, options: list[str]) -> None:
    document = cts("replay", candles, "--json", *options).document
    check(document)
    _assert_stored(cts, document)
    figures = document["pipeline"]
    assert len(cts("signals", "list", "--json", "--limit", 10_000).document) == figures["signals"]
    assert len(cts("orders", "list", "--json", "--limit", 10_000).document) == figures["orders"]


def test_one_strategy_may_be_named_and_a_disabled_one_too(cts: Cts, candles: Path) -> None:
    assert cts("strategies", "disable", "macd-cross").code == 0
    all_enabled = cts("replay", candles, "--json").document["results"]
    assert [result["strategy"] for result in all_enabled] == ["rsi-reversal", "sma-cross"]
    named = cts("replay", candles, "--json", "--strategy", "macd-cross").document["results"]
    assert [result["strategy"] for result in named] == ["macd-cross"]


def test_without_an_enabled_strategy_a_replay_is_refused(cts: Cts, candles: Path) -> None:
    for name in ("macd-cross", "rsi-reversal", "sma-cross"):
        assert cts("strategies", "disable", name).code == 0
    assert "no strategy is enabled" in cts("replay", candles).refusal


def test_symbol_and_timeframe_may_be_given(cts: Cts, candles: Path, tmp_path: Path) -> None:
    file = tmp_path / "export.csv"
    file.write_bytes(candles.read_bytes())
    named = ["--symbol", "ETH/USDT", "--timeframe", "5m"]
    results = cts("replay", file, "--json", *named).document["results"]
    assert {(result["symbol"], result["timeframe"]) for result in results} == {("ETH/USDT", "5m")}


def test_garbage_rows_are_dropped_repaired_and_counted(
    cts: Cts, candles: Path, tmp_path: Path
) -> None:
    header, first, second, *rest = candles.read_text().splitlines()
    garbage = ["x,1,2,3,4,5", "1743699900000,nan,2,1,1,1", "1743699900000,0,2,1,1,1",
               "1743699900000,1,2,-1,1,1", "1743699900000,1,1,2,1,1"]  # fmt: skip
    time, open_, _, low, close, volume = rest[0].split(",")
    too_low = ",".join([time, open_, low, low, close, volume])
    file = tmp_path / "TEST_BTCUSDT_5m.csv"
    lines = [header, *garbage, second, first, second, too_low, *rest[1:20], *rest[25:]]
    file.write_text("\n".join(lines))
    quality = cts("replay", file, "--json").document["data"]
    assert quality["rows"] == len(lines) - 1
    assert quality["dropped"] == len(garbage) + 1
    assert quality["repaired"] == 1
    assert quality["gaps"] == 1
    assert f"dropped {len(garbage) + 1}, repaired 1, gaps 1" in cts("replay", file).out


@pytest.mark.skipif(not SHARED.exists(), reason="the recorded candles are not here")
def test_the_dirty_file_is_cleaned_and_counted(cts: Cts) -> None:
    [file] = (SHARED / "dirty").glob("*.csv")
    document = cts("replay", file, "--json").document
    check(document)
    quality = document["data"]
    assert quality["dropped"] or quality["repaired"] or quality["gaps"]


@pytest.mark.soak
@pytest.mark.skipif(not SHARED.exists(), reason="the recorded candles are not here")
def test_every_recorded_file_goes_through_in_one_call(cts: Cts) -> None:
    files = sorted(SHARED.glob("*.csv*"))
    said = cts("replay", *files, "--json")
    assert (said.code, said.err) == (0, "")
    check(said.document)
    assert len(said.document["results"]) == 3 * len(files)


def test_the_same_series_twice_in_one_call_is_refused(cts: Cts, candles: Path) -> None:
    assert "two files hold the series test-btcusdt-5m" in cts("replay", candles, candles).refusal


def test_a_replay_leaves_the_figures_of_trading_alone(cts: Cts, candles: Path, desk: Desk) -> None:
    before = cts("status", "--json").document
    assert cts("replay", candles, "--no-gate").code == 0
    after = cts("status", "--json").document
    assert before | {"time": ""} == after | {"time": ""}
    assert cts("health", "--json").document["positions"]["closed"] == 0


def test_a_replay_that_is_interrupted_leaves_nothing_and_can_be_repeated(
    cts: Cts, candles: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    end = Replay._close_what_is_open

    async def interrupt(self: Replay, *_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Replay, "_close_what_is_open", interrupt)
    said = cts("replay", candles, "--no-gate", "--json")
    assert (said.code, said.out) == (130, "")
    assert said.err == "cts-tui: interrupted; of the series at hand nothing is kept\n"
    assert cts("positions", "list", "--json").document == []
    monkeypatch.setattr(Replay, "_close_what_is_open", end)
    assert cts("replay", candles).code == 0


def test_people_read_a_table_and_what_it_rests_on(cts: Cts, candles: Path) -> None:
    out = cts("replay", candles, "--no-gate").out
    heading, *rows = out.splitlines()
    assert heading.split()[:3] == ["SYMBOL", "CANDLES", "STRATEGY"]
    assert all(row.startswith("BTCUSDT  5m") for row in rows[:3])
    assert "data        rows 500, dropped 0, repaired 0, gaps 0" in out
    assert "None" not in out


def test_a_replay_runs_beside_an_engine_without_being_an_engine(cts: Cts, candles: Path) -> None:
    assert cts("replay", candles).code == 0
    assert cts("status", "--json").document["programs"] == []
