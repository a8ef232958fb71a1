"""Stops, targets and trailing stops of one position."""

from decimal import Decimal
from math import inf, nan, nextafter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cts_tui.model.strategy import StrategySpec
from cts_tui.model.trading import Direction, ExitReason, OrderType
from cts_tui.rules.protection import (
    Levels,
    Protection,
    Touch,
    exit_order_type,
    levels,
    trail,
)

LONG, SHORT = Direction.LONG, Direction.SHORT
STOP, TARGET, TRAIL = ExitReason.STOP_LOSS, ExitReason.TAKE_PROFIT, ExitReason.TRAILING_STOP


def spec(stop: str = "2", target: str = "3", trailing: str = "0") -> StrategySpec:
    return StrategySpec(
        "any",
        stop_loss_pct=Decimal(stop),
        take_profit_pct=Decimal(target),
        trailing_stop_pct=Decimal(trailing),
    )


def protect(direction: Direction = LONG, **percents: str) -> Protection:
    return Protection.at_entry(spec(**percents), direction, Decimal(100))


def test_levels_are_priced_from_the_entry_on_the_side_that_loses_and_wins() -> None:
    assert levels(spec(), LONG, Decimal(100)) == Levels(Decimal(98), Decimal(103))
    assert levels(spec(), SHORT, Decimal(100)) == Levels(Decimal(102), Decimal(97))


def test_a_percentage_of_zero_is_off() -> None:
    assert levels(spec(stop="0", target="0"), LONG, Decimal(100)) == Levels(None, None)


def test_a_level_at_zero_or_below_is_off() -> None:
    assert levels(spec(stop="100"), LONG, Decimal(100)).stop is None
    assert levels(spec(target="250"), SHORT, Decimal(100)).target is None


def test_levels_are_exact_in_decimal() -> None:
    assert levels(spec(), LONG, Decimal("81804.9")).stop == Decimal("80168.802")


def test_a_trailing_stop_lies_behind_the_best_close() -> None:
    assert trail(LONG, Decimal(110), Decimal(1)) == Decimal("108.9")
    assert trail(SHORT, Decimal(90), Decimal(1)) == Decimal("90.9")
    assert trail(LONG, Decimal(110), Decimal(0)) is None


@pytest.mark.parametrize(
    ("direction", "candle", "expected"),
    [
        (LONG, (100, 101, 99), None),
        (LONG, (98, 101, 97), Touch(STOP, Decimal(98))),
        (LONG, (97, 101, 96), Touch(STOP, Decimal(97))),
        (LONG, (100, 101, 97), Touch(STOP, Decimal(98))),
        (LONG, (100, 101, 98), Touch(STOP, Decimal(98))),
        (LONG, (100, 104, 97), Touch(STOP, Decimal(98))),
        (LONG, (104, 105, 97), Touch(STOP, Decimal(98))),
        (LONG, (104, 105, 99), Touch(TARGET, Decimal(104))),
        (LONG, (103, 103, 103), Touch(TARGET, Decimal(103))),
        (LONG, (100, 104, 99), Touch(TARGET, Decimal(103))),
        (LONG, (100, 103, 99), Touch(TARGET, Decimal(103))),
        (SHORT, (100, 101, 99), None),
        (SHORT, (103, 104, 99), Touch(STOP, Decimal(103))),
        (SHORT, (100, 102, 99), Touch(STOP, Decimal(102))),
        (SHORT, (100, 103, 96), Touch(STOP, Decimal(102))),
        (SHORT, (96, 103, 95), Touch(STOP, Decimal(102))),
        (SHORT, (96, 99, 95), Touch(TARGET, Decimal(96))),
        (SHORT, (100, 101, 97), Touch(TARGET, Decimal(97))),
    ],
)
def test_open_before_range_and_stop_before_target(
    direction: Direction, candle: tuple[float, float, float], expected: Touch | None
) -> None:
    assert protect(direction).touched(*candle) == expected


def test_the_smallest_step_short_of_a_level_does_not_touch_it() -> None:
    low, high = nextafter(98, inf), nextafter(103, 0)
    assert protect().touched(100, high, low) is None


def test_a_level_that_no_float_meets_is_touched_by_its_nearest_float() -> None:
    protection = Protection.at_entry(spec(), LONG, Decimal("81804.9"))
    assert protection.touched(81804.9, 81804.9, 80168.802) == Touch(STOP, Decimal("80168.802"))


def test_without_levels_nothing_is_ever_touched() -> None:
    for direction in Direction:
        assert protect(direction, stop="0", target="0").touched(100, 1e300, 1e-300) is None


