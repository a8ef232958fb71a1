"""Changing a connection: checked as it would be, stored in one transaction, and what it voids."""

from dataclasses import fields
from typing import Any, Final

from cts_tui.desk.credentials import CredentialDesk
from cts_tui.desk.drafts import check_draft
from cts_tui.desk.room import Room
from cts_tui.errors import ConfigError
from cts_tui.model.connection import RECORDED_EXCHANGE, ConnectionDraft, ConnectionSetup
from cts_tui.model.credentials import Credentials
from cts_tui.model.trading import EventKind
from cts_tui.store import connections, positions
from cts_tui.store.database import Transaction

_TESTED: Final = frozenset({"exchange", "mode", "market", "ccxt_config"})
"""What a connection test rests on, beside the credentials."""

_STORED: Final = (("symbols", list), ("symbols_filter", lambda text: text or None))
"""How what is given is stored; an empty filter is none."""


class ConnectionChanges:
    """Makes changes to connections; live trading ends with each of them."""

    def __init__(self, room: Room, credentials: CredentialDesk) -> None:
        self._room = room
        self._credentials = credentials

    def make(
        self,
        name: str,
        changes: dict[str, Any],
        credentials: Credentials | None,
        *,
        forget_credentials: bool,
    ) -> None:
        """Change a connection by field. Raises ConfigError or LockedError; nothing changes then."""
        if not changes and credentials is None and not forget_credentials:
            raise ConfigError(
                f"nothing to change was given for {name}; see: connections edit --help"
            )
        key = None
        if credentials is not None:
            with self._room.database.read() as transaction:
                draft = self._checked(transaction, name, changes)[1]
            key = self._credentials.checked(draft.exchange, credentials)
        with self._room.database.write() as transaction:
            setup, _ = self._checked(transaction, name, changes)
            self._change(transaction, setup, changes, has_new_key=key is not None)
            if forget_credentials:
                self._credentials.forget(transaction, setup, "credentials removed")
            if credentials and key:
                self._credentials.store(transaction, setup.id, name, credentials, key)

    def _checked(
        self, transaction: Transaction, name: str, changes: dict[str, Any]
    ) -> tuple[ConnectionSetup, ConnectionDraft]:
        """Return a connection, and as it would be. Raises ConfigError where it must not be so."""
        setup = connections.find(transaction, name)
        if setup is None:
            raise unknown_connection(transaction, name)
        if setup.exchange == RECORDED_EXCHANGE:
            raise ConfigError(f"{name} holds a replay: there is nothing to change on it")
        if changes.get("symbols_filter") == "" and setup.symbols_filter is None:
            del changes["symbols_filter"]
        draft = _changed(setup, changes)
        check_draft(draft)
        self._refuse_orphans(transaction, setup, changes)
        return setup, draft

    def _change(
        self,
        transaction: Transaction,
        setup: ConnectionSetup,
        changes: dict[str, Any],
        *,
        has_new_key: bool,
    ) -> None:
        """Store changes, and end what they void."""
        before = {key: getattr(setup, key) for key in changes}
        voided = {"last_test": None} if has_new_key or _TESTED & changes.keys() else {}
        columns = changes | {
            key: convert(changes[key]) for key, convert in _STORED if key in changes
        }
        connections.change(
            transaction,
            setup.id,
            self._room.now(),
            **columns,
            **voided,
            live=False,
            is_predefined=False,  # the trader has made it his own
        )
        if changes:
            self._room.tell(
                transaction,
                EventKind.CONNECTION,
                setup.name,
                "connection changed",
                before=listed(before),
                after=listed(changes),
            )
        if not has_new_key and changes.get("exchange", setup.exchange) != setup.exchange:
            message = "credentials forgotten: they were for another exchange"
            self._credentials.forget(transaction, setup, message)

    def _refuse_orphans(
        self, transaction: Transaction, setup: ConnectionSetup, changes: dict[str, Any]
    ) -> None:
        """Refuse a change that would leave an open position without its market."""
        held = positions.views(
            transaction, self._room.clock.now_ms(), is_open=True, connection=setup.name
        )
        if not held:
            return
        moved = [key for key in ("exchange", "mode", "market", "timeframe") if key in changes]
        if moved:
            raise ConfigError(
                f"{setup.name} has {open_positions(len(held))}: close them before you change its "
                f"{' and '.join(moved)}"
            )
        if changes.get("symbols_filter"):
            return  # what is held stays watched, whatever a filter chooses
        lost = sorted({view.symbol for view in held} - set(changes.get("symbols", setup.symbols)))
        if lost:
            raise ConfigError(
                f"{setup.name} has open positions on {', '.join(lost)}: close them before you "
                "take the symbol away"
            )


def _changed(setup: ConnectionSetup, changes: dict[str, Any]) -> ConnectionDraft:
    """Return the connection as it would be."""
    return ConnectionDraft(
        **{
            field.name: changes.get(field.name, getattr(setup, field.name))
            for field in fields(ConnectionDraft)
        }
    )


def listed(values: dict[str, Any]) -> str:
    """Return `key value, key value` for an event; of an overlay, only what it touches."""
    return ", ".join(f"{key} {_plain(value)}" for key, value in values.items())


def _plain(value: Any) -> str:
    if isinstance(value, tuple | dict):
        return ",".join(value) or "nothing"
    return str(value)


def unknown_connection(transaction: Transaction, name: str) -> ConfigError:
    """Return that there is no such connection, with the names there are."""
    known = connections.setups(transaction)
    names = sorted(one.name for one in known if one.exchange != RECORDED_EXCHANGE)
    return ConfigError(f"there is no connection called {name!r}; there are: {', '.join(names)}")


def open_positions(count: int) -> str:
    """Return `1 open position`, `2 open positions`."""
    return f"{count} open position{'s' * (count != 1)}"
