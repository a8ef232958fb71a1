"""Targets of alerts: their addresses are sealed, bound to their name, and move with the key."""

import pytest

from cts_tui.errors import ConfigError, LockedError
from cts_tui.model.alerts import AlertTarget, Delivery
from cts_tui.model.vault import KeySource
from cts_tui.redaction import redacted
from cts_tui.store import alert_targets, sealed_rows
from cts_tui.store.database import Database
from cts_tui.store.key_rows import KeyRow, Opened
from cts_tui.store.sealing import SealingKey, new_material

from .samples import NOW

PHONE = AlertTarget("phone", "ntfys://ntfy.example.org/TargetTopic4711")
CHAT = AlertTarget("chat", "tgram://123456789:TelegramToken_abc/-1000200300")


@pytest.fixture
def key() -> Opened:
    return new_key()


def new_key() -> Opened:
    row, value = KeyRow.new(KeySource.ENV), new_material()
    return row.sealed_by(value), SealingKey(row.key_id, value)


def add(database: Database, key: Opened, *targets: AlertTarget) -> None:
    with database.write() as transaction:
        for target in targets:
            alert_targets.add(transaction, target, key, NOW)


def test_what_is_added_is_read_again_and_shown_without_its_address(
    database: Database, key: Opened
) -> None:
    add(database, key, PHONE, CHAT)
    with database.read() as transaction:
        assert alert_targets.read(transaction, key[1]) == [CHAT, PHONE]
        chat, phone = alert_targets.views(transaction)
    assert (phone.name, phone.address) == ("phone", "ntfys://…")
    assert (chat.name, chat.address) == ("chat", "tgram://…")
    assert "Topic" not in repr(PHONE) + repr(phone)


def test_a_name_is_taken_once(database: Database, key: Opened) -> None:
    add(database, key, PHONE)
    with pytest.raises(ConfigError, match="called phone already"):
        add(database, key, AlertTarget("phone", CHAT.url))
    with database.read() as transaction:
        assert alert_targets.read(transaction, key[1]) == [PHONE]


def test_s10_no_byte_of_an_address_is_in_the_database_or_its_log(
    database: Database, key: Opened
) -> None:
    add(database, key, PHONE, CHAT)
    assert database.file is not None
    for file in database.file.parent.glob(database.file.name + "*"):
        content = file.read_bytes()
        for secret in (b"TargetTopic4711", b"TelegramToken_abc", b"1000200300", b"ntfy.example"):
            assert secret not in content


def test_s10_what_was_stored_is_masked_from_then_on(database: Database, key: Opened) -> None:
    add(database, key, AlertTarget("mail", "mailtos://someone:Pass-Wort-99x@mail.example.org"))
    assert redacted("refused: Pass-Wort-99x by mail.example.org") == (
        "refused: *** by mail.example.org"
    )


def test_a_blob_that_was_moved_to_another_name_does_not_open(
    database: Database, key: Opened
) -> None:
    add(database, key, PHONE, CHAT)
    with database.write() as transaction:
        transaction.exec_driver_sql(
            "UPDATE alert_targets SET blob = (SELECT blob FROM alert_targets WHERE name = 'chat') "
            "WHERE name = 'phone'"
        )
    with (
        database.read() as transaction,
        pytest.raises(LockedError, match="phone does not open"),
    ):
        alert_targets.read(transaction, key[1])


def test_a_new_key_takes_the_targets_along(database: Database, key: Opened) -> None:
    add(database, key, PHONE, CHAT)
    new = new_key()
    with database.write() as transaction:
        assert sealed_rows.encrypt_anew(transaction, key[1], new[1], new[0], NOW) == 2
    with database.read() as transaction:
        assert alert_targets.read(transaction, new[1]) == [CHAT, PHONE]
    with database.read() as transaction, pytest.raises(LockedError):
        alert_targets.read(transaction, key[1])


def test_who_gives_up_the_key_gives_up_the_targets(database: Database, key: Opened) -> None:
    add(database, key, PHONE)
    with database.write() as transaction:
        assert sealed_rows.count(transaction) == 1
        assert sealed_rows.forget_all(transaction, NOW) == 1
        assert alert_targets.views(transaction) == []


def test_deliveries_are_counted_until_one_is_taken(database: Database, key: Opened) -> None:
    add(database, key, PHONE)
    failed, taken = Delivery("phone", "no answer"), Delivery("phone")
    with database.write() as transaction:
        alert_targets.note(transaction, [failed, failed, Delivery("gone")], NOW)
        (view,) = alert_targets.views(transaction)
        assert (view.failures, view.last_error, view.sent_ms) == (2, "no answer", None)
        alert_targets.note(transaction, [taken], NOW)
        (view,) = alert_targets.views(transaction)
        assert (view.failures, view.last_error) == (0, None)
        assert view.sent_ms == view.failed_ms == view.created_ms


@pytest.mark.parametrize(
    ("url", "tokens", "harmless"),
    [
        ("ntfys://ntfy.sh/my-own-topic", ["my-own-topic"], ["ntfy.sh"]),
        ("ntfy://topic-alone", ["topic-alone"], []),
        ("tgram://12345:AAbb/777777", ["12345:AAbb", "777777"], []),
        ("mailtos://me:p.a-ss@mail.org:465", ["p.a-ss"], ["mail.org"]),
        ("json://user:s%40cret@10.0.0.1:80/x?+Auth=tok3n", ["s@cret", "tok3n"], ["10.0.0.1"]),
        ("discord://1234567/aBcDeF", ["1234567", "aBcDeF"], []),
        ("json://[::1", ["[::1"], []),
    ],
)
def test_s10_every_token_of_an_address_is_known_as_one_and_no_host(
    url: str, tokens: list[str], harmless: list[str]
) -> None:
    parts = AlertTarget("x", url).parts
    assert set(tokens) <= set(parts)
    assert set(harmless).isdisjoint(parts)