def test_a_price_that_is_not_a_number_touches_and_moves_nothing() -> None:
    protection = protect(trailing="1")
    assert protection.touched(nan, nan, nan) is None
    assert protection.closed(nan) is False
    assert protection == protect(trailing="1")


def test_a_traded_price_beyond_a_level_fills_at_that_price() -> None:
    assert protect().touched_at(Decimal("97.123456789012345678")) == Touch(
        STOP, Decimal("97.123456789012345678")
    )
    assert protect().touched_at(Decimal(104)) == Touch(TARGET, Decimal(104))
    assert protect().touched_at(Decimal(100)) is None


def test_a_trailing_stop_starts_with_the_close_of_the_entry_candle() -> None:
    protection = protect(stop="0", target="0", trailing="1")
    assert protection.stop is None
    assert protection.touched(100, 100, 1) is None
    assert protection.closed(90) is True
    assert protection.best_close == Decimal(90)
    assert protection.touched(90, 91, 89) == Touch(TRAIL, Decimal("89.1"))


def test_a_trailing_stop_follows_better_closes_and_stays_behind_at_worse_ones() -> None:
    protection = protect(target="0", trailing="1")
    assert [protection.closed(close) for close in (101.0, 102.0, 101.5, 102.0, 103.0)] == [
        True,
        True,
        False,
        False,
        True,
    ]
    assert protection.stop == Decimal("101.97")


def test_a_trailing_stop_farther_than_the_stop_loss_leaves_it_in_force() -> None:
    protection = protect(trailing="5")
    assert protection.closed(100.0) is False
    assert protection.touched(99, 99, 97) == Touch(STOP, Decimal(98))
    assert protection.best_close == Decimal(100)


def test_a_trailing_stop_equal_to_the_stop_loss_does_not_take_its_name() -> None:
    protection = protect(trailing="2")
    assert protection.closed(100.0) is False
    assert protection.touched(99, 99, 97) == Touch(STOP, Decimal(98))


def test_a_short_trails_from_above() -> None:
    protection = protect(SHORT, target="0", trailing="1")
    assert protection.closed(95.0) is True
    assert protection.closed(96.0) is False
    assert protection.stop == Decimal("95.95")
    assert protection.touched(95, 96, 94) == Touch(TRAIL, Decimal("95.95"))


def test_without_trailing_a_close_changes_nothing() -> None:
    for direction in Direction:
        protection = protect(direction)
        assert protection.closed(1000.0) is False
        assert protection.closed(1.0) is False
        assert protection == protect(direction)


def test_a_protection_built_again_from_its_fields_goes_on_as_before() -> None:
    first = protect(SHORT, trailing="1")
    first.closed(95.0)
    again = Protection(
        first.direction,
        first.stop,
        first.target,
        first.trailing_stop_pct,
        first.is_trailing,
        first.best_close,
    )
    assert again == first
    assert again.closed(96.0) is False
    assert again.closed(94.0) is True
    assert again.touched(94.5, 96, 94) == Touch(TRAIL, Decimal("94.94"))


@pytest.mark.parametrize(
    ("reason", "order_type"),
    [
        (ExitReason.STOP_LOSS, OrderType.STOP),
        (ExitReason.TRAILING_STOP, OrderType.STOP),
        (ExitReason.TAKE_PROFIT, OrderType.TAKE_PROFIT),
        (ExitReason.RULE, OrderType.MARKET),
        (ExitReason.MANUAL, OrderType.MARKET),
        (ExitReason.END, OrderType.MARKET),
    ],
)
def test_targets_are_limits_and_stops_are_stops(reason: ExitReason, order_type: OrderType) -> None:
    assert exit_order_type(reason) is order_type


prices = st.floats(min_value=1e-6, max_value=1e7, allow_nan=False)


@given(st.sampled_from(Direction), st.lists(prices, min_size=1, max_size=30))
def test_a_trailing_stop_never_loosens_and_needs_only_the_best_close(
    direction: Direction, closes: list[float]
) -> None:
    stepwise = protect(direction, trailing="1.5")
    stops = [stepwise.stop]
    for close in closes:
        stepwise.closed(close)
        stops.append(stepwise.stop)
    tightness = [direction.sign * stop for stop in stops if stop is not None]
    assert tightness == sorted(tightness)
    at_once = protect(direction, trailing="1.5")
    at_once.closed(max(closes) if direction is LONG else min(closes))
    assert at_once == stepwise
