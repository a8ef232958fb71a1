"""Each target has its own box and back-off; nothing waits for a target that is gone."""

from cts_tui.engine.alerts.notices import Item, Word
from cts_tui.engine.alerts.outbox import BACKOFF_S, MOST_WAITING, Outbox
from cts_tui.engine.alerts.wording import Notice, notice_of
from cts_tui.model.alerts import Alert, AlertTarget, Delivery
from cts_tui.model.health import Gravity

PHONE, MAIL = AlertTarget("phone", "ntfys://a/b"), AlertTarget("mail", "mailtos://a:b@c.org")


def notice(subject: str = "demo", severity: Gravity = Gravity.WARNING) -> Notice:
    return notice_of([Item(Word.RAISED, Alert("r", subject, severity, subject, 0, 0))], "vps")


def outbox(*targets: AlertTarget) -> Outbox:
    box = Outbox()
    box.set_targets(targets)
    return box


def test_a_notice_counts_as_taken_when_the_first_target_has_it() -> None:
    box, first = outbox(PHONE, MAIL), notice()
    box.post(first)
    assert [parcel.target for parcel in box.ready(0)] == [PHONE, MAIL]
    assert box.note([Delivery("phone"), Delivery("mail", "refused")], 0) == [first]
    assert box.ready(BACKOFF_S[0] - 1) == []
    (parcel,) = box.ready(BACKOFF_S[0])
    assert parcel.target == MAIL
    assert box.note([Delivery("mail")], 20) == []
    assert (box.ready(99), box.waiting) == ([], 0)


def test_a_target_that_fails_is_tried_less_and_less_often() -> None:
    box, now_s = outbox(PHONE), 0.0
    box.post(notice())
    for wait_s in (*BACKOFF_S, BACKOFF_S[-1]):
        assert box.ready(now_s)
        box.note([Delivery("phone", "refused")], now_s)
        assert box.ready(now_s + wait_s - 1) == []
        now_s += wait_s


def test_what_has_waited_goes_out_as_one_message() -> None:
    box = outbox(PHONE)
    box.post(notice("first", Gravity.CRITICAL))
    box.post(notice("second"))
    (parcel,) = box.ready(0)
    assert parcel.title == "cts-tui vps: 1 warning (and 1 before)"
    assert [line.rpartition(" ")[2] for line in parcel.body.split("\n")] == ["first", "second"]
    assert parcel.severity is Gravity.CRITICAL


def test_what_is_posted_while_another_is_on_its_way_waits_for_the_next() -> None:
    box, first, second = outbox(PHONE), notice("first"), notice("second")
    box.post(first)
    box.ready(0)
    box.post(second)
    assert box.note([Delivery("phone")], 0) == [first]
    (parcel,) = box.ready(0)
    assert parcel.body.endswith("second")


def test_a_target_that_is_removed_takes_what_waits_for_it_along() -> None:
    box, only, both = outbox(PHONE, MAIL), notice("only"), notice("both")
    box.post(both)
    box.ready(0)
    box.note([Delivery("mail"), Delivery("phone", "refused")], 0)
    box.set_targets([PHONE])
    box.post(only)
    assert box.set_targets([MAIL]) == [only]
    assert (box.waiting, box.has_targets) == (0, True)


def test_the_oldest_of_too_many_gives_way_and_is_told_of() -> None:
    box, first = outbox(PHONE), notice("first")
    assert box.post(first) == []
    for number in range(MOST_WAITING - 1):
        assert box.post(notice(str(number))) == []
    assert box.post(notice("last")) == [first]
    assert box.waiting == MOST_WAITING


def test_a_body_that_no_service_would_take_whole_loses_its_oldest_lines() -> None:
    box = outbox(PHONE)
    for number in range(40):
        box.post(notice(f"{number} {'x' * 200}"))
    (parcel,) = box.ready(0)
    assert len(parcel.body) < 3_100
    assert parcel.body.startswith("… earlier lines are left out")
    assert f"39 {'x' * 200}" in parcel.body
