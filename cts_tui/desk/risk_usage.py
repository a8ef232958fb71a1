"""How much of a connection's limits is used: from its open positions and where its losses stand."""

from collections.abc import Mapping
from decimal import Decimal

from cts_tui.model.connection import ConnectionSetup
from cts_tui.model.limits import RiskState
from cts_tui.model.money import ZERO, notional, percent
from cts_tui.model.risk_usage import RiskUsage
from cts_tui.model.views import PositionView
from cts_tui.store import positions, risk
from cts_tui.store.database import Transaction


def usage_of(transaction: Transaction, setup: ConnectionSetup, now_ms: int) -> RiskUsage:
    """Return what is used of the money that the next entries would be made of."""
    is_live = setup.live
    held = [
        one
        for one in positions.views(transaction, now_ms, is_open=True, connection=setup.name)
        if one.is_live is is_live
    ]
    by_symbol = _by_symbol(held)
    largest = max(by_symbol, key=lambda symbol: by_symbol[symbol], default="")
    exposures = risk.exposures(transaction)
    states = risk.states(transaction).get(setup.id, [])
    state = next((one for one in states if one.is_live is is_live), RiskState(is_live))
    equity = _equity(transaction, setup, state, held)
    day_loss = _lost(state.day_equity, equity)
    return RiskUsage(
        read_ms=now_ms,
        is_live=is_live,
        open_positions=len(held),
        largest_symbol=largest,
        largest=by_symbol.get(largest, ZERO),
        exposure=_most(exposures, is_live=is_live, connection_id=setup.id),
        total_exposure=_most(exposures, is_live=is_live),
        equity=equity,
        day_loss=day_loss,
        day_loss_pct=_percent(day_loss, state.day_equity),
        drawdown_pct=_percent(_lost(state.peak_equity, equity), state.peak_equity),
        cooling=tuple(
            (symbol, until) for symbol, until in state.cool_downs.items() if until > now_ms
        ),
    )


def _most(
    exposures: Mapping[tuple[int, bool, str], Decimal],
    *,
    is_live: bool,
    connection_id: int | None = None,
) -> Decimal:
    """Return what is tied up of the currency of which it is most: limits hold for each."""
    found: dict[str, Decimal] = {}
    for (key, of_live, currency), value in exposures.items():
        if of_live is is_live and connection_id in (None, key):
            found[currency] = found.get(currency, ZERO) + value
    return max(found.values(), default=ZERO)


def _by_symbol(held: list[PositionView]) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for one in held:
        found[one.symbol] = found.get(one.symbol, ZERO) + notional(one.held, one.entry_price)
    return found


def _equity(
    transaction: Transaction, setup: ConnectionSetup, state: RiskState, held: list[PositionView]
) -> Decimal | None:
    """Return the money with all PnL, as the engine reckons it; None before it has."""
    if state.capital is None:
        return None
    realized, _, _ = positions.realized_pnl(
        transaction, connection_id=setup.id, is_live=state.is_live
    )
    return state.capital + realized + sum((one.pnl for one in held), ZERO)


def _lost(began: Decimal | None, equity: Decimal | None) -> Decimal | None:
    return None if began is None or equity is None else began - equity


def _percent(lost: Decimal | None, began: Decimal | None) -> float | None:
    return None if lost is None or not began or began < 0 else percent(lost, began)
