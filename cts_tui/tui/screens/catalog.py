"""The screens by name; each is imported when it is first shown, the dashboard excepted."""

from collections.abc import Callable
from typing import Any

from cts_tui.tui.screens.dashboard import DashboardScreen
from cts_tui.tui.screens.desk_screen import DeskScreen
from cts_tui.tui.session import Session


def _connections(session: Session) -> DeskScreen[Any]:
    from cts_tui.tui.screens.connections import ConnectionsScreen

    return ConnectionsScreen(session)


def _positions(session: Session) -> DeskScreen[Any]:
    from cts_tui.tui.screens.positions import PositionsScreen

    return PositionsScreen(session)


def _signals(session: Session) -> DeskScreen[Any]:
    from cts_tui.tui.screens.signals import SignalsScreen

    return SignalsScreen(session)


def _strategies(session: Session) -> DeskScreen[Any]:
    from cts_tui.tui.screens.strategies import StrategiesScreen

    return StrategiesScreen(session)


def _market(session: Session) -> DeskScreen[Any]:
    from cts_tui.tui.screens.market import MarketScreen

    return MarketScreen(session)


def _journal(session: Session) -> DeskScreen[Any]:
    from cts_tui.tui.screens.journal import JournalScreen

    return JournalScreen(session)


def _health(session: Session) -> DeskScreen[Any]:
    from cts_tui.tui.screens.health import HealthScreen

    return HealthScreen(session)


def _log(session: Session) -> DeskScreen[Any]:
    from cts_tui.tui.screens.log import LogScreen

    return LogScreen(session)


SCREENS: dict[str, Callable[[Session], DeskScreen[Any]]] = {
    "dashboard": DashboardScreen,
    "connections": _connections,
    "positions": _positions,
    "signals": _signals,
    "strategies": _strategies,
    "market": _market,
    "journal": _journal,
    "health": _health,
    "log": _log,
}
