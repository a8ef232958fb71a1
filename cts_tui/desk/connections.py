"""What a face may do with connections. Every change leaves an event; a refusal changes nothing."""

from typing import Any

from cts_tui.desk.connection_changes import ConnectionChanges, listed, open_positions
from cts_tui.desk.connection_details import connection_details
from cts_tui.desk.credentials import CredentialDesk
from cts_tui.desk.drafts import check_draft
from cts_tui.desk.live_gates import ClosedGatesError, found, gates
from cts_tui.desk.room import Room
from cts_tui.errors import ConfigError
from cts_tui.model.connection import (
    RECORDED_EXCHANGE,
    ConnectionDraft,
    ConnectionSetup,
)
from cts_tui.model.connection_view import ConnectionDetail
from cts_tui.model.credentials import Credentials
from cts_tui.model.gate import Gate
from cts_tui.model.trading import EventKind, MarketType, Mode
from cts_tui.model.views import ConnectionView
from cts_tui.store import connections, positions
from cts_tui.store.database import Transaction
from cts_tui.store.heard import connection_views


class ConnectionDesk:
    """Connections: list, add, change, enable, arm, remove."""

    def __init__(self, room: Room, credentials: CredentialDesk) -> None:
        self._room = room
        self._credentials = credentials
        self._changes = ConnectionChanges(room, credentials)

    def list(self, *, with_recorded: bool = False) -> list[ConnectionView]:
        """Return every connection in order of name; those of replays only when asked for."""
        with self._room.database.read() as transaction:
            return connection_views(
                transaction, self._room.clock.now_ms(), with_recorded=with_recorded
            )

    def get(self, name: str) -> ConnectionView:
        """Return one connection. Raises ConfigError when there is none of that name."""
        for view in self.list(with_recorded=True):
            if view.name == name:
                return view
        raise self._unknown(name)

    def details(self, *, with_recorded: bool = False) -> tuple[ConnectionDetail, ...]:
        """Return every connection in full: with its session, feeds and last test."""
        with self._room.database.read() as transaction:
            return connection_details(
                transaction, self._room.clock.now_ms(), with_recorded=with_recorded
            )

    def detail(self, name: str) -> ConnectionDetail:
        """Return one connection in full. Raises ConfigError when there is none of that name."""
        for detail in self.details(with_recorded=True):
            if detail.view.name == name:
                return detail
        raise self._unknown(name)

    def add(self, draft: ConnectionDraft, credentials: Credentials | None = None) -> None:
        """Add a connection: disabled, not live; its credentials are stored encrypted.

        Raises ConfigError when something is wrong, LockedError without a key to encrypt with.
        """
        check_draft(draft)
        key = self._credentials.checked(draft.exchange, credentials) if credentials else None
        with self._room.database.write() as transaction:
            for setup in connections.setups(transaction):
                if setup.name.lower() == draft.name.lower():
                    raise ConfigError(
                        f"there is a connection called {setup.name} already; choose another name, "
                        f"or change it with: connections edit {setup.name}"
                    )
            connection_id = connections.add(transaction, draft, self._room.now())
            what = {key: getattr(draft, key) for key in ("exchange", "mode", "market", "symbols")}
            self._tell(transaction, draft.name, "connection added, disabled", None, listed(what))
            if credentials and key:
                self._credentials.store(transaction, connection_id, draft.name, credentials, key)

    def edit(
        self,
        name: str,
        *,
        exchange: str | None = None,
        mode: Mode | None = None,
        market: MarketType | None = None,
        symbols: tuple[str, ...] | None = None,
        timeframe: str | None = None,
        ccxt_config: dict[str, Any] | None = None,
        symbols_filter: str | None = None,
        credentials: Credentials | None = None,
        forget_credentials: bool = False,
    ) -> None:
        """Change what is not None; an empty filter or overlay takes it away.

        Raises ConfigError when something is wrong or would orphan a position.
        Live trading is turned off. A change of where it trades voids the last test; a change of
        the exchange forgets the credentials, which are another exchange's.
        """
        wanted = {
            "exchange": exchange,
            "mode": mode,
            "market": market,
            "symbols": symbols,
            "timeframe": timeframe,
            "ccxt_config": ccxt_config,
            "symbols_filter": symbols_filter,
        }
        changes = {key: value for key, value in wanted.items() if value is not None}
        self._changes.make(name, changes, credentials, forget_credentials=forget_credentials)

    def remove(self, name: str, *, force: bool = False) -> dict[str, int]:
        """Remove a connection and all that belongs to it; return the rows removed by table.

        Raises ConfigError while a position is open, unless `force`.
        """
        with self._room.database.write() as transaction:
            setup = self._find(transaction, name)
            held = positions.count_open(transaction, setup.id)
            if held and not force:
                raise ConfigError(
                    f"{name} has {open_positions(held)}: close them first, or remove it with "
                    "--force, which forgets them without closing them"
                )
            removed = connections.remove(transaction, setup.id)
            rows = _counted(removed)
            message = f"connection removed with {rows}" if rows else "connection removed"
            self._tell(transaction, name, message, "present", None)
        return removed

    def enable(self, name: str) -> None:
        """Have the engine run a connection."""
        with self._room.database.write() as transaction:
            setup = self._find(transaction, name)
            if setup.exchange == RECORDED_EXCHANGE:
                raise ConfigError(f"{name} holds a replay: it has no market to run on")
            if not setup.enabled:
                connections.change(transaction, setup.id, self._room.now(), enabled=True)
                self._tell(transaction, name, "connection enabled", "disabled", "enabled")

    def disable(self, name: str) -> None:
        """Have the engine of a connection stop; its live trading ends in the same transaction."""
        with self._room.database.write() as transaction:
            setup = self._find(transaction, name)
            if not setup.enabled and not setup.live:
                return
            connections.change(transaction, setup.id, self._room.now(), enabled=False, live=False)
            message = "connection disabled" + ", live trading off" * setup.live
            self._tell(transaction, name, message, "enabled", "disabled")

    def live_gates(self, name: str, confirm: str = "") -> tuple[Gate, ...]:
        """Return what must hold before a connection may trade real money, one by one (S2)."""
        with self._room.database.read() as transaction:
            setup = self._find(transaction, name)
            return gates(found(transaction, setup, self._room.clock.now_ms()), confirm)

    def live_on(self, name: str, confirm: str) -> tuple[Gate, ...]:
        """Arm live trading where every gate is open; return the gates.

        Raises ClosedGatesError, which has them all, when one is closed.
        """
        with self._room.database.write() as transaction:
            setup = self._find(transaction, name)
            all_gates = gates(found(transaction, setup, self._room.clock.now_ms()), confirm)
            if not all(gate.is_open for gate in all_gates):
                raise ClosedGatesError(name, all_gates)
            if not setup.live:
                connections.change(transaction, setup.id, self._room.now(), live=True)
                message = f"live trading armed, mode {setup.mode}, all {len(all_gates)} gates open"
                self._tell(transaction, name, message, "not live", "live")
        return all_gates

    def live_off(self, name: str) -> None:
        """Turn live trading off, at once and without a question."""
        with self._room.database.write() as transaction:
            setup = self._find(transaction, name)
            if setup.live:
                connections.change(transaction, setup.id, self._room.now(), live=False)
                self._tell(transaction, name, "live trading off", "live", "not live")

    def _find(self, transaction: Transaction, name: str) -> ConnectionSetup:
        setup = connections.find(transaction, name)
        if setup is None:
            raise self._unknown(name)
        return setup

    def _unknown(self, name: str) -> ConfigError:
        names = [view.name for view in self.list()]
        return ConfigError(f"there is no connection called {name!r}; there are: {', '.join(names)}")

    def _tell(
        self,
        transaction: Transaction,
        name: str,
        message: str,
        before: str | None,
        after: str | None,
    ) -> None:
        self._room.tell(
            transaction, EventKind.CONNECTION, name, message, before=before, after=after
        )


def _counted(rows: dict[str, int]) -> str:
    """Return `3 orders, 2 positions` for the tables that have rows."""
    return ", ".join(f"{count} {table.replace('_', ' ')}" for table, count in rows.items() if count)
