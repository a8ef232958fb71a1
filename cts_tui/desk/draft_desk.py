"""What a form for connections needs: exchanges to choose from, drafts, and their faults."""

from dataclasses import fields, replace
from typing import Any, Final

from cts_tui.desk.connections import ConnectionDesk
from cts_tui.desk.drafts import check_draft
from cts_tui.desk.room import Room
from cts_tui.desk.seed import templates, usual_symbols
from cts_tui.errors import ConfigError
from cts_tui.exchange.catalog import exchange_ids
from cts_tui.model.connection import SIMULATED_EXCHANGE, ConnectionDraft
from cts_tui.model.connection_view import DraftFault, ExchangeChoice
from cts_tui.model.credentials import Credentials
from cts_tui.model.trading import MarketType
from cts_tui.store import connections

_SOUND: Final = ConnectionDraft(
    name="sound", exchange="binance", symbols=("BTC/USDT",), timeframe="1m"
)
"""A draft without faults: each field of another one is checked by itself in its place."""
_ALONE: Final = ("name", "exchange", "timeframe", "ccxt_config")
"""Fields that can be judged by themselves."""
_EMPTY: Final[dict[str, Any]] = {"ccxt_config": {}, "symbols_filter": ""}
"""How a field that may be missing is taken away: `edit` reads None as unchanged."""


class DraftDesk:
    """Drafts of connections, before they are stored."""

    def __init__(self, room: Room, desk: ConnectionDesk) -> None:
        self._room = room
        self._desk = desk

    def exchanges(self) -> list[ExchangeChoice]:
        """Return what can be connected: the usual exchanges first, the demo market last."""
        used: dict[str, list[str]] = {}
        for view in self._desk.list():
            used.setdefault(view.exchange, []).append(view.name)
        usual = [draft.exchange for draft in templates()]
        others = sorted(exchange_ids() - set(usual))
        return [
            ExchangeChoice(name, name in usual, tuple(used.get(name, ())))
            for name in (*usual, *others, SIMULATED_EXCHANGE)
        ]

    def new(self, exchange: str) -> ConnectionDraft:
        """Return the draft that a form on `exchange` begins with: what is usual there, on paper."""
        markets = {draft.exchange: draft.market for draft in templates()}
        return self.usual(exchange, markets.get(exchange, MarketType.SPOT))

    def usual(self, exchange: str, market: MarketType) -> ConnectionDraft:
        """Return a draft on paper with a free name, and the symbols that are usual there."""
        return ConnectionDraft(
            name=self._free_name(exchange),
            exchange=exchange,
            market=market,
            symbols=usual_symbols(exchange, market),
            timeframe="1m" if exchange == SIMULATED_EXCHANGE else "5m",
        )

    def stored(self, name: str) -> ConnectionDraft:
        """Return a connection as a draft. Raises ConfigError when there is none of that name."""
        with self._room.database.read() as transaction:
            setup = connections.find(transaction, name)
        if setup is None:
            raise ConfigError(f"there is no connection called {name!r} any more")
        names = [field.name for field in fields(ConnectionDraft)]
        values = {name: getattr(setup, name) for name in names}
        return ConnectionDraft(**values | {name: values[name] or None for name in _EMPTY})

    def faults(self, draft: ConnectionDraft, *, is_new: bool) -> list[DraftFault]:
        """Return what is wrong with a draft, field by field; empty when it can be stored."""
        parts = [{name: getattr(draft, name)} for name in _ALONE]
        parts.insert(2, {"symbols": draft.symbols, "symbols_filter": draft.symbols_filter})
        found = [
            DraftFault(next(iter(part)), str(fault))
            for part in parts
            if (fault := _fault(replace(_SOUND, **part)))
        ]
        if is_new and self._is_taken(draft.name):
            found.insert(0, DraftFault("name", f"there is a connection called {draft.name} "
                                               "already; choose another name"))  # fmt: skip
        if not found and (fault := _fault(draft)):
            found.append(DraftFault("", str(fault)))
        return found

    def save(self, draft: ConnectionDraft, credentials: Credentials, *, is_new: bool) -> str:
        """Store a draft, a new one disabled, and the credentials where any are given.

        Returns what was done. Raises LockedError where there is no key to encrypt them with, and
        ConfigError when something is refused; nothing is changed then.
        """
        given = credentials if credentials.given else None
        if is_new:
            self._desk.add(draft, given)
            return f"{draft.name} is added, disabled; e enables it"
        before = self.stored(draft.name)
        changes: dict[str, Any] = {
            field.name: _EMPTY.get(field.name) if value is None else value
            for field in fields(ConnectionDraft)
            if (value := getattr(draft, field.name)) != getattr(before, field.name)
        }
        if not changes and not given:
            return f"{draft.name} is as it was"
        self._desk.edit(draft.name, **changes, credentials=given)
        what = [name.replace("_", " ") for name in changes] + ["credentials"] * bool(given)
        return f"{draft.name} is changed: {', '.join(what)}"

    def _is_taken(self, name: str) -> bool:
        return name.lower() in {view.name.lower() for view in self._desk.list(with_recorded=True)}

    def _free_name(self, exchange: str) -> str:
        taken = {view.name.lower() for view in self._desk.list(with_recorded=True)}
        names = (exchange, *(f"{exchange}-{number}" for number in range(2, len(taken) + 3)))
        return next(name for name in names if name not in taken)


def _fault(draft: ConnectionDraft) -> ConfigError | None:
    try:
        check_draft(draft)
    except ConfigError as fault:
        return fault
    return None
