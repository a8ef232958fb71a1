"""Where an account differs from our positions, one-way and hedged; and when that is believed."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cts_tui.engine.gaps import LONG, SHORT, Agreement, Gap, gaps

D = Decimal
AMOUNTS = st.integers(0, 50).map(Decimal)


def sides(long: str = "0", short: str = "0") -> dict[object, Decimal]:
    return {LONG: D(long), SHORT: D(short)}


CASES = {
    "all is as it should be": (sides("1"), sides("1"), []),
    "closed": (sides("1"), sides(), [Gap(LONG, missing=D(1))]),
    "a part is closed": (sides("1"), sides("0.4"), [Gap(LONG, missing=D("0.6"))]),
    "a short is closed": (sides(short="2"), sides(), [Gap(SHORT, missing=D(2))]),
    "there is more": (sides("1"), sides("3"), [Gap(LONG, surplus=D(2))]),
    "nothing is ours": (sides(), sides(short="2"), [Gap(SHORT, surplus=D(2))]),
    "turned round": (
        sides("2"),
        sides(short="1"),
        [Gap(LONG, missing=D(2)), Gap(SHORT, surplus=D(1))],
    ),
    "both sides of ours net": (sides("3", "1"), sides("2"), []),
    "both sides of ours, less of one": (sides("3", "1"), sides("1"), [Gap(LONG, missing=D(1))]),
}


@pytest.mark.parametrize("case", CASES)
def test_one_way_the_venue_holds_the_net(case: str) -> None:
    own, there, found = CASES[case]
    assert gaps(own, there, is_hedged=False) == found


def test_hedged_each_side_stands_by_itself() -> None:
    found = gaps(sides("3", "1"), sides("2", "2"), is_hedged=True)
    assert found == [Gap(LONG, missing=D(1)), Gap(SHORT, surplus=D(1))]
    assert gaps(sides("1", "1"), sides(), is_hedged=True) == [
        Gap(LONG, missing=D(1)),
        Gap(SHORT, missing=D(1)),
    ]


def test_rounding_is_no_difference() -> None:
    assert gaps(sides("1"), sides("1.0004"), is_hedged=False, least=D("0.0005")) == []


@given(AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS, st.booleans())
def test_what_is_missing_and_surplus_is_the_whole_difference(
    long: Decimal, short: Decimal, long_there: Decimal, short_there: Decimal, is_hedged: bool
) -> None:
    own, there = {LONG: long, SHORT: short}, {LONG: long_there, SHORT: short_there}
    net = long - short
    for gap in gaps(own, there, is_hedged=is_hedged):
        assert gap.missing <= own[gap.side]
        assert min(gap.missing, gap.surplus) == 0
        net += gap.side.sign * (gap.surplus - gap.missing)
    assert net == long_there - short_there


def test_looks_that_say_alike_grow_old_and_others_begin_anew() -> None:
    agreement = Agreement()
    ages = [agreement.age_ms("a", value, now) for value, now in ((1, 0), (1, 5), (2, 9), (2, 12))]
    assert ages == [0, 5, 0, 3]


def test_what_a_round_did_not_see_is_forgotten() -> None:
    agreement = Agreement()
    agreement.age_ms("a", 1, 0)
    agreement.end_round()
    agreement.age_ms("b", 1, 5)
    agreement.end_round()
    assert agreement.age_ms("a", 1, 9) == 0
    agreement.end_round()
    assert agreement.age_ms("a", 1, 12) == 3
