"""Rows of alerts: written once, read as they are, kept by one program at a time."""

from dataclasses import replace
from datetime import timedelta

from cts_tui.clock import utc_from_ms
from cts_tui.model.alerts import VERDICT_RULE, Alert, AlertCounts
from cts_tui.model.health import Gravity
from cts_tui.store import alerts, engines, setting_rows
from cts_tui.store.column_types import to_ms
from cts_tui.store.database import Database

from .samples import NOW

NOW_MS = to_ms(NOW)
STALE = Alert("feed-stale", "demo", Gravity.WARNING, "10 of 10 are stale", NOW_MS, NOW_MS)
BARE = Alert("position-unprotected", "x/BTC", Gravity.CRITICAL, "no stop", NOW_MS + 5, NOW_MS + 5)


def save(database: Database, *rows: Alert) -> None:
    with database.write() as transaction:
        alerts.save(transaction, rows)


def listed(database: Database, *, is_standing: bool = False) -> list[Alert]:
    with database.read() as transaction:
        return alerts.listed(transaction, is_standing=is_standing)


def test_what_is_saved_is_listed_newest_first(database: Database) -> None:
    save(database, STALE, BARE)
    assert listed(database) == [replace(BARE, id=2), replace(STALE, id=1)]


def test_saving_again_changes_the_row_and_makes_no_other(database: Database) -> None:
    save(database, STALE)
    over = replace(STALE, cleared_ms=NOW_MS + 60_000, notified_ms=NOW_MS + 9, message="gone")
    save(database, over)
    assert listed(database) == [replace(over, id=1)]
    assert listed(database, is_standing=True) == []


def test_what_was_acknowledged_stays_so_until_it_becomes_graver(database: Database) -> None:
    save(database, STALE)
    with database.write() as transaction:
        alerts.ack(transaction, 1, NOW)
    save(database, replace(STALE, seen_ms=NOW_MS + 5_000))
    (row,) = listed(database)
    assert (row.seen_ms, row.acked_ms) == (NOW_MS + 5_000, NOW_MS)
    with database.write() as transaction:
        alerts.save(transaction, [replace(STALE, severity=Gravity.CRITICAL)])
        alerts.forget_acks(transaction, [STALE])
    (row,) = listed(database)
    assert (row.severity, row.acked_ms) == (Gravity.CRITICAL, None)


def test_counts_leave_out_what_is_known_what_is_over_and_the_verdict(database: Database) -> None:
    save(
        database,
        STALE,
        BARE,
        replace(BARE, rule=VERDICT_RULE),
        replace(BARE, subject="over", cleared_ms=NOW_MS + 9),
        replace(BARE, subject="known"),
    )
    with database.write() as transaction:
        alerts.ack(transaction, 5, NOW)
        assert alerts.counts(transaction) == AlertCounts(critical=1, warnings=1)


def test_of_late_is_what_stands_and_what_was_cleared_within_a_day(database: Database) -> None:
    day = 86_400_000
    old = replace(STALE, subject="old", cleared_ms=NOW_MS + 1)
    late = replace(STALE, subject="late", cleared_ms=NOW_MS + day)
    save(database, old, late, STALE)
    with database.read() as transaction:
        found = alerts.of_late(transaction, NOW_MS + day + 2)
    assert [alert.subject for alert in found] == ["late", "demo"]


def test_a_severity_that_is_none_is_taken_for_the_graver_one(database: Database) -> None:
    save(database, STALE)
    with database.write() as transaction:
        transaction.exec_driver_sql("UPDATE alerts SET severity = 'odd'")
    assert listed(database)[0].severity is Gravity.CRITICAL


def register(database: Database, *owners: str) -> None:
    with database.write() as transaction:
        for owner in owners:
            engines.register(transaction, owner=owner, pid=1, pid_started_at=NOW, host="h", now=NOW)


def take(database: Database, owner: str, after_s: float = 0) -> bool:
    with database.write() as transaction:
        return alerts.take_turn(transaction, owner, NOW + timedelta(seconds=after_s))


def test_one_program_keeps_the_alerts_until_it_lets_go(database: Database) -> None:
    register(database, "a", "b")
    assert take(database, "a")
    assert not take(database, "b", 1)
    assert take(database, "a", 20)
    assert not take(database, "b", 45)
    assert take(database, "b", 51)
    assert not take(database, "a", 52)


def test_the_turn_of_a_program_that_has_ended_is_free_at_once(database: Database) -> None:
    register(database, "a", "b")
    assert take(database, "a")
    with database.write() as transaction:
        engines.deregister(transaction, "a")
    assert take(database, "b", 1)


def test_a_turn_that_lasts_for_too_long_was_taken_by_a_wrong_clock(database: Database) -> None:
    register(database, "a", "b")
    assert take(database, "a", 3_600)
    assert take(database, "b")


def test_a_turn_that_cannot_be_read_is_free(database: Database) -> None:
    register(database, "a")
    with database.write() as transaction:
        setting_rows.put(transaction, alerts.KEEPER, "nonsense", NOW)
    assert take(database, "a")


def test_alerts_that_are_over_are_pruned_and_standing_ones_are_not(database: Database) -> None:
    old = Alert("disk-low", "disk", Gravity.WARNING, "m", 1_000, 1_000)
    over = Alert("clock-off", "demo", Gravity.WARNING, "m", 1_000, 1_000, cleared_ms=2_000)
    with database.write() as transaction:
        alerts.save(transaction, [old, over])
        assert alerts.standing_keys(transaction) == {("disk-low", "disk")}
        assert alerts.prune(transaction, before=utc_from_ms(2_001)) == 1
        assert [alert.rule for alert in alerts.listed(transaction)] == ["disk-low"]
