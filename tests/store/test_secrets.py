"""Rows of credentials: encrypted, bound to their place, replaced and removed as asked."""

import sqlite3
from contextlib import closing

import pytest

from cts_tui.errors import ConfigError, LockedError
from cts_tui.model.credentials import Credentials
from cts_tui.model.vault import KeySource, StoredCredentials
from cts_tui.store import connections, sealed_rows, secrets, setting_rows
from cts_tui.store.column_types import to_ms
from cts_tui.store.database import Database
from cts_tui.store.key_rows import KeyRow, key_row
from cts_tui.store.sealing import SealingKey, new_material

from .samples import NOW, add_connection

GIVEN = Credentials(api_key="AK-" + "a1b2" * 8, secret="SK-" + "c3d4" * 8, password='päss\n"w')


@pytest.fixture
def key() -> tuple[KeyRow, SealingKey]:
    return new_key()


def new_key(source: KeySource = KeySource.ENV) -> tuple[KeyRow, SealingKey]:
    row, value = KeyRow.new(source), new_material()
    return row.sealed_by(value), SealingKey(row.key_id, value)


Key = tuple[KeyRow, SealingKey]


def put(database: Database, connection_id: int, key: Key, given: Credentials = GIVEN) -> None:
    with database.write() as transaction:
        secrets.put(transaction, connection_id, given, key[1], key[0], NOW)


def read(database: Database, connection_id: int, key: Key) -> Credentials | None:
    with database.read() as transaction:
        return secrets.read(transaction, connection_id, key[1])


def test_what_is_put_is_read_again(database: Database, key: Key) -> None:
    ours = add_connection(database)
    put(database, ours, key)
    assert read(database, ours, key) == GIVEN
    assert read(database, ours + 1, key) is None
    with database.read() as transaction:
        assert secrets.count(transaction) == 1
        assert secrets.stored(transaction) == {
            ours: StoredCredentials(("apiKey", "secret", "password"), to_ms(NOW))
        }


def test_new_credentials_replace_the_old_ones(database: Database, key: Key) -> None:
    ours = add_connection(database)
    put(database, ours, key)
    put(database, ours, key, Credentials(wallet_address="0x" + "1" * 40, private_key="0x2"))
    found = read(database, ours, key)
    assert found is not None
    assert found.given == ("walletAddress", "privateKey")


def test_s10_no_byte_of_a_secret_is_in_the_database_or_its_log(
    database: Database, key: Key
) -> None:
    put(database, add_connection(database), key)
    assert database.file is not None
    for file in database.file.parent.glob(database.file.name + "*"):
        content = file.read_bytes()
        for secret in (*GIVEN.secrets[:2], "päss", key[1].value):
            assert (secret if isinstance(secret, bytes) else secret.encode()) not in content


def test_a_blob_that_was_moved_to_another_connection_does_not_open(
    database: Database, key: Key
) -> None:
    ours, other = add_connection(database, "a"), add_connection(database, "b")
    put(database, ours, key)
    put(database, other, key)
    with database.write() as transaction:
        transaction.exec_driver_sql(
            "UPDATE credentials SET blob = (SELECT blob FROM credentials WHERE connection_id = ?) "
            "WHERE connection_id = ?",
            (ours, other),
        )
    assert read(database, ours, key) == GIVEN
    with pytest.raises(LockedError, match="moved here from elsewhere"):
        read(database, other, key)


def test_a_blob_of_another_store_does_not_open(database: Database, key: Key) -> None:
    ours = add_connection(database)
    put(database, ours, key)
    with database.write() as transaction:
        setting_rows.put(transaction, setting_rows.STORE_ID, "another", NOW)
    with pytest.raises(LockedError, match="do not open"):
        read(database, ours, key)


def test_another_key_does_not_open_it_and_the_check_says_so(database: Database, key: Key) -> None:
    ours = add_connection(database)
    put(database, ours, key)
    wrong = new_material()
    assert key[0].fits(key[1].value)
    assert not key[0].fits(wrong)
    with pytest.raises(LockedError):
        read(database, ours, (key[0], SealingKey(key[1].id, wrong)))
    assert read(database, ours, key) == GIVEN


def test_a_key_that_was_changed_meanwhile_is_not_used(database: Database, key: Key) -> None:
    ours = add_connection(database)
    put(database, ours, key)
    with pytest.raises(ConfigError, match="changed by another process"):
        put(database, ours, new_key())
    assert read(database, ours, key) == GIVEN


def test_a_damaged_word_of_the_key_is_one_line(database: Database) -> None:
    with database.write() as transaction:
        setting_rows.put(transaction, "master_key", {"source": "nowhere"}, NOW)
    with database.read() as transaction, pytest.raises(LockedError, match="--forget"):
        key_row(transaction)


def test_encrypting_anew_changes_every_blob_and_no_credential(database: Database, key: Key) -> None:
    ours = [add_connection(database, name) for name in "abc"]
    for connection_id in ours:
        put(database, connection_id, key)
    new = new_key(KeySource.FILE)
    with database.write() as transaction:
        assert sealed_rows.encrypt_anew(transaction, key[1], new[1], new[0], NOW) == 3
    assert [read(database, connection_id, new) for connection_id in ours] == [GIVEN] * 3
    with pytest.raises(LockedError):
        read(database, ours[0], key)
    with database.read() as transaction:
        assert key_row(transaction) == new[0]


def test_encrypting_anew_that_breaks_off_leaves_all_as_it_was(database: Database, key: Key) -> None:
    ours = [add_connection(database, name) for name in "ab"]
    put(database, ours[0], key)
    put(database, ours[1], key)
    with database.write() as transaction:
        transaction.exec_driver_sql("UPDATE credentials SET blob = x'01' WHERE connection_id = 2")
    new = new_key()
    with pytest.raises(LockedError), database.write() as transaction:
        sealed_rows.encrypt_anew(transaction, key[1], new[1], new[0], NOW)
    assert read(database, ours[0], key) == GIVEN


def test_credentials_die_with_their_connection(database: Database, key: Key) -> None:
    ours = add_connection(database)
    put(database, ours, key)
    with database.write() as transaction:
        assert connections.remove(transaction, ours)["credentials"] == 1
        assert secrets.count(transaction) == 0


def test_the_database_itself_deletes_what_a_removed_connection_had(
    database: Database, key: Key
) -> None:
    ours = add_connection(database)
    put(database, ours, key)
    assert database.file is not None
    with closing(sqlite3.connect(database.file)) as plain:
        plain.execute("PRAGMA foreign_keys=ON")
        plain.execute("DELETE FROM connections WHERE id = ?", (ours,))
        assert plain.execute("SELECT count(*) FROM credentials").fetchone() == (0,)


def test_the_setup_of_a_connection_changes_with_its_credentials(
    database: Database, key: Key
) -> None:
    ours = add_connection(database)

    def setup_time() -> int | None:
        with database.read() as transaction:
            return connections.setups(transaction)[0].credentials_ms

    assert setup_time() is None
    put(database, ours, key)
    assert setup_time() == to_ms(NOW)


def test_forgetting_all_ends_live_trading_of_who_had_some(database: Database, key: Key) -> None:
    ours, other = add_connection(database, "a"), add_connection(database, "b")
    put(database, ours, key)
    with database.write() as transaction:
        transaction.exec_driver_sql("UPDATE connections SET live = 1, enabled = 1")
        assert sealed_rows.forget_all(transaction, NOW) == 1
    with database.read() as transaction:
        assert [setup.live for setup in connections.setups(transaction)] == [False, True]
        assert key_row(transaction) is None
    assert other
