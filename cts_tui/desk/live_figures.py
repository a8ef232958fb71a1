"""What moves money at an exchange now, and what is being closed: figures of the header."""

from collections.abc import Mapping, Sequence
from typing import Final

from cts_tui.model.gate import Flattening
from cts_tui.model.live_view import LiveConnection
from cts_tui.model.trading import EngineStatus, Mode
from cts_tui.model.views import ConnectionView
from cts_tui.store import connections, engines, positions, risk
from cts_tui.store.database import Transaction

_NONE: Final = (0, 0)


def live_connections(
    transaction: Transaction, views: Sequence[ConnectionView]
) -> tuple[LiveConnection, ...]:
    """Return the connections that trade at an exchange or hold positions there, in order of name.

    `views` are the connections as they are now: one without a running engine is not reconciled.
    """
    held = positions.live_counts(transaction)
    shown = {view.name: view for view in views if view.mode is not Mode.PAPER}
    setups = [setup for setup in connections.setups(transaction) if setup.name in shown]
    unknown = {one.id: len(risk.unknown_orders(transaction, one.id)) for one in setups}
    setups = [one for one in setups if one.live or one.id in held or unknown[one.id]]
    if not setups:
        return ()
    figures = engines.figures_of(transaction, [setup.id for setup in setups])
    return tuple(
        LiveConnection(
            name=setup.name,
            mode=setup.mode,
            is_on=setup.live,
            positions=held.get(setup.id, _NONE)[0],
            unprotected=held.get(setup.id, _NONE)[1],
            unknown_orders=unknown[setup.id],
            is_reconciled=_is_reconciled(shown[setup.name], figures.get(setup.id)),
        )
        for setup in sorted(setups, key=lambda one: one.name)
    )


def _is_reconciled(view: ConnectionView, figures: object) -> bool:
    """Return whether a running engine says so; one that has just started says nothing yet."""
    if view.status is EngineStatus.STOPPED:
        return False
    said = figures.get("reconcile") if isinstance(figures, Mapping) else None
    return isinstance(said, Mapping) and bool(said.get("is_reconciled"))


def pending_flattenings(transaction: Transaction) -> tuple[Flattening, ...]:
    """Return what is left where everything is being closed, in order of name."""
    requests = risk.flatten_requests(transaction)
    if not requests:
        return ()
    setups = [setup for setup in connections.setups(transaction) if setup.id in requests]
    return tuple(
        Flattening(
            connection=setup.name,
            positions=positions.count_open(transaction, setup.id),
            orders=risk.unfinished_entries(transaction, setup.id),
            is_enabled=setup.enabled,
        )
        for setup in sorted(setups, key=lambda one: one.name)
    )
