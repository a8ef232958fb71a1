"""What a notice says: a title with the count, a line each, one line where they are many."""

from cts_tui.engine.alerts.notices import Item, Word
from cts_tui.engine.alerts.wording import notice_of
from cts_tui.model.alerts import Alert
from cts_tui.model.health import Gravity
from cts_tui.redaction import keep_secret

NOON_MS = 1_743_681_600_000


def item(word: Word, rule: str, subject: str, severity: Gravity, message: str = "why") -> Item:
    cleared_ms = None if word in (Word.RAISED, Word.STILL) else NOON_MS + 61_000
    return Item(word, Alert(rule, subject, severity, message, NOON_MS, NOON_MS, cleared_ms))


BARE = item(Word.RAISED, "position-unprotected", "x/BTC", Gravity.CRITICAL, "x/BTC has no stop")


def test_a_single_alert_is_told_in_full() -> None:
    notice = notice_of([BARE], "vps")
    assert notice.title == "cts-tui vps: 1 critical"
    assert notice.body == ("CRITICAL position-unprotected, since 12:00:00 UTC: x/BTC has no stop")
    assert notice.severity is Gravity.CRITICAL


def test_what_is_grave_comes_first_and_what_is_over_last() -> None:
    items = [
        item(Word.CLEARED, "disk-low", "/", Gravity.CRITICAL),
        item(Word.RAISED, "feed-stale", "demo", Gravity.WARNING),
        item(Word.PASSED, "clock-off", "kraken", Gravity.WARNING),
        BARE,
    ]
    notice = notice_of(items, "vps")
    assert notice.title == "cts-tui vps: 1 critical, 2 warning, 1 cleared"
    assert [line.partition(",")[0] for line in notice.body.splitlines()] == [
        "CRITICAL position-unprotected",
        "feed-stale",
        "came and went clock-off",
        "cleared disk-low",
    ]
    assert "12:00:00 UTC to 12:01:01 UTC" in notice.body


def test_a_storm_of_one_rule_is_one_line_with_a_count() -> None:
    storm = [
        item(Word.RAISED, "feed-stale", f"c{n}", Gravity.WARNING, f"c{n} old") for n in range(40)
    ]
    assert notice_of(storm, "vps").body == ("feed-stale: 40 times: c0, c1, c2 and 37 more; c0 old")


def test_many_rules_are_cut_with_a_count() -> None:
    many = [item(Word.RAISED, f"rule-{n}", "s", Gravity.WARNING) for n in range(30)]
    lines = notice_of(many, "vps").body.splitlines()
    assert len(lines) == 15
    assert lines[-1] == "… and 16 lines more"


def test_a_long_line_is_cut() -> None:
    (line,) = notice_of([item(Word.RAISED, "r", "s", Gravity.WARNING, "x" * 900)], "v").body.split(
        "\n"
    )
    assert len(line) == 300
    assert line.endswith("…")


def test_s10_a_secret_in_a_message_is_masked() -> None:
    keep_secret(["Notice-Secret-4711"])
    told = notice_of([item(Word.RAISED, "r", "s", Gravity.WARNING, "Notice-Secret-4711")], "v")
    assert "4711" not in told.body
