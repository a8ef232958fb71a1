"""The cost and quantity of an entry."""

from decimal import Decimal

import pytest

from cts_tui.model.money import gross_pnl
from cts_tui.model.strategy import Size, SizeKind, StrategySpec
from cts_tui.model.trading import Direction
from cts_tui.rules.protection import levels
from cts_tui.rules.sizing import entry_cost, entry_quantity

EQUITY, STOP_PCT = Decimal(10_000), Decimal(2)


def size(kind: SizeKind, amount: str) -> Size:
    return Size(kind, Decimal(amount))


@pytest.mark.parametrize(
    ("kind", "amount", "cost"),
    [
        (SizeKind.QUOTE, "100", "100"),
        (SizeKind.QUOTE, "25000", "25000"),
        (SizeKind.EQUITY_PCT, "10", "1000"),
        (SizeKind.EQUITY_PCT, "150", "15000"),
        (SizeKind.RISK_PCT, "1", "5000"),
        (SizeKind.RISK_PCT, "5", "10000"),
    ],
)
def test_the_cost_of_an_entry_by_kind(kind: SizeKind, amount: str, cost: str) -> None:
    assert entry_cost(size(kind, amount), EQUITY, STOP_PCT) == Decimal(cost)


def test_the_loss_at_the_stop_is_the_risked_share_of_the_equity() -> None:
    entry = Decimal(250)
    cost = entry_cost(size(SizeKind.RISK_PCT, "0.5"), EQUITY, STOP_PCT)
    stop = levels(StrategySpec("any", stop_loss_pct=STOP_PCT), Direction.LONG, entry).stop
    assert stop is not None
    loss = gross_pnl(Direction.LONG, entry_quantity(cost, entry), entry, stop)
    assert loss == Decimal(-50)


def test_without_a_stop_the_whole_entry_is_what_is_risked() -> None:
    assert entry_cost(size(SizeKind.RISK_PCT, "1"), EQUITY, Decimal(0)) == Decimal(100)


@pytest.mark.parametrize("equity", [Decimal(0), Decimal(-5)])
@pytest.mark.parametrize("kind", [SizeKind.EQUITY_PCT, SizeKind.RISK_PCT])
def test_nothing_is_entered_on_an_equity_that_is_gone(kind: SizeKind, equity: Decimal) -> None:
    assert entry_cost(size(kind, "1"), equity, STOP_PCT) == 0


def test_a_quantity_is_rounded_half_even_to_twelve_decimals() -> None:
    assert entry_quantity(Decimal(100), Decimal(40)) == Decimal("2.5")
    assert entry_quantity(Decimal(100), Decimal(3)) == Decimal("33.333333333333")
    assert entry_quantity(Decimal("0.0000000000005"), Decimal(1)) == 0
