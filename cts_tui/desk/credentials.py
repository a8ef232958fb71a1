"""The credentials of connections, for a face: stored encrypted, never given back (S10)."""

from typing import Final

from cts_tui.desk.room import Room
from cts_tui.errors import ConfigError
from cts_tui.exchange.required import required_credentials
from cts_tui.model.connection import RECORDED_EXCHANGE, SIMULATED_EXCHANGE, ConnectionSetup
from cts_tui.model.credentials import Credentials
from cts_tui.model.trading import EventKind
from cts_tui.model.vault import StoredCredentials
from cts_tui.redaction import keep_secret
from cts_tui.store import connections, secrets
from cts_tui.store.database import Transaction
from cts_tui.store.key_rows import KeyRow
from cts_tui.store.sealing import SealingKey
from cts_tui.store.vault import Vault

Key = tuple[KeyRow, SealingKey]
_LONGEST: Final = 16_384


class CredentialDesk:
    """Credentials: put, remove, and whether there are any."""

    def __init__(self, room: Room, vault: Vault) -> None:
        self._room = room
        self._vault = vault

    def put(self, name: str, credentials: Credentials) -> None:
        """Store the credentials of a connection in place of others; live trading is turned off.

        Raises ConfigError when something is missing, LockedError without a key to encrypt with.
        """
        with self._room.database.read() as transaction:
            exchange = self._find(transaction, name).exchange
        key = self.checked(exchange, credentials)
        with self._room.database.write() as transaction:
            setup = self._find(transaction, name)
            connections.change(transaction, setup.id, self._room.now(), live=False, last_test=None)
            self.store(transaction, setup.id, name, credentials, key)

    def remove(self, name: str) -> bool:
        """Forget the credentials of a connection, live trading ends; return whether it had any."""
        with self._room.database.write() as transaction:
            setup = self._find(transaction, name)
            return self.forget(transaction, setup, "credentials removed")

    def has(self, name: str) -> bool:
        """Return whether credentials of a connection are stored."""
        return self.stored(name) is not None

    def stored(self, name: str) -> StoredCredentials | None:
        """Return which credentials of a connection are stored, None where there are none."""
        with self._room.database.read() as transaction:
            setup = self._find(transaction, name)
            return secrets.stored(transaction).get(setup.id)

    def read(self, name: str) -> Credentials | None:
        """Return the credentials of a connection, to test it with. Raises LockedError.

        They are for the exchange alone: nothing that is shown or written may hold them.
        """
        with self._room.database.read() as transaction:
            setup = self._find(transaction, name)
        return self._vault.credentials_of(setup.id)

    def checked(self, exchange: str, credentials: Credentials) -> Key:
        """Check credentials for an exchange, and return the key to encrypt them with.

        Outside of any transaction: the key may have to be derived or asked for. Raises ConfigError
        when a field is missing, LockedError without a key.
        """
        keep_secret(credentials.secrets)
        check_credentials(exchange, credentials)
        return self._vault.opened_for_writing()

    def store(
        self,
        transaction: Transaction,
        connection_id: int,
        name: str,
        credentials: Credentials,
        key: Key,
    ) -> None:
        """Store credentials in the transaction of a change; the event names the fields only."""
        before = secrets.stored(transaction).get(connection_id)
        row, value = key
        secrets.put(transaction, connection_id, credentials, value, row, self._room.now())
        self._room.tell(
            transaction,
            EventKind.CONNECTION,
            name,
            "credentials changed" if before else "credentials stored",
            before=_told(before.fields if before else ()),
            after=_told(credentials.given),
        )

    def forget(self, transaction: Transaction, setup: ConnectionSetup, message: str) -> bool:
        """Delete credentials in the transaction of a change; live trading ends with them."""
        before = secrets.stored(transaction).get(setup.id)
        if before is None:
            return False
        secrets.remove(transaction, setup.id)
        connections.change(transaction, setup.id, self._room.now(), live=False, last_test=None)
        self._room.tell(
            transaction,
            EventKind.CONNECTION,
            setup.name,
            message,
            before=_told(before.fields),
            after=_told(()),
        )
        return True

    def _find(self, transaction: Transaction, name: str) -> ConnectionSetup:
        setup = connections.find(transaction, name)
        if setup is None:
            raise ConfigError(f"there is no connection called {name!r}; see: connections list")
        return setup


def check_credentials(exchange: str, credentials: Credentials) -> None:
    """Check that the fields an exchange asks for are there. Raises ConfigError, echoing none."""
    if exchange in (SIMULATED_EXCHANGE, RECORDED_EXCHANGE):
        raise ConfigError(f"{exchange} is no exchange that takes credentials: leave them out")
    if not credentials.given:
        raise ConfigError("the credentials are empty: expected at least an apiKey and a secret")
    if any(len(value) > _LONGEST for value in credentials.secrets):
        raise ConfigError(f"a credential is longer than {_LONGEST} characters: that is no key")
    required = required_credentials(exchange)
    missing = [name for name in required if name not in credentials.given]
    if missing:
        raise ConfigError(
            f"{exchange} asks for {', '.join(required)}: {', '.join(missing)} "
            f"{'is' if len(missing) == 1 else 'are'} missing"
        )


def _told(fields: tuple[str, ...]) -> str:
    return "credentials " + (", ".join(fields) or "none")
