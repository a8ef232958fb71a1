"""The vault: where the key comes from, what happens where it is missing or wrong."""

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cts_tui.errors import LockedError
from cts_tui.model.credentials import Credentials
from cts_tui.model.vault import KeySource
from cts_tui.paths import config_folder
from cts_tui.store import key_ring, secrets
from cts_tui.store.database import Database
from cts_tui.store.key_files import key_file
from cts_tui.store.vault import Vault, discard

from .keyrings import Forgetful, Locked, Memory, PlaintextKeyring, used
from .samples import NOW, add_connection

GIVEN = Credentials(api_key="AK-" + "e5f6" * 8, secret="SK-" + "a7b8" * 8)
PASSPHRASE = "correct horse battery"


@pytest.fixture
def vault(database: Database, tmp_path: Path) -> Vault:
    return Vault(database, data_root=tmp_path / "data")


@pytest.fixture
def ring() -> Iterator[Memory]:
    with used(Memory()) as backend:
        assert isinstance(backend, Memory)
        yield backend


Reopen = Callable[[], Vault]


@pytest.fixture
def reopen(database: Database, tmp_path: Path) -> Reopen:
    """A vault as the next process would have it."""
    return lambda: Vault(database, data_root=tmp_path / "data")


def store(database: Database, vault: Vault, source: KeySource | None = None, text: str = "") -> int:
    """Store credentials with a key from `source`, or the one that is taken unasked."""
    ours = add_connection(database)
    row, key = vault.make(source, text) if source else vault.opened_for_writing()
    with database.write() as transaction:
        secrets.put(transaction, ours, GIVEN, key, row, NOW)
    return ours


def test_nothing_is_asked_for_where_nothing_is_stored(database: Database, vault: Vault) -> None:
    assert vault.credentials_of(add_connection(database)) is None
    assert vault.status().credentials == 0
    assert not vault.needs_passphrase


def test_a_server_without_keyring_is_told_its_choices_in_one_line(vault: Vault) -> None:
    with pytest.raises(LockedError) as refused:
        vault.opened_for_writing()
    line = str(refused.value)
    assert "\n" not in line
    for choice in ("CTS_MASTER_KEY", "secrets use file", "secrets use passphrase"):
        assert choice in line
    status = vault.status()
    assert (status.source, status.is_usable, status.fault) == (None, False, line)


@pytest.mark.parametrize("text", ["ab" * 32, "two words", "  spaced  ", "x" * 300])
def test_cts_master_key_is_taken_first_and_may_be_any_text(
    database: Database,
    vault: Vault,
    reopen: Reopen,
    ring: Memory,
    text: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CTS_MASTER_KEY", text)
    ours = store(database, vault)
    assert reopen().credentials_of(ours) == GIVEN
    assert reopen().status().source is KeySource.ENV
    assert ring.kept == {}


def test_a_wrong_or_missing_cts_master_key_is_one_line_and_loses_nothing(
    database: Database, vault: Vault, reopen: Reopen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CTS_MASTER_KEY", "the right one")
    ours = store(database, vault)
    monkeypatch.setenv("CTS_MASTER_KEY", "the wrong one")
    with pytest.raises(LockedError, match="CTS_MASTER_KEY is not the key") as refused:
        reopen().credentials_of(ours)
    assert "the wrong one" not in str(refused.value)
    monkeypatch.delenv("CTS_MASTER_KEY")
    with pytest.raises(LockedError, match="which is not set here"):
        reopen().credentials_of(ours)
    monkeypatch.setenv("CTS_MASTER_KEY", "the right one")
    assert reopen().credentials_of(ours) == GIVEN


def test_the_keyring_is_taken_where_there_is_one(
    database: Database, vault: Vault, reopen: Reopen, ring: Memory
) -> None:
    ours = store(database, vault)
    assert reopen().credentials_of(ours) == GIVEN
    assert len(ring.kept) == 1
    status = reopen().status()
    assert (status.source, status.is_usable, status.keyring) == (KeySource.KEYRING, True, "memory")
    ring.kept.clear()
    with pytest.raises(LockedError, match="does not hold the key"):
        reopen().credentials_of(ours)


def test_a_keyring_that_was_chosen_is_used_although_cts_master_key_is_set(
    database: Database,
    vault: Vault,
    reopen: Reopen,
    ring: Memory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ours = store(database, vault)
    monkeypatch.setenv("CTS_MASTER_KEY", "something else")
    assert reopen().credentials_of(ours) == GIVEN
    assert ring.kept


@pytest.mark.parametrize(
    ("backend", "said"),
    [
        (Forgetful(), "not there afterwards"),
        (Locked(), "the collection is locked"),
        (PlaintextKeyring(), "no keyring that can be used"),
    ],
)
def test_a_keyring_that_keeps_nothing_is_refused(vault: Vault, backend: Memory, said: str) -> None:
    with used(backend), pytest.raises(LockedError, match=said):
        vault.make(KeySource.KEYRING)


def test_the_null_and_fail_keyrings_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    from keyring.backends import fail, null

    for backend in (fail.Keyring(), null.Keyring(), PlaintextKeyring()):
        with used(backend):
            assert key_ring.name() == ""
    monkeypatch.setattr("keyring.get_keyring", lambda: 1 / 0)
    assert key_ring.name() == ""


def test_of_several_keyrings_only_one_of_the_system_is_taken() -> None:
    class Chain(Memory):
        backends = (PlaintextKeyring(), Memory())

    with used(Chain()):
        assert key_ring.name() == ""


def test_a_key_file_is_private_and_lies_in_the_config_folder(
    database: Database, vault: Vault, reopen: Reopen
) -> None:
    ours = store(database, vault, KeySource.FILE)
    file = Path(reopen().status().key_file)
    assert file.is_relative_to(config_folder())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert reopen().credentials_of(ours) == GIVEN


def test_a_key_file_that_others_may_read_is_closed_before_it_is_used(
    database: Database, vault: Vault, reopen: Reopen, caplog: pytest.LogCaptureFixture
) -> None:
    ours = store(database, vault, KeySource.FILE)
    file = Path(vault.status().key_file)
    file.chmod(0o644)
    assert reopen().credentials_of(ours) == GIVEN
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "was open to others" in caplog.text


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda file: file.unlink(), "cannot be read"),
        (lambda file: file.write_text("nonsense"), "holds no key"),
        (lambda file: file.write_text("A" * 43 + "="), "does not hold the key"),
        (lambda file: file.write_bytes(b"\xff\x00"), "holds no key"),
    ],
)
def test_a_key_file_that_is_not_right_is_one_line(
    database: Database,
    vault: Vault,
    reopen: Reopen,
    damage: Callable[[Path], object],
    said: str,
) -> None:
    ours = store(database, vault, KeySource.FILE)
    damage(Path(vault.status().key_file))
    with pytest.raises(LockedError, match=said):
        reopen().credentials_of(ours)
    assert reopen().status().is_usable is False


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_key_file_of_somebody_else_is_refused(
    database: Database, vault: Vault, reopen: Reopen
) -> None:
    ours = store(database, vault, KeySource.FILE)
    os.chown(vault.status().key_file, 65_534, 65_534)
    with pytest.raises(LockedError, match="belongs to another user"):
        reopen().credentials_of(ours)


