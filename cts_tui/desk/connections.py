"""What a face may do with connections. Every change leaves an event; a refusal changes nothing."""

from typing import Any

from cts_tui.desk.drafts import check_draft
from cts_tui.desk.figures import connection_views
from cts_tui.desk.room import Room
from cts_tui.errors import ConfigError
from cts_tui.model.connection import (
    RECORDED_EXCHANGE,
    ConnectionDraft,
    ConnectionSetup,
)
from cts_tui.model.trading import EventKind, MarketType, Mode
from cts_tui.model.views import ConnectionView
from cts_tui.store import connections, positions
from cts_tui.store.database import Transaction


class ConnectionDesk:
    """Connections: list, add, change, enable, arm, remove."""

    def __init__(self, room: Room) -> None:
        self._room = room

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

    def add(self, draft: ConnectionDraft) -> None:
        """Add a connection: disabled, not live. Raises ConfigError when something is wrong."""
        check_draft(draft)
        with self._room.database.write() as transaction:
            for setup in connections.setups(transaction):
                if setup.name.lower() == draft.name.lower():
                    raise ConfigError(
                        f"there is a connection called {setup.name} already; choose another name, "
                        f"or change it with: connections edit {setup.name}"
                    )
            connections.add(transaction, draft, self._room.now())
            what = {key: getattr(draft, key) for key in ("exchange", "mode", "market", "symbols")}
            self._tell(transaction, draft.name, "connection added, disabled", None, _listed(what))

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
    ) -> None:
        """Change what is not None. Raises ConfigError when something is wrong or would orphan.

        A change of where or what it trades turns its live trading off.
        """
        wanted = {
            "exchange": exchange,
            "mode": mode,
            "market": market,
            "symbols": symbols,
            "timeframe": timeframe,
            "ccxt_config": ccxt_config,
        }
        changes = {key: value for key, value in wanted.items() if value is not None}
        if not changes:
            raise ConfigError(
                f"nothing to change was given for {name}; see: connections edit --help"
            )
        with self._room.database.write() as transaction:
            setup = self._find(transaction, name)
            if setup.exchange == RECORDED_EXCHANGE:
                raise ConfigError(f"{name} holds a replay: there is nothing to change on it")
            check_draft(_changed(setup, changes))
            self._refuse_orphans(transaction, setup, changes)
            before = {key: getattr(setup, key) for key in changes}
            columns = changes | ({"symbols": list(symbols)} if symbols is not None else {})
            connections.change(transaction, setup.id, self._room.now(), **columns, live=False)
            self._tell(transaction, name, "connection changed", _listed(before), _listed(changes))

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
                f"{setup.name} has {_open_positions(len(held))}: close them before you change its "
                f"{' and '.join(moved)}"
            )
        lost = sorted({view.symbol for view in held} - set(changes.get("symbols", setup.symbols)))
        if lost:
            raise ConfigError(
                f"{setup.name} has open positions on {', '.join(lost)}: close them before you "
                "take the symbol away"
            )

    def remove(self, name: str, *, force: bool = False) -> dict[str, int]:
        """Remove a connection and all that belongs to it; return the rows removed by table.

        Raises ConfigError while a position is open, unless `force`.
        """
        with self._room.database.write() as transaction:
            setup = self._find(transaction, name)
            held = positions.count_open(transaction, setup.id)
            if held and not force:
                raise ConfigError(
                    f"{name} has {_open_positions(held)}: close them first, or remove it with "
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

    def live_on(self, name: str, confirm: str) -> None:
        """Arm live trading. Raises ConfigError with the gate that is closed; in this version
        there always is one.
        """
        with self._room.database.read() as transaction:
            setup = self._find(transaction, name)
        raise ConfigError(f"live trading stays off for {name}: {_closed_gate(setup, confirm)}")

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


def _closed_gate(setup: ConnectionSetup, confirm: str) -> str:
    """Return the first gate of live trading that is closed, with what to do (S2)."""
    if not setup.enabled:
        return f"it is disabled; first: connections enable {setup.name}"
    if confirm and confirm != setup.name:
        return f"the confirmation {confirm!r} is not its name {setup.name}"
    return (
        "this version sends no orders to exchanges, its execution is not finished; "
        "paper trading works"
    )


def _changed(setup: ConnectionSetup, changes: dict[str, Any]) -> ConnectionDraft:
    """Return the connection as it would be."""
    fields = ("name", "exchange", "mode", "market", "symbols", "timeframe", "ccxt_config")
    return ConnectionDraft(**{key: changes.get(key, getattr(setup, key)) for key in fields})


def _listed(values: dict[str, Any]) -> str:
    """Return `key value, key value` for an event; of an overlay, only what it touches."""
    return ", ".join(f"{key} {_plain(value)}" for key, value in values.items())


def _plain(value: Any) -> str:
    if isinstance(value, tuple | dict):
        return ",".join(value) or "nothing"
    return str(value)


def _open_positions(count: int) -> str:
    return f"{count} open position{'s' * (count != 1)}"


def _counted(rows: dict[str, int]) -> str:
    """Return `3 orders, 2 positions` for the tables that have rows."""
    return ", ".join(f"{count} {table.replace('_', ' ')}" for table, count in rows.items() if count)
