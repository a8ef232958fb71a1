"""Rules about money: positions that nothing protects, orders of unknown fate, loss limits."""

from typing import Final

from cts_tui.engine.health.findings import Findings, counted
from cts_tui.engine.health.readings import Readings
from cts_tui.store.engine_figures import mapping, number

_NEAR_PCT: Final = 80.0


def position_unprotected(readings: Readings) -> Findings:
    """Find positions at an exchange that have no confirmed stop for longer than they may (S6)."""
    for name, symbol, since_ms in readings.unprotected:
        if readings.now_ms - since_ms >= readings.bound("unprotected_ms"):
            seconds = (readings.now_ms - since_ms) // 1000
            message = (
                f"the position on {symbol} of {name} has had no confirmed stop for {seconds} s; "
                "place one at the exchange, or close it"
            )
            yield f"{name}/{symbol}", message


def order_unknown(readings: Readings) -> Findings:
    """Find orders whose outcome is not known: nothing is entered on their symbols (S5)."""
    for name, count in readings.unknown_orders.items():
        message = (
            f"{counted(count, 'order')} of {name} {'has' if count == 1 else 'have'} an unknown "
            f"outcome; the engine asks the exchange: orders list --connection {name}"
        )
        yield name, message


def account_unreachable(readings: Readings) -> Findings:
    """Find armed connections whose account cannot be reached, or was not compared with ours."""
    for view in readings.at_work:
        if not view.live or not readings.is_settled(view.name):
            continue
        figures = readings.engines[view.name].figures
        account, reconcile = mapping(figures.get("account")), mapping(figures.get("reconcile"))
        if not account.get("is_reachable"):
            why = account.get("error") or "the engine is not connected to it"
            yield view.name, f"the account of {view.name} cannot be reached: {why}"
        elif not reconcile.get("is_reconciled"):
            why = reconcile.get("last_error") or reconcile.get("error")
            message = f"the account of {view.name} was not compared with ours"
            yield view.name, message + f": {why}" * bool(why)


def position_unwatched(readings: Readings) -> Findings:
    """Find disabled connections that hold positions: nothing would stop them."""
    for view in readings.connections:
        if view.open_positions and not view.enabled:
            message = (
                f"{view.name} is disabled and holds "
                f"{counted(view.open_positions, 'open position')} that nobody watches; "
                f"enable it, or close them first: connections enable {view.name}"
            )
            yield view.name, message


def loss_limit_hit(readings: Readings) -> Findings:
    """Find connections whose entries a loss limit has stopped (S11)."""
    for name, is_live, reason in readings.halts:
        money = "" if is_live else " on paper"
        yield name, f"{name} enters nothing{money}: {reason}"


def loss_limit_near(readings: Readings) -> Findings:
    """Find connections that have lost most of what they may."""
    halted = {halt.connection for halt in readings.halts}
    for name, engine in readings.engines.items():
        losses = mapping(engine.figures.get("losses"))
        used_pct = number(losses.get("used_pct")) or 0.0
        is_near = readings.is_above(used_pct, _NEAR_PCT, "loss-limit-near", name)
        if (is_near or used_pct == _NEAR_PCT) and name not in halted:
            yield name, f"{name} has used {used_pct:.0f} % of its loss limit: {losses.get('said')}"
