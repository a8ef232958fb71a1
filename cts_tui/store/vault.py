"""The vault: finds the master key where the trader keeps it, once, and reads secrets with it.

The key is looked for when it is first needed: a desk of paper connections never asks for it.
"""

import os
from collections.abc import Callable
from pathlib import Path
from threading import RLock
from typing import Final

from cts_tui.errors import LockedError
from cts_tui.model.alerts import AlertTarget
from cts_tui.model.credentials import Credentials
from cts_tui.model.vault import KeySource, VaultStatus
from cts_tui.redaction import keep_secret
from cts_tui.store import alert_targets, key_files, key_ring, sealed_rows, secrets
from cts_tui.store.database import Database
from cts_tui.store.key_rows import KeyRow, key_row
from cts_tui.store.sealing import SealingKey, from_material, from_text, new_material

Ask = Callable[[str], str]
"""Asks the trader for a passphrase by a prompt. Raises LockedError where nobody can be asked."""
_TRIES: Final = 3
NO_KEY: Final = (
    "there is no key to encrypt credentials with: CTS_MASTER_KEY is not set and this machine has "
    "no OS keyring (a server seldom has). Choose one: set CTS_MASTER_KEY; or a private key file "
    "in the config folder: cts-tui secrets use file; or a passphrase that is asked once at each "
    "start: cts-tui secrets use passphrase"
)
_WRONG: Final = {
    KeySource.ENV: "CTS_MASTER_KEY is not the key that the stored credentials are encrypted with: "
    "set the right one",
    KeySource.PASSPHRASE: "this is not the passphrase that the stored credentials are encrypted "
    "with: try again with the right one",
    KeySource.FILE: "the key file does not hold the key that the stored credentials are encrypted "
    "with: put the right one back",
    KeySource.KEYRING: "the keyring does not hold the key that the stored credentials are "
    "encrypted with: restore it",
}


