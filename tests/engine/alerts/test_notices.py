"""What is due to be told: the words for it, repetition, and what an earlier process told."""

from dataclasses import replace

from cts_tui.engine.alerts.notices import GIVEN_UP_AFTER_MS, Item, NoticeBook, Word
from cts_tui.engine.alerts.rules import AlertRule
from cts_tui.model.alerts import Alert
from cts_tui.model.health import Gravity

T = 1_743_699_900_000
HOUR = 3_600_000
GRAVE = Alert("disk-low", "/data", Gravity.CRITICAL, "m", T, T)


def book(*known: Alert, repeat_s: float = 3_600) -> NoticeBook:
    return NoticeBook(quiet_s=600, repeat_s=repeat_s, known=known, rule_of=lambda _: AlertRule())


def words(items: list[Item]) -> list[Word]:
    return [item.word for item in items]


def test_a_critical_alert_that_stands_is_told_again_in_time() -> None:
    told = replace(GRAVE, notified_ms=T)
    notices = book(told)
    assert notices.due([told], T + HOUR - 1) == []
    assert words(notices.due([told], T + HOUR)) == [Word.STILL]


def test_no_repetition_of_warnings_of_what_is_known_and_where_it_is_not_wished() -> None:
    told = replace(GRAVE, notified_ms=T)
    mild, known = replace(told, severity=Gravity.WARNING), replace(told, acked_ms=T + 1)
    assert book(told).due([mild, known], T + 9 * HOUR) == []
    assert book(told, repeat_s=0).due([told], T + 9 * HOUR) == []


def test_what_the_trader_knows_before_it_could_be_told_is_not_told() -> None:
    known = replace(GRAVE, acked_ms=T + 1)
    assert book(known).due([known], T + 2) == []
    assert book(replace(known, cleared_ms=T + 3)).due([], T + 4) == []


def test_a_notice_on_its_way_is_not_due_again_until_it_is_dropped() -> None:
    notices = book()
    items = notices.due([GRAVE], T)
    notices.post(items, T)
    assert notices.due([GRAVE], T + 1) == []
    notices.unpost(items)
    assert notices.due([GRAVE], T + 1) == []  # told of a moment ago, for all the pace knows
    assert words(notices.due([GRAVE], T + 600_000)) == [Word.RAISED]


def test_what_is_over_while_its_notice_is_on_its_way_is_told_to_be_over() -> None:
    notices = book()
    raised = notices.due([GRAVE], T)
    notices.post(raised, T)
    notices.end(replace(GRAVE, cleared_ms=T + 60_000))
    cleared = notices.due([], T + 60_000)
    assert words(cleared) == [Word.CLEARED]
    notices.post(cleared, T + 60_000)
    notices.settle(raised, T + 61_000)
    notices.settle(cleared, T + 61_000)
    assert notices.due([], T + 62_000) == []


def test_what_an_earlier_process_left_untold_is_told() -> None:
    over = replace(GRAVE, cleared_ms=T + 5)
    assert words(book(GRAVE).due([GRAVE], T + 10)) == [Word.RAISED]
    assert words(book(over).due([], T + 10)) == [Word.PASSED]
    told = replace(over, notified_ms=T + 4)
    assert words(book(told).due([], T + 10)) == [Word.CLEARED]
    assert book(replace(told, notified_ms=T + 5)).due([], T + 10) == []


def test_what_is_over_for_a_day_is_told_no_more() -> None:
    over = replace(GRAVE, cleared_ms=T)
    notices = book(over)
    assert notices.due([], T + GIVEN_UP_AFTER_MS + 1) == []


def test_a_rule_that_is_not_told_is_not_told() -> None:
    notices = NoticeBook(
        quiet_s=600, repeat_s=1, known=[], rule_of=lambda _: AlertRule(is_told=False)
    )
    notices.end(replace(GRAVE, cleared_ms=T + 5))
    assert notices.due([GRAVE], T + 10) == []
