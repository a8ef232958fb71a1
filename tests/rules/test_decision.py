"""The truth table of a close: 3 holdings × 16 rule outcomes, against the contract's own words."""

from itertools import product

import pytest

from cts_tui.model.trading import Direction
from cts_tui.rules.decision import STAY, Decision, decide

LONG, SHORT = Direction.LONG, Direction.SHORT
FLAGS = list(product((False, True), repeat=4))
HOLDINGS = (None, LONG, SHORT)


def contract(
    held: Direction | None, rules: dict[tuple[str, Direction], bool]
) -> tuple[bool, set[Direction]]:
    """State design.md §6 clause by clause: start from every asked entry and strike out."""
    leaves = held is not None and rules["exit", held]
    entries = {side for side in Direction if rules["entry", side]}
    if entries == {LONG, SHORT}:
        entries = set()  # both at one close: nothing is entered
    entries = {side for side in entries if not rules["exit", side]}  # the exit wins
    if held is not None and not leaves:
        entries = set()  # ignored while a position is open
    if leaves:
        entries -= {held}  # a reversal is an entry to the other side
    return leaves, entries


@pytest.mark.parametrize("held", HOLDINGS)
@pytest.mark.parametrize("flags", FLAGS)
def test_every_case_of_the_truth_table_follows_the_contract(
    held: Direction | None, flags: tuple[bool, bool, bool, bool]
) -> None:
    entry_long, exit_long, entry_short, exit_short = flags
    leaves, entries = contract(
        held,
        {
            ("entry", LONG): entry_long,
            ("exit", LONG): exit_long,
            ("entry", SHORT): entry_short,
            ("exit", SHORT): exit_short,
        },
    )
    decision = decide(
        held,
        entry_long=entry_long,
        exit_long=exit_long,
        entry_short=entry_short,
        exit_short=exit_short,
    )
    assert len(entries) <= 1
    assert decision == Decision(leaves, next(iter(entries), None))


def only(held: Direction | None, *rules: str) -> Decision:
    names = ("entry_long", "exit_long", "entry_short", "exit_short")
    return decide(held, **{name: name in rules for name in names})


def test_a_flat_strategy_enters_the_side_that_asks() -> None:
    assert only(None, "entry_long") == Decision(enter=LONG)
    assert only(None, "entry_short") == Decision(enter=SHORT)


def test_an_exit_rule_does_nothing_to_a_flat_strategy() -> None:
    assert only(None, "exit_long", "exit_short") is STAY


def test_the_exit_wins_over_the_entry_of_the_same_side() -> None:
    assert only(None, "entry_long", "exit_long") is STAY
    assert only(LONG, "entry_long", "exit_long") == Decision(exit=True)


def test_both_entries_at_one_close_enter_nothing_even_when_one_is_struck_by_its_exit() -> None:
    assert only(None, "entry_long", "entry_short") is STAY
    assert only(None, "entry_long", "entry_short", "exit_short") is STAY
    assert only(LONG, "exit_long", "entry_long", "entry_short") == Decision(exit=True)


def test_an_exit_with_the_entry_of_the_other_side_reverses() -> None:
    assert only(LONG, "exit_long", "entry_short") == Decision(exit=True, enter=SHORT)
    assert only(SHORT, "exit_short", "entry_long") == Decision(exit=True, enter=LONG)


def test_entries_are_ignored_while_a_position_is_open() -> None:
    assert only(LONG, "entry_short") is STAY
    assert only(SHORT, "entry_short", "exit_long") is STAY


def test_a_decision_is_false_only_when_there_is_nothing_to_do() -> None:
    assert not STAY
    assert Decision(exit=True)
    assert Decision(enter=LONG)
