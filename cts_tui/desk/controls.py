"""What stops everything: the kill switch and flattening, as rows that survive a restart (S11)."""

from cts_tui.desk.connection_changes import unknown_connection
from cts_tui.desk.room import Room
from cts_tui.errors import ConfigError
from cts_tui.model.connection import RECORDED_EXCHANGE, ConnectionSetup
from cts_tui.model.gate import Flattening
from cts_tui.model.trading import EventKind
from cts_tui.store import connections, positions, risk, setting_rows
from cts_tui.store.database import Transaction

ALL = "ALL"
"""What is typed to close everything of all connections."""


class ControlDesk:
    """The kill switch, and closing everything."""

    def __init__(self, room: Room) -> None:
        self._room = room

    def is_killed(self) -> bool:
        """Return whether the kill switch is on."""
        with self._room.database.read() as transaction:
            return bool(setting_rows.get(transaction, setting_rows.KILL_SWITCH))

    def kill(self) -> None:
        """Stop entries everywhere, cancel those that rest, turn live trading off; exits go on."""
        self._set(is_killed=True)

    def revive(self) -> None:
        """Let entries go on; live trading stays off until it is armed again."""
        self._set(is_killed=False)

    def flattenings(self, name: str | None = None) -> tuple[Flattening, ...]:
        """Return what flattening would close: of one connection, of all that hold anything."""
        with self._room.database.read() as transaction:
            if name is not None:
                return (_flattening(transaction, self._find(transaction, name)),)
            found = [_flattening(transaction, setup) for setup in _trading(transaction)]
        return tuple(one for one in found if one.positions or one.orders)

    def flatten(self, name: str, confirm: str) -> Flattening:
        """Ask the engine to close everything of a connection at market; live trading ends.

        It works on a disabled connection too: an engine takes it up until all is closed. Raises
        ConfigError where `confirm` is not its name.
        """
        with self._room.database.write() as transaction:
            setup = self._find(transaction, name)
            if confirm != name:
                raise ConfigError(
                    f"nothing is closed: {_typed(confirm)} is not the name {name}; confirm with: "
                    f"cts-tui flatten {name} --confirm {name}"
                )
            return self._request(transaction, setup)

    def flatten_all(self, confirm: str) -> tuple[Flattening, ...]:
        """Ask for the same on every connection that holds anything, or trades real money.

        Raises ConfigError where `confirm` is not ALL.
        """
        if confirm != ALL:
            raise ConfigError(
                f"nothing is closed: {_typed(confirm)} is not the word {ALL}; confirm with: "
                f"cts-tui flatten --all --confirm {ALL}"
            )
        with self._room.database.write() as transaction:
            return tuple(
                self._request(transaction, setup)
                for setup in _trading(transaction)
                if setup.live or _holds(_flattening(transaction, setup))
            )

    def _request(self, transaction: Transaction, setup: ConnectionSetup) -> Flattening:
        found = _flattening(transaction, setup)
        risk.request_flatten(transaction, setup.id, self._room.now())
        if setup.live:
            connections.change(transaction, setup.id, self._room.now(), live=False)
        what = f"close everything: {found.positions} positions, {found.orders} entries"
        self._room.tell(
            transaction,
            EventKind.RISK,
            setup.name,
            what + ", live trading off" * setup.live,
            before="live" if setup.live else "open",
            after="flattening",
        )
        return found

    def _set(self, *, is_killed: bool) -> None:
        words = {True: "on", False: "off"}
        with self._room.database.write() as transaction:
            before = bool(setting_rows.get(transaction, setting_rows.KILL_SWITCH))
            if is_killed:
                self._end_live(transaction)
            if before is is_killed:
                return
            setting_rows.put(transaction, setting_rows.KILL_SWITCH, is_killed, self._room.now())
            self._room.tell(
                transaction,
                EventKind.SETTING,
                "kill switch",
                f"kill switch {words[is_killed]}",
                before=words[before],
                after=words[is_killed],
            )

    def _end_live(self, transaction: Transaction) -> None:
        """Turn live trading off everywhere, in the same transaction (S2)."""
        for setup in connections.setups(transaction):
            if setup.live:
                connections.change(transaction, setup.id, self._room.now(), live=False)
                self._room.tell(
                    transaction,
                    EventKind.CONNECTION,
                    setup.name,
                    "live trading off: the kill switch is on",
                    before="live",
                    after="not live",
                )

    def _find(self, transaction: Transaction, name: str) -> ConnectionSetup:
        setup = connections.find(transaction, name)
        if setup is None:
            raise unknown_connection(transaction, name)
        if setup.exchange == RECORDED_EXCHANGE:
            raise ConfigError(f"{name} holds a replay: there is nothing to close on it")
        return setup


def _trading(transaction: Transaction) -> list[ConnectionSetup]:
    setups = connections.setups(transaction)
    return sorted(
        (one for one in setups if one.exchange != RECORDED_EXCHANGE), key=lambda one: one.name
    )


def _flattening(transaction: Transaction, setup: ConnectionSetup) -> Flattening:
    return Flattening(
        connection=setup.name,
        positions=positions.count_open(transaction, setup.id),
        orders=risk.unfinished_entries(transaction, setup.id),
        is_enabled=setup.enabled,
    )


def _holds(found: Flattening) -> bool:
    return bool(found.positions or found.orders)


def _typed(confirm: str) -> str:
    return repr(confirm) if confirm else "an empty confirmation"