class Vault:
    """Built once for a store and passed in. Thread-safe; the key is never written by it."""

    def __init__(
        self, database: Database, *, data_root: Path | None = None, ask: Ask | None = None
    ) -> None:
        """`data_root` is the data folder, in which no key file may lie."""
        self._database = database
        self._data_root = data_root
        self._lock = RLock()
        self._passphrase = ""
        self._opened: tuple[KeyRow, SealingKey] | None = None
        self.ask = ask

    def credentials_of(self, connection_id: int) -> Credentials | None:
        """Return the credentials of a connection, None where it has none: then no key is needed.

        Raises LockedError with one line that says what to do.
        """
        with self._database.read() as transaction:
            if connection_id not in secrets.stored(transaction):
                return None
        key = self.key()
        with self._database.read() as transaction:
            return secrets.read(transaction, connection_id, key)

    def alert_targets(self) -> list[AlertTarget]:
        """Return the targets of alerts with their addresses; without any, no key is needed.

        Raises LockedError with one line that says what to do.
        """
        with self._database.read() as transaction:
            if not alert_targets.count(transaction):
                return []
        key = self.key()
        with self._database.read() as transaction:
            return alert_targets.read(transaction, key)

    def key(self) -> SealingKey:
        """Return the key in use. Raises LockedError where it is missing or wrong."""
        return self.opened()[1]

    def opened(self) -> tuple[KeyRow, SealingKey]:
        """Return the key in use with its row. Raises LockedError."""
        with self._lock:
            row = self._row()
            if row is None:
                raise LockedError("no credentials are stored, and no key for them is chosen")
            if self._opened is None or self._opened[0].key_id != row.key_id:
                self._opened = (row, self._find(row))
            return self._opened

    def opened_for_writing(self) -> tuple[KeyRow, SealingKey]:
        """Return the key to encrypt with, with its row; a new one before the first credentials.

        Then CTS_MASTER_KEY is taken where it is set, else the keyring. Raises LockedError.
        """
        with self._lock:
            if self._row() is not None:
                return self.opened()
            if self._opened is None:
                self._opened = self.make(self._first_choice())
            return self._opened

    def unlock(self, passphrase: str) -> None:
        """Take the trader's passphrase for this process. Raises LockedError where it is wrong."""
        with self._lock:
            row = self._row()
            if row is None or row.source is not KeySource.PASSPHRASE:
                return
            self._opened = (row, self._fitting(row, _from_passphrase(passphrase, row)))
            self._passphrase = passphrase

    @property
    def needs_passphrase(self) -> bool:
        """Whether secrets are stored that only the trader's passphrase opens."""
        with self._lock:
            row = self._row()
            if row is None or row.source is not KeySource.PASSPHRASE:
                return False
            is_open = self._opened is not None and self._opened[0].key_id == row.key_id
        with self._database.read() as transaction:
            return not is_open and sealed_rows.count(transaction) > 0

    def make(self, source: KeySource, text: str = "") -> tuple[KeyRow, SealingKey]:
        """Make a new key where `source` keeps it; its row is for the caller to store.

        `text` is the passphrase, or what stands for CTS_MASTER_KEY. Raises LockedError where the
        key cannot be kept there.
        """
        row = KeyRow.new(source)
        value = self._make_value(row, text)
        return row.sealed_by(value), SealingKey(row.key_id, value)

    def adopt(self, opened: tuple[KeyRow, SealingKey], text: str = "") -> None:
        """Use a key whose row is stored from now on; `text` as for `make`."""
        with self._lock:
            self._opened = opened
            self._passphrase = text if opened[0].source is KeySource.PASSPHRASE else ""

    def is_same(self, opened: tuple[KeyRow, SealingKey], text: str) -> bool:
        """Return whether `text` is what a key was derived from."""
        return from_text(text, opened[0].salt) == opened[1].value

    def status(self) -> VaultStatus:
        """Return how credentials are kept; a passphrase is not asked for."""
        with self._database.read() as transaction:
            credentials = secrets.count(transaction)
            targets = alert_targets.count(transaction)
        row, fault, is_usable = None, "", None
        try:
            row = self._row()
            if row is None:
                self._first_choice()
            if not (row and row.source is KeySource.PASSPHRASE and self.needs_passphrase):
                is_usable = row is None or bool(self.opened())
        except LockedError as error:
            fault, is_usable = str(error), False
        has_file = row is not None and row.source is KeySource.FILE
        return VaultStatus(
            source=row.source if row else None,
            is_usable=is_usable,
            fault=fault,
            credentials=credentials,
            targets=targets,
            has_env=bool(_variable("CTS_MASTER_KEY")),
            keyring=key_ring.name(),
            key_file=str(key_files.key_file(row.key_id)) if row and has_file else "",
        )

    def _row(self) -> KeyRow | None:
        with self._database.read() as transaction:
            return key_row(transaction)

    def _first_choice(self) -> KeySource:
        """Return the source that is used where the trader has chosen none."""
        if _variable("CTS_MASTER_KEY"):
            return KeySource.ENV
        if key_ring.name():
            return KeySource.KEYRING
        raise LockedError(NO_KEY)

    def _make_value(self, row: KeyRow, text: str) -> bytes:
        match row.source:
            case KeySource.ENV:
                return from_text(text or _required_variable(), row.salt)
            case KeySource.PASSPHRASE:
                return _from_passphrase(text, row)
            case KeySource.FILE:
                material = new_material()
                key_files.write(row.key_id, material, self._data_root)
            case KeySource.KEYRING:
                material = new_material()
                key_ring.write(row.key_id, material)
        return from_material(material, row.salt)

    def _find(self, row: KeyRow) -> SealingKey:
        match row.source:
            case KeySource.ENV:
                value = from_text(_required_variable(), row.salt)
            case KeySource.PASSPHRASE:
                return self._ask_for(row)
            case KeySource.FILE:
                value = from_material(key_files.read(row.key_id, self._data_root), row.salt)
            case KeySource.KEYRING:
                value = from_material(key_ring.read(row.key_id), row.salt)
        return self._fitting(row, value)

    def _ask_for(self, row: KeyRow) -> SealingKey:
        """Return the key of the passphrase that is known, or asked for on the terminal."""
        if self._passphrase:
            return self._fitting(row, _from_passphrase(self._passphrase, row))
        if self.ask is None:
            raise LockedError(
                "the stored credentials are locked by a passphrase that was not given: start "
                "cts-tui on a terminal, where it is asked once"
            )
        for tries_left in reversed(range(_TRIES)):
            again = "" if tries_left == _TRIES - 1 else "That is not it. "
            passphrase = self.ask(f"{again}Passphrase of the stored credentials: ")
            try:
                key = self._fitting(row, _from_passphrase(passphrase, row))
            except LockedError:
                if not tries_left or not passphrase:
                    raise
            else:
                self._passphrase = passphrase
                return key
        raise AssertionError("the last try returns or raises")

    def _fitting(self, row: KeyRow, value: bytes) -> SealingKey:
        """Return the key, if it is the one that the store was encrypted with."""
        if not row.fits(value):
            raise LockedError(
                f"{_WRONG[row.source]}. Nothing was changed; without it start over with: "
                "cts-tui secrets use SOURCE --forget"
            )
        return SealingKey(row.key_id, value)


def discard(row: KeyRow) -> None:
    """Delete what is kept of a key that nothing is encrypted with any more."""
    if row.source is KeySource.FILE:
        key_files.remove(row.key_id)
    elif row.source is KeySource.KEYRING:
        key_ring.remove(row.key_id)


def next_master_key() -> str:
    """Return CTS_MASTER_KEY_NEW, to which a rotation leads; empty where it is not set."""
    return _variable("CTS_MASTER_KEY_NEW")


def _from_passphrase(passphrase: str, row: KeyRow) -> bytes:
    keep_secret([passphrase])
    return from_text(passphrase, row.salt)


def _variable(name: str) -> str:
    text = os.environ.get(name, "").strip()
    keep_secret([text])
    return text


def _required_variable() -> str:
    text = _variable("CTS_MASTER_KEY")
    if not text:
        raise LockedError(
            "the stored credentials are encrypted with CTS_MASTER_KEY, which is not set here: set "
            "it, or start over with: cts-tui secrets use SOURCE --forget"
        )
    return text
