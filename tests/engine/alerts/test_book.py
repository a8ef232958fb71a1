"""From faults to alerts: raised after a while, cleared after a while, graver and milder between."""

from cts_tui.engine.alerts.book import AlertBook, Changes, Moment
from cts_tui.engine.alerts.rules import AlertRule
from cts_tui.model.alerts import Alert
from cts_tui.model.health import Fault, Gravity

RULE = AlertRule(raise_after_s=30, clear_after_s=60)
MILD = Fault("disk-low", "/data", Gravity.WARNING, "4 % is free")
GRAVE = Fault("disk-low", "/data", Gravity.CRITICAL, "1 % is free")
START_MS = 1_743_699_900_000


class Watch:
    """A book that is looked into at seconds of the test's choosing."""

    def __init__(self, *standing: Alert) -> None:
        self.book = AlertBook(standing, lambda _: RULE)

    def at(self, second: float, *faults: Fault, is_blind: bool = False) -> Changes:
        at = Moment(START_MS + round(second * 1000), second)
        return self.book.look(faults, at, is_blind=is_blind)


def test_what_is_gone_at_one_look_begins_anew() -> None:
    watch = Watch()
    for second in (0, 20):
        assert not watch.at(second, MILD).is_any
    assert not watch.at(25).is_any
    for second in (30, 59):
        assert not watch.at(second, MILD).is_any
    (raised,) = watch.at(60, MILD).raised
    assert (raised.raised_ms, raised.message) == (START_MS + 60_000, "4 % is free")


def raised(watch: Watch, fault: Fault) -> None:
    watch.at(0, fault)
    assert watch.at(30, fault).raised


def test_what_is_there_at_one_look_keeps_it_standing() -> None:
    watch = Watch()
    raised(watch, MILD)
    assert not watch.at(40).is_any
    assert not watch.at(90, MILD).is_any
    assert not watch.at(100).is_any
    assert not watch.at(159).is_any
    (cleared,) = watch.at(160).cleared
    assert (cleared.seen_ms, cleared.cleared_ms) == (START_MS + 90_000, START_MS + 160_000)
    assert watch.book.standing == []


def test_a_look_that_saw_only_a_part_clears_nothing() -> None:
    watch = Watch()
    raised(watch, MILD)
    assert not watch.at(40, is_blind=True).is_any
    assert not watch.at(400, is_blind=True).is_any
    assert not watch.at(410).is_any
    assert watch.at(470).cleared


def test_a_look_that_saw_only_a_part_keeps_what_was_sighted() -> None:
    watch = Watch()
    watch.at(0, MILD)
    watch.at(20, is_blind=True)
    assert watch.at(30, MILD).raised


def test_what_becomes_graver_is_told_and_acknowledged_anew() -> None:
    watch = Watch(Alert("disk-low", "/data", Gravity.WARNING, "m", 1, 2, notified_ms=3, acked_ms=4))
    (risen,) = watch.at(0, GRAVE).risen
    assert (risen.severity, risen.message) == (Gravity.CRITICAL, "1 % is free")
    assert (risen.notified_ms, risen.acked_ms) == (None, None)
    assert not watch.at(5, GRAVE).is_any


def test_what_becomes_milder_eases_after_a_while() -> None:
    watch = Watch()
    raised(watch, GRAVE)
    assert not watch.at(40, MILD).is_any
    assert watch.book.standing[0].message == "1 % is free"
    assert not watch.at(60, GRAVE).is_any
    assert not watch.at(70, MILD).is_any
    assert not watch.at(129, MILD).is_any
    (eased,) = watch.at(130, MILD).eased
    assert (eased.severity, eased.message) == (Gravity.WARNING, "4 % is free")


def test_of_two_faults_of_one_subject_the_graver_counts() -> None:
    watch = Watch()
    watch.at(0, MILD, GRAVE)
    (alert,) = watch.at(30, GRAVE, MILD).raised
    assert alert.severity is Gravity.CRITICAL


def test_what_stands_in_a_store_takes_the_place_of_what_was_raised_without_it() -> None:
    watch = Watch()
    raised(watch, GRAVE)
    stored = Alert("disk-low", "/data", Gravity.CRITICAL, "m", START_MS - 9, START_MS - 8)
    other = Alert("feed-stale", "demo", Gravity.WARNING, "m", START_MS - 7, START_MS - 6)
    (doubled,) = watch.book.adopt([stored, other])
    assert doubled.raised_ms == START_MS + 30_000
    assert [alert.raised_ms for alert in watch.book.standing] == [START_MS - 9, START_MS - 7]


def test_it_is_cleared_after_all_that_is_known_of_it_should_the_clock_go_back() -> None:
    told_ms = START_MS + 500_000
    watch = Watch(Alert("disk-low", "/", Gravity.WARNING, "m", START_MS, START_MS, None, told_ms))
    watch.at(0)
    (cleared,) = watch.at(60).cleared
    assert cleared.cleared_ms == told_ms + 1
