"""`cts-tui alerts`: what stands, what is known, and targets whose addresses nobody sees."""

import pytest

from cts_tui.clock import utc_from_ms
from cts_tui.desk.desk import Desk
from cts_tui.model.alerts import Alert
from cts_tui.model.health import Gravity
from cts_tui.paths import DataFolder
from cts_tui.store import alerts
from tests.loopback.phone import Service, service

from .conftest import Cts

__all__ = ["service"]

NOW_MS = 1_743_699_900_000
STALE = Alert("feed-stale", "demo", Gravity.WARNING, "10 of 10 are stale", NOW_MS, NOW_MS)
LOW = Alert(
    "disk-low", "/data", Gravity.CRITICAL, "1 % is free", NOW_MS, NOW_MS, NOW_MS + 9, NOW_MS + 5
)
FIELDS = [
    "rule", "subject", "severity", "message", "raised_at", "seen_at", "cleared_at",
    "id", "notified_at", "acked_at",
]  # fmt: skip


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CTS_MASTER_KEY", "cd" * 32)


@pytest.fixture
def raised(desk: Desk) -> None:
    """An alert that stands, and one that is over."""
    with desk.database.write() as transaction:
        alerts.save(transaction, [LOW, STALE])


def address(monkeypatch: pytest.MonkeyPatch, text: str | bytes) -> None:
    """Give an address on stdin."""
    import io
    import sys

    raw = text.encode() if isinstance(text, str) else text
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))


def test_without_alerts_it_says_so(cts: Cts) -> None:
    assert cts("alerts", "list").out == "no alert stands; no engine runs that would raise any\n"
    assert cts("alerts", "list", "--all").out == "no alerts yet\n"
    assert cts("alerts", "list", "--json").document == []


def test_the_list_holds_what_stands_and_all_on_demand(cts: Cts, raised: None) -> None:
    (row,) = cts("alerts", "list", "--json").document
    assert list(row) == FIELDS
    assert row | {"id": 2} == {
        "rule": "feed-stale",
        "subject": "demo",
        "severity": "warning",
        "message": "10 of 10 are stale",
        "raised_at": "2025-04-03T17:05:00Z",
        "seen_at": "2025-04-03T17:05:00Z",
        "cleared_at": None,
        "id": 2,
        "notified_at": None,
        "acked_at": None,
    }
    both = cts("alerts", "list", "--all", "--json").document
    assert [one["rule"] for one in both] == ["feed-stale", "disk-low"]
    assert len(cts("alerts", "list", "--all", "--json", "--limit", 1).document) == 1
    shown = cts("alerts", "list", "--all").out
    assert "stands" in shown
    assert "cleared 2025-04-03 17:05:00" in shown


def test_an_alert_is_acknowledged_once_and_leaves_an_event(cts: Cts, raised: None) -> None:
    assert cts("alerts", "ack", 2).out == "acknowledged: feed-stale demo: 10 of 10 are stale\n"
    assert cts("alerts", "list", "--json").document[0]["acked_at"] is not None
    assert "acknowledged already" in cts("alerts", "ack", 2).refusal
    assert "is over already" in cts("alerts", "ack", 1).refusal
    assert "there is no alert 9" in cts("alerts", "ack", 9).refusal
    event = cts("events", "list", "--json").document[0]
    assert (event["who"], event["kind"], event["subject"]) == ("cli", "alert", "feed-stale demo")
    assert (event["before"], event["after"]) == ("warning", "acknowledged")


def test_a_target_is_added_tried_and_removed(
    cts: Cts, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    address(monkeypatch, service.target().url + "\n")
    said = cts("alerts", "targets", "add", "phone")
    assert said.out == "alerts are told to phone (json://…); try it: cts-tui alerts test\n"
    assert cts("alerts", "test", "--json").document == [
        {"target": "phone", "sent": True, "error": None}
    ]
    assert service.got[0]["message"] == "This is a test. Alerts of this desk will come here."
    (row,) = cts("alerts", "targets", "list", "--json").document
    assert (row["name"], row["address"], row["failures"]) == ("phone", "json://…", 0)
    assert row["sent_at"] is not None
    service.status = 500
    failed = cts("alerts", "test")
    assert failed.code == 1
    assert "500" in failed.out
    assert "Topic4711Secret" not in failed.out + failed.err
    assert cts("alerts", "targets", "list", "--json").document[0]["failures"] == 1
    assert cts("alerts", "targets", "remove", "phone").code == 0
    assert cts("alerts", "targets", "list", "--json").document == []
    told = [event["message"] for event in cts("events", "list", "--json").document[:2]]
    assert told == ["alert target removed", "alert target added"]


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("phone", "", "no address was given; expected an address like ntfys://"),
        ("phone", "Secret-Topic-99", "what was given is no address; expected"),
        ("phone", "json://a/Secret-Topic-99 json://b", "more than one address"),
        ("phone", "json://a/" + "Secret-Topic-99" * 400, "or too long"),
        ("phone", b"\xff\xfeSecret-Topic-99", "what stdin holds is no text"),
        ("phone", "nothing://Secret-Topic-99", "nothing://… cannot be used: this is no address"),
        ("My Phone", "json://a/Secret-Topic-99", "'My Phone' is no name for a target"),
    ],
)
@pytest.mark.usefixtures("unchanged")
def test_what_is_no_target_is_refused_in_one_line_that_repeats_no_address(
    cts: Cts, monkeypatch: pytest.MonkeyPatch, name: str, given: str | bytes, said: str
) -> None:
    address(monkeypatch, given)
    refusal = cts("alerts", "targets", "add", name).refusal
    assert said in refusal
    assert "Secret-Topic-99" not in refusal


@pytest.mark.usefixtures("unchanged")
def test_where_there_is_nobody_to_tell_that_is_said(cts: Cts) -> None:
    assert "there is no target to send to" in cts("alerts", "test").refusal
    assert "called 'x'; there is none" in cts("alerts", "targets", "remove", "x").refusal


def test_without_a_key_nothing_is_stored_and_it_says_what_to_choose(
    cts: Cts, folder: DataFolder, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CTS_MASTER_KEY")
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    address(monkeypatch, service.target().url)
    assert "cts-tui secrets use file" in cts("alerts", "targets", "add", "phone").refusal
    assert cts("alerts", "targets", "list", "--json").document == []


def test_a_rotation_takes_the_targets_along(
    cts: Cts, desk: Desk, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    address(monkeypatch, service.target().url)
    assert cts("alerts", "targets", "add", "phone").code == 0
    assert cts("secrets", "status", "--json").document["alert_targets"] == 1
    assert cts("secrets", "use", "file", "--json").document["encrypted"] == 1
    assert cts("alerts", "test").code == 0
    assert cts("secrets", "rotate").code == 0
    assert cts("alerts", "test", "--target", "phone").code == 0
    assert "there are: phone" in cts("alerts", "test", "--target", "mail").refusal
    assert len(service.got) == 2


def test_what_was_acknowledged_is_listed_as_such(cts: Cts, desk: Desk, raised: None) -> None:
    with desk.database.write() as transaction:
        alerts.ack(transaction, 2, utc_from_ms(NOW_MS))
    assert "acknowledged" in cts("alerts", "list").out
