"""Signals, orders, events and positions: lists, and the few things to do with them."""

import builtins
from operator import attrgetter

from cts_tui.desk.room import Room
from cts_tui.errors import ConfigError
from cts_tui.model.records import Fill
from cts_tui.model.trading import EventKind
from cts_tui.model.views import EventView, OrderView, PositionView, SignalView
from cts_tui.store import connections, events, history, orders, positions


class SignalDesk:
    """Signals, newest first."""

    def __init__(self, room: Room) -> None:
        self._room = room

    def list(self, limit: int | None = 200, connection: str | None = None) -> list[SignalView]:
        """Return signals, newest first."""
        with self._room.database.read() as transaction:
            return history.signal_views(transaction, limit=limit, connection=connection)


class OrderDesk:
    """Orders, newest first."""

    def __init__(self, room: Room) -> None:
        self._room = room

    def list(self, limit: int | None = 200, connection: str | None = None) -> list[OrderView]:
        """Return orders, newest first."""
        with self._room.database.read() as transaction:
            views = orders.order_views(transaction, limit=limit, connection=connection)
        return sorted(views, key=attrgetter("created_at_ms"), reverse=True)

    def of_position(self, position_id: int) -> builtins.list[OrderView]:
        """Return the orders of a position, newest first: entry, stops, targets, exits."""
        with self._room.database.read() as transaction:
            return orders.of_position(transaction, position_id)

    def fills(self, client_order_id: str) -> builtins.list[Fill]:
        """Return the fills of an order, oldest first."""
        with self._room.database.read() as transaction:
            return orders.fills_of(transaction, client_order_id)


class EventDesk:
    """Events, newest first."""

    def __init__(self, room: Room) -> None:
        self._room = room

    def list(self, limit: int | None = 200) -> list[EventView]:
        """Return events, newest first."""
        with self._room.database.read() as transaction:
            return events.views(transaction, limit=limit)


class PositionDesk:
    """Positions: list, close."""

    def __init__(self, room: Room) -> None:
        self._room = room

    def list(
        self,
        is_open: bool | None = None,  # noqa: FBT001 - the screens pass it by position
        limit: int | None = 200,
        connection: str | None = None,
    ) -> list[PositionView]:
        """Return positions: the open ones first, then the newest first."""
        with self._room.database.read() as transaction:
            return positions.views(
                transaction,
                self._room.clock.now_ms(),
                is_open=is_open,
                limit=limit,
                connection=connection,
            )

    def newest(
        self, limit: int = 200, connection: str | None = None
    ) -> builtins.list[PositionView]:
        """Return positions, open and closed, strictly the newest first."""
        held = self.list(is_open=True, limit=limit, connection=connection)
        closed = self.list(is_open=False, limit=limit, connection=connection)
        return sorted(held + closed, key=attrgetter("opened_at_ms", "id"), reverse=True)[:limit]

    def close(self, position_id: int) -> PositionView:
        """Ask the engine to close a position at market; return it as it was.

        Raises ConfigError when there is no such open position, or its connection is disabled: no
        engine would hear of it.
        """
        with self._room.database.write() as transaction:
            view = positions.find(transaction, position_id, self._room.clock.now_ms())
            if view is None:
                raise ConfigError(f"there is no position {position_id}; see: positions list --open")
            if view.status.is_final:
                raise ConfigError(
                    f"position {position_id} on {view.symbol} is closed already "
                    f"({view.exit_reason})"
                )
            setup = connections.find(transaction, view.connection)
            if setup is None or not setup.enabled:
                raise ConfigError(
                    f"position {position_id} is on {view.connection}, which is disabled: no engine "
                    f"would close it; first: connections enable {view.connection}"
                )
            positions.request_close(transaction, position_id, self._room.now())
            self._room.tell(
                transaction,
                EventKind.POSITION,
                f"{view.connection}/{view.symbol}/{position_id}",
                f"close of {view.side} {view.quantity} {view.symbol} asked for",
                before="open",
                after="closing",
            )
        return view
