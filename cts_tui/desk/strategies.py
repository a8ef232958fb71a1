"""What a face may do with strategies: check, add, edit, duplicate, remove, enable. All but the
check leave an event; a refusal changes nothing.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time
from typing import Final

from cts_tui.desk.room import Room
from cts_tui.desk.strategy_files import strategy_faults
from cts_tui.errors import ConfigError
from cts_tui.model.strategy import StrategySpec
from cts_tui.model.strategy_views import GateView, StrategyFault, StrategyOverview
from cts_tui.model.trading import EventKind
from cts_tui.model.views import StrategyView
from cts_tui.rules.fields import CHECKS
from cts_tui.rules.spec import parse_strategy, strategy_to_toml
from cts_tui.store import connections, engines, strategies
from cts_tui.store.database import Transaction

_WORDS: Final = {True: "enabled", False: "disabled"}


class StrategyDesk:
    """Strategies: list, show, check, add, edit, duplicate, remove, enable, disable."""

    def __init__(self, room: Room) -> None:
        self._room = room

    # -- what there is ------------------------------------------------------------------------

    def list(self) -> list[StrategyView]:
        """Return every strategy in order of name."""
        with self._room.database.read() as transaction:
            return strategies.views(transaction)

    def get(self, name: str) -> StrategyView:
        """Return one strategy. Raises ConfigError when there is none of that name."""
        with self._room.database.read() as transaction:
            return _found(transaction, name)

    def toml(self, name: str) -> str:
        """Return a strategy as its file. Raises ConfigError when there is none of that name."""
        with self._room.database.read() as transaction:
            _found(transaction, name)
            return strategy_to_toml(_spec(transaction, name))

    def overview(self) -> "Sequence[StrategyOverview]":
        """Return every strategy in order of name, with its gates and its figures of today."""
        midnight = datetime.combine(self._room.now().date(), time(), UTC)
        with self._room.database.read() as transaction:
            specs = {s.name: s for s in strategies.specs(transaction, only_enabled=False)}
            signals = strategies.signals_since(transaction, int(midnight.timestamp() * 1000))
            held = strategies.open_positions(transaction)
            gates = _gates(transaction)
            return [
                StrategyOverview(
                    view=view,
                    toml=strategy_to_toml(specs[view.name]),
                    signals_today=signals.get(view.name, 0),
                    open_positions=held.get(view.name, 0),
                    gates=tuple(gates.get(view.name, ())) if view.enabled else (),
                )
                for view in strategies.views(transaction)
            ]

    def check(self, text: str) -> "Sequence[StrategyFault]":
        """Return everything that is wrong with a strategy written in TOML; see strategy_faults."""
        return strategy_faults(text)

    # -- changes ------------------------------------------------------------------------------

    def add(self, *texts: str) -> "Sequence[str]":
        """Add strategies written in TOML, disabled: all of them or none; return their names.

        Raises ConfigError with what is wrong, also for a name that exists or comes twice.
        """
        specs = [parse_strategy(text, "the strategy") for text in texts]
        names = [spec.name for spec in specs]
        for name in names:
            if names.count(name) > 1:
                raise ConfigError(f"two of the files are called {name!r}: give each its own name")
        with self._room.database.write() as transaction:
            for spec in specs:
                self._add(transaction, spec, "strategy added, disabled")
        return names

    def edit(self, name: str, text: str) -> "Sequence[str]":
        """Replace the fields of a strategy by those written in TOML; return the changed fields.

        Open positions keep their levels. Raises ConfigError for a built-in one, a text with
        faults, and a text that is called otherwise.
        """
        with self._room.database.write() as transaction:
            view = _found(transaction, name)
            if view.is_builtin:
                raise ConfigError(
                    f"{name} is built in and cannot be edited; copy it: "
                    f"strategies export {name} > my.toml, give it a name of its own, "
                    "then: strategies add my.toml"
                )
            spec = parse_strategy(text, "the strategy")
            if spec.name != name:
                raise ConfigError(
                    f"the text is called {spec.name!r}, expected {name!r}: a strategy keeps its "
                    "name; add the text as a new one, or set its name back"
                )
            before = _spec(transaction, name)
            changed = [key for key in CHECKS if getattr(before, key) != getattr(spec, key)]
            if changed:
                strategies.change(transaction, spec, self._room.now())
                message = f"strategy changed: {', '.join(changed)}"
                was, now = (strategy_to_toml(each, changed) for each in (before, spec))
                self._tell(transaction, name, message, was, now)
        return changed

    def duplicate(self, name: str, new_name: str) -> None:
        """Add a copy of a strategy under a new name, disabled. Raises ConfigError."""
        try:
            CHECKS["name"](new_name)
        except ConfigError as error:
            raise ConfigError(f"the new name: {error}") from None
        with self._room.database.write() as transaction:
            _found(transaction, name)
            copy = replace(_spec(transaction, name), name=new_name)
            self._add(transaction, copy, f"strategy added as a copy of {name}, disabled")

    def remove(self, name: str, *, force: bool = False) -> int:
        """Remove a strategy; return how many open positions it leaves behind.

        They keep stop, target and trailing stop, and no rule closes them any more. Raises
        ConfigError for a built-in one, and while it holds positions, unless `force`.
        """
        with self._room.database.write() as transaction:
            view = _found(transaction, name)
            if view.is_builtin:
                raise ConfigError(
                    f"{name} is built in and stays; disable it instead: strategies disable {name}"
                )
            held = strategies.open_positions(transaction).get(name, 0)
            if held and not force:
                raise ConfigError(
                    f"{name} holds {_positions(held)}: close them first, or remove it with "
                    "--force, which leaves them with their stops and targets and without exit rules"
                )
            before = strategy_to_toml(_spec(transaction, name))
            strategies.remove(transaction, name)
            left = f"; {_positions(held)} left with stop and target" if held else ""
            message = f"strategy removed, it was {_WORDS[view.enabled]}{left}"
            self._tell(transaction, name, message, before, None)
        return held

    def enable(self, name: str) -> None:
        """Have the engines run a strategy."""
        self._set_enabled(name, enabled=True)

    def disable(self, name: str) -> None:
        """Have the engines give no more signals for a strategy; its positions keep their levels."""
        self._set_enabled(name, enabled=False)

    def _add(self, transaction: Transaction, spec: StrategySpec, message: str) -> None:
        if any(view.name == spec.name for view in strategies.views(transaction)):
            raise ConfigError(
                f"there is a strategy called {spec.name!r} already; choose another name, or "
                f"change it with: strategies edit {spec.name} FILE"
            )
        strategies.add(transaction, spec, self._room.now())
        self._tell(transaction, spec.name, message, None, strategy_to_toml(spec))

    def _set_enabled(self, name: str, *, enabled: bool) -> None:
        with self._room.database.write() as transaction:
            if _found(transaction, name).enabled is enabled:
                return
            strategies.set_enabled(transaction, name, self._room.now(), enabled=enabled)
            message = f"strategy {_WORDS[enabled]}"
            self._tell(transaction, name, message, _WORDS[not enabled], _WORDS[enabled])

    def _tell(
        self, transaction: Transaction, name: str, message: str, before: str | None,
        after: str | None,
    ) -> None:  # fmt: skip
        self._room.tell(transaction, EventKind.STRATEGY, name, message, before=before, after=after)


def _found(transaction: Transaction, name: str) -> StrategyView:
    views = strategies.views(transaction)
    for view in views:
        if view.name == name:
            return view
    names = ", ".join(view.name for view in views)
    raise ConfigError(f"there is no strategy called {name!r}; there are: {names}")


def _spec(transaction: Transaction, name: str) -> StrategySpec:
    specs = strategies.specs(transaction, only_enabled=False)
    return next(spec for spec in specs if spec.name == name)


def _positions(count: int) -> str:
    return f"{count} open position{'s' * (count != 1)}"


def _gates(transaction: Transaction) -> dict[str, list[GateView]]:
    """Return the gates by strategy, of the connections that are enabled."""
    is_live = {setup.name: setup.live for setup in connections.setups(transaction)}
    gates: dict[str, list[GateView]] = {}
    for row in engines.states(transaction):
        for gate in (row["figures"] or {}).get("gates", ()) if row["enabled"] else ():
            view = GateView(
                connection=row["name"],
                symbol=gate["symbol"],
                timeframe=gate["timeframe"],
                state=gate["state"],
                trades=gate["trades"],
                profit_factor=gate["profit_factor"],
                reason=gate["reason"],
                held_back=gate["held_back"],
                is_live=is_live.get(row["name"], False),
            )
            gates.setdefault(gate["strategy"], []).append(view)
    return gates