@pytest.mark.parametrize("place", ["data/config", "data"])
def test_a_key_file_in_the_data_folder_is_refused(
    vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    (tmp_path / "link").symlink_to(tmp_path / place)
    for folder in (tmp_path / place, tmp_path / "link"):
        monkeypatch.setenv("CTS_CONFIG_DIR", str(folder))
        with pytest.raises(LockedError, match="would lie in the data folder"):
            vault.make(KeySource.FILE)
    assert not list(tmp_path.rglob("*.key"))


def test_a_passphrase_is_asked_for_once(database: Database, vault: Vault, reopen: Reopen) -> None:
    ours = store(database, vault, KeySource.PASSPHRASE, PASSPHRASE)
    asked: list[str] = []

    def ask(prompt: str) -> str:
        asked.append(prompt)
        return PASSPHRASE

    vault = reopen()
    assert vault.needs_passphrase
    assert vault.status().is_usable is None
    vault.ask = ask
    assert [vault.credentials_of(ours) for _ in range(3)] == [GIVEN] * 3
    assert len(asked) == 1
    assert not vault.needs_passphrase
    assert vault.status().is_usable is True


def test_a_passphrase_may_be_mistyped_twice(
    database: Database, vault: Vault, reopen: Reopen
) -> None:
    ours = store(database, vault, KeySource.PASSPHRASE, PASSPHRASE)
    answers = iter(["wrong", "wrong again", PASSPHRASE])
    vault = reopen()
    vault.ask = lambda _prompt: next(answers)
    assert vault.credentials_of(ours) == GIVEN
    vault = reopen()
    vault.ask = lambda _prompt: "wrong"
    with pytest.raises(LockedError, match="this is not the passphrase"):
        vault.credentials_of(ours)


def test_without_a_terminal_a_passphrase_is_one_line(
    database: Database, vault: Vault, reopen: Reopen
) -> None:
    ours = store(database, vault, KeySource.PASSPHRASE, PASSPHRASE)
    vault = reopen()
    with pytest.raises(LockedError, match="on a terminal, where it is asked once"):
        vault.credentials_of(ours)
    for wrong in ("wrong", ""):
        with pytest.raises(LockedError, match="this is not the passphrase"):
            vault.unlock(wrong)
    vault.unlock(PASSPHRASE)
    assert vault.credentials_of(ours) == GIVEN


def test_a_key_that_is_given_up_is_deleted(vault: Vault, ring: Memory) -> None:
    file_row, _ = vault.make(KeySource.FILE)
    ring_row, _ = vault.make(KeySource.KEYRING)
    assert key_file(file_row.key_id).exists()
    assert ring.kept
    for row in (file_row, ring_row, file_row, ring_row):  # a second time is no fault
        discard(row)
    assert not key_file(file_row.key_id).exists()
    assert ring.kept == {}
