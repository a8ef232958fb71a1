"""`cts-tui journal …`."""

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from cts_tui.desk.desk import Desk
from cts_tui.model.trading import ExitReason, PositionStatus

from .conftest import Cts, hold


def trade(desk: Desk, key: str, pnl: str, **changes: object) -> None:
    """Record a closed trade."""
    hold(
        desk,
        key=key,
        status=PositionStatus.CLOSED,
        pnl=Decimal(pnl),
        exit_price=Decimal(101),
        exit_time_ms=1_743_699_900_000,
        exit_reason=ExitReason.RULE,
        **changes,
    )


@pytest.fixture
def trades(desk: Desk) -> None:
    trade(desk, "a", "1.5")
    trade(desk, "b", "-0.5", strategy="macd-cross")


@pytest.mark.usefixtures("trades")
def test_trades_are_positions_as_json_and_a_table_for_people(cts: Cts) -> None:
    rows = cts("journal", "trades", "--json").document
    assert [(row["pnl"], row["strategy"]) for row in rows] == [
        ("-0.5", "macd-cross"),
        ("1.5", "sma-cross"),
    ]
    table = cts("journal", "trades", "--limit", "1").out
    assert "-0.50" in table
    assert "+1.50" not in table


@pytest.mark.usefixtures("trades")
@pytest.mark.parametrize(
    ("by", "names"), [("strategy", ["sma-cross", "macd-cross"]), ("symbol", ["BTC/USDT"])]
)
def test_pnl_adds_up_by_what_is_asked_for(cts: Cts, by: str, names: list[str]) -> None:
    rows = cts("journal", "pnl", "--by", by, "--json").document
    assert [row[by] for row in rows] == names
    assert sum(Decimal(row["pnl"]) for row in rows) == 1
    assert sum(row["trades"] for row in rows) == 2


@pytest.mark.usefixtures("trades")
def test_pnl_for_people_ends_with_the_total(cts: Cts) -> None:
    lines = cts("journal", "pnl", "--by", "strategy").out.splitlines()
    assert lines[-1].split() == ["all", "2", "50.00", "3.00", "0.4", "+1.00"]
    assert len(cts("journal", "pnl").out.splitlines()) == 2


@pytest.mark.usefixtures("trades")
def test_export_writes_a_file_and_says_where(cts: Cts, tmp_path: Path) -> None:
    file = tmp_path / "out.csv"
    assert cts("journal", "export", file).out == f"2 trades written to {file}\n"
    assert [row["pnl"] for row in csv.DictReader(file.read_text("utf-8").splitlines())] == [
        "1.5",
        "-0.5",
    ]
    told = cts("journal", "export", file, "--kind", "fills", "--json").document
    assert told == {"file": str(file), "kind": "fills", "rows": 0}


def test_lists_are_empty_at_first(cts: Cts) -> None:
    for noun in ("trades", "orders", "fills", "pnl"):
        outcome = cts("journal", noun)
        assert outcome.code == 0
        assert outcome.out.startswith("no ")
        assert cts("journal", noun, "--json").document == []


@pytest.mark.parametrize("text", ["yesterday", "2025-13-01", "2025-04-03T99:00"])
def test_a_time_that_is_none_is_a_usage_error(cts: Cts, text: str) -> None:
    outcome = cts("journal", "trades", "--since", text)
    assert outcome.code == 2
    assert "expected a UTC date" in " ".join(outcome.err.replace("│", "").split())


@pytest.mark.usefixtures("trades")
def test_since_takes_a_date_or_a_time(cts: Cts) -> None:
    assert len(cts("journal", "trades", "--since", "2025-04-03", "--json").document) == 2
    assert cts("journal", "trades", "--since", "2999-01-01T00:00Z", "--json").document == []


def test_an_unknown_connection_and_an_unwritable_file_are_refused(cts: Cts, tmp_path: Path) -> None:
    assert "nowhere" in cts("journal", "pnl", "--connection", "nowhere").refusal
    refusal = cts("journal", "export", tmp_path / "none" / "x.csv").refusal
    assert "there is no folder" in refusal
