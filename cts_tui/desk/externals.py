"""Externals: orders and positions on an account that are not ours; adopt or ignore them (S7)."""

from cts_tui.desk.room import Room
from cts_tui.errors import ConfigError
from cts_tui.model.external import ExternalKind, ExternalStatus, ExternalView, ExternalWish
from cts_tui.model.money import money_text
from cts_tui.model.trading import EventKind
from cts_tui.store import connections, externals
from cts_tui.store.database import Transaction

_DONE = {ExternalWish.ADOPT: ExternalStatus.ADOPTED, ExternalWish.IGNORE: ExternalStatus.IGNORED}


class ExternalDesk:
    """Externals: list, adopt, ignore."""

    def __init__(self, room: Room) -> None:
        self._room = room

    def list(
        self,
        *,
        is_decided: bool = False,
        limit: int | None = 200,
        connection: str | None = None,
    ) -> list[ExternalView]:
        """Return externals, the newest first; ignored, adopted and gone ones if `is_decided`."""
        with self._room.database.read() as transaction:
            return externals.views(
                transaction, is_decided=is_decided, limit=limit, connection=connection
            )

    def adopt(self, external_id: int) -> ExternalView:
        """Ask the engine to take over an external; return it as it was.

        A position gets the usual stop and target, an order is tracked as the desk's own. Raises
        ConfigError where there is no such external, or no engine would hear of it.
        """
        return self._wish(external_id, ExternalWish.ADOPT)

    def ignore(self, external_id: int) -> ExternalView:
        """Ask the engine to leave an external alone for good; return it as it was.

        Raises ConfigError as `adopt` does.
        """
        return self._wish(external_id, ExternalWish.IGNORE)

    def _wish(self, external_id: int, wish: ExternalWish) -> ExternalView:
        with self._room.database.write() as transaction:
            view = externals.find(transaction, external_id)
            if view is None:
                raise ConfigError(f"there is no external {external_id}; see: externals list --all")
            self._check(transaction, view, wish)
            externals.wish_for(transaction, external_id, wish)
            is_order = view.kind is ExternalKind.ORDER
            self._room.tell(
                transaction,
                EventKind.ORDER if is_order else EventKind.POSITION,
                f"{view.connection}/{view.symbol}",
                f"to {wish} the external {view.kind} {view.side} {money_text(view.quantity)} "
                f"{view.symbol} is asked for",
                before=view.status,
                after=f"{wish} asked for",
            )
        return view

    def _check(self, transaction: Transaction, view: ExternalView, wish: ExternalWish) -> None:
        """Refuse what would come to nothing."""
        if not view.status.is_there:
            raise ConfigError(
                f"external {view.id} ({view.kind} on {view.symbol}) is {view.status} already"
            )
        if view.status is _DONE[wish]:
            raise ConfigError(f"external {view.id} on {view.symbol} is {view.status} already")
        setup = connections.find(transaction, view.connection)
        if setup is None or not setup.enabled:
            raise ConfigError(
                f"external {view.id} is on {view.connection}, which is disabled: no engine would "
                f"{wish} it; first: connections enable {view.connection}"
            )
