"""Where the key to the stored credentials is kept: looked at, changed, rotated."""

from cts_tui.desk.room import Room
from cts_tui.errors import ConfigError, CtsError, LockedError
from cts_tui.model.trading import EventKind
from cts_tui.model.vault import KeySource, VaultStatus
from cts_tui.store import sealed_rows
from cts_tui.store.key_rows import KeyRow, key_row, save_key_row
from cts_tui.store.sealing import SealingKey
from cts_tui.store.vault import Vault, discard, next_master_key

Key = tuple[KeyRow, SealingKey]
_SHORTEST = 8


class SecretsDesk:
    """The master key: status, choice of its source, rotation."""

    def __init__(self, room: Room, vault: Vault) -> None:
        self._room = room
        self._vault = vault

    def status(self) -> VaultStatus:
        """Return how credentials are kept. It takes a moment: the key is tried."""
        return self._vault.status()

    @property
    def needs_passphrase(self) -> bool:
        """Whether credentials are stored that only the trader's passphrase opens."""
        return self._vault.needs_passphrase

    def unlock(self, passphrase: str) -> None:
        """Take the passphrase for this process. Raises LockedError where it is wrong."""
        self._vault.unlock(passphrase)

    def use(self, source: KeySource, passphrase: str = "", *, forget: bool = False) -> int:
        """Keep the key in `source` from now on; return how many secrets it encrypts.

        They are encrypted anew in one transaction: an interruption leaves all as before, or all
        done. `forget` deletes them where the present key is out of reach. Raises ConfigError where
        that is so already, LockedError where the present or the new key cannot be had.
        """
        old = self._present(forget=forget)
        if old is not None and old[0].source is source:
            raise ConfigError(
                f"the key is kept there already ({source}); a new one: cts-tui secrets rotate"
            )
        return self._change(old, source, _checked(source, passphrase), forget=forget)

    def rotate(self, passphrase: str = "") -> int:
        """Encrypt everything with a new key from the same source; return how many secrets.

        For `env` the new one is CTS_MASTER_KEY_NEW, for `passphrase` it is given. Raises
        ConfigError where there is nothing to rotate, LockedError without the present key.
        """
        if self._row() is None:
            raise ConfigError("no key is in use yet: choose one with: cts-tui secrets use SOURCE")
        old = self._vault.opened()
        source = old[0].source
        if source is KeySource.ENV:
            passphrase = next_master_key()
            if not passphrase:
                raise ConfigError(
                    "the new key is expected in CTS_MASTER_KEY_NEW, beside the present one in "
                    "CTS_MASTER_KEY: set it and try again"
                )
        text = _checked(source, passphrase)
        if source in (KeySource.ENV, KeySource.PASSPHRASE) and self._vault.is_same(old, text):
            raise ConfigError("the new key is the present one: choose another")
        return self._change(old, source, text)

    def _present(self, *, forget: bool) -> Key | None:
        """Return the key in use; None where there is none, or it may be given up."""
        try:
            if self._row() is None:
                return None
            return self._vault.opened()
        except LockedError:
            with self._room.database.read() as transaction:
                if forget or not sealed_rows.count(transaction):
                    return None
            raise

    def _change(
        self, old: Key | None, source: KeySource, text: str, *, forget: bool = False
    ) -> int:
        """Make a new key, encrypt with it, give up the old one: in this order."""
        new = self._vault.make(source, text)
        try:
            count = self._store(old, new, forget=forget)
        except CtsError:
            if self._row_id() != new[0].key_id:
                discard(new[0])
            raise
        self._vault.adopt(new, text)
        if old is not None:
            discard(old[0])
        return count

    def _store(self, old: Key | None, new: Key, *, forget: bool) -> int:
        now = self._room.now()
        with self._room.database.write() as transaction:
            before, count, message = "none", 0, "a key for credentials was made"
            if old is None:
                forgotten = sealed_rows.forget_all(transaction, now)
                if forgotten and not forget:
                    raise ConfigError("another process has just stored credentials: try again")
                save_key_row(transaction, new[0], now)
                if forgotten:
                    message = f"{forgotten} secrets forgotten, whose key was out of reach"
            else:
                stored = key_row(transaction)
                if stored is None or stored.key_id != old[0].key_id:
                    raise ConfigError("another process has just changed the key: try again")
                before = _told(old[0])
                count = sealed_rows.encrypt_anew(transaction, old[1], new[1], new[0], now)
                message = f"{count} secrets encrypted with a new key"
            self._room.tell(
                transaction,
                EventKind.SETTING,
                "master key",
                message,
                before=before,
                after=_told(new[0]),
            )
        return count

    def _row(self) -> KeyRow | None:
        with self._room.database.read() as transaction:
            return key_row(transaction)

    def _row_id(self) -> str | None:
        row = self._row()
        return None if row is None else row.key_id


def _checked(source: KeySource, passphrase: str) -> str:
    if source is KeySource.PASSPHRASE and len(passphrase) < _SHORTEST:
        raise ConfigError(f"a passphrase has at least {_SHORTEST} characters: choose a longer one")
    return passphrase


def _told(row: KeyRow) -> str:
    return f"{row.source} {row.key_id}"
