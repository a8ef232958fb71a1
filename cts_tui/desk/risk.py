"""Risk limits for a face: show them, set them, begin anew after a halt."""

from collections.abc import Mapping
from difflib import get_close_matches

from cts_tui.desk.connection_changes import unknown_connection
from cts_tui.desk.risk_usage import usage_of
from cts_tui.desk.room import Room
from cts_tui.errors import ConfigError
from cts_tui.model.connection import RECORDED_EXCHANGE, ConnectionSetup
from cts_tui.model.limits import LIMITS, OFF, LimitBook, RiskView, Written, read_limit
from cts_tui.model.risk_usage import RiskUsage
from cts_tui.model.trading import EventKind
from cts_tui.store import connections, risk
from cts_tui.store.database import Transaction

DEFAULT = "default"
"""The word that takes a limit back: to the common one, or to what the desk comes with."""
_ALL = "all connections"


class RiskDesk:
    """Limits: what holds for all, what single connections have instead, where they stand."""

    def __init__(self, room: Room) -> None:
        self._room = room

    def common(self) -> RiskView:
        """Return what holds where a connection has nothing of its own."""
        with self._room.database.read() as transaction:
            book = risk.limit_book(transaction)
        return RiskView(None, book.for_all, tuple(sorted(book.common)))

    def of(self, name: str) -> RiskView:
        """Return the limits of a connection, and where it stands. Raises ConfigError."""
        with self._room.database.read() as transaction:
            setup = self._find(transaction, name)
            return _view(setup, risk.limit_book(transaction), transaction)

    def all(self) -> tuple[RiskView, ...]:
        """Return the common limits first, then those of every connection that trades."""
        with self._room.database.read() as transaction:
            book = risk.limit_book(transaction)
            setups = [
                setup
                for setup in connections.setups(transaction)
                if setup.exchange != RECORDED_EXCHANGE
            ]
            views = [
                _view(setup, book, transaction)
                for setup in sorted(setups, key=lambda one: one.name)
            ]
        return RiskView(None, book.for_all, tuple(sorted(book.common))), *views

    def set(self, key: str, value: str, connection: str | None = None) -> RiskView:
        """Set a limit for all connections, or for one; `off` and `default` are words for it.

        Raises ConfigError when there is no such limit or connection, or the value is none.
        """
        _check(key, value, connection)
        with self._room.database.write() as transaction:
            setup = None if connection is None else self._find(transaction, connection)
            book = risk.limit_book(transaction)
            of_one = {} if setup is None else book.own.get(setup.id, {})
            before = book.common if setup is None else of_one
            written = _changed(before, key, value)
            if setup is None:
                book = LimitBook(written, book.own)
            else:
                book = LimitBook(book.common, {**book.own, setup.id: written})
            risk.put_limits(transaction, book, self._room.now())
            subject = _ALL if setup is None else setup.name
            if dict(before) != dict(written):
                self._room.tell(
                    transaction,
                    EventKind.RISK,
                    subject,
                    f"risk limit {key} of {subject}",
                    before=_said(before, key),
                    after=_said(written, key),
                )
            if setup is not None:
                return _view(setup, book, transaction)
        return RiskView(None, book.for_all, tuple(sorted(book.common)))

    def usage(self, name: str) -> RiskUsage:
        """Return how much of the limits of a connection is used now. Raises ConfigError."""
        with self._room.database.read() as transaction:
            setup = self._find(transaction, name)
            return usage_of(transaction, setup, self._room.clock.now_ms())

    def reset(self, name: str) -> RiskView:
        """Ask the engine to begin anew: a halt ends, losses count from then on, symbols are warm.

        Raises ConfigError where there is nothing to reset: no engine has run the connection yet.
        """
        with self._room.database.write() as transaction:
            setup = self._find(transaction, name)
            halts = [
                state.halt_reason
                for state in risk.states(transaction).get(setup.id, [])
                if state.is_halted
            ]
            if not risk.request_reset(transaction, setup.id, self._room.now()):
                raise ConfigError(f"{name} has no losses to reset: no engine has run it yet")
            self._room.tell(
                transaction,
                EventKind.RISK,
                name,
                "reset of the loss limits asked for",
                before=halts[0] if halts else "watching",
                after="reset",
            )
            return _view(setup, risk.limit_book(transaction), transaction)

    def _find(self, transaction: Transaction, name: str) -> ConnectionSetup:
        setup = connections.find(transaction, name)
        if setup is None:
            raise unknown_connection(transaction, name)
        if setup.exchange == RECORDED_EXCHANGE:
            raise ConfigError(f"{name} holds a replay: no limits apply to it")
        return setup


def _view(setup: ConnectionSetup, book: LimitBook, transaction: Transaction) -> RiskView:
    states = tuple(risk.states(transaction).get(setup.id, []))
    own = tuple(sorted(book.own.get(setup.id, {})))
    return RiskView(setup.name, book.of(setup.id), own, states)


def _check(key: str, value: str, connection: str | None) -> None:
    """Refuse what is no limit, or no value of it. Raises ConfigError."""
    kind = LIMITS.get(key)
    if kind is None:
        similar = get_close_matches(key, LIMITS, n=1)
        hint = f"; did you mean {similar[0]}?" if similar else f"; there are: {', '.join(LIMITS)}"
        raise ConfigError(f"there is no risk limit {key}{hint}")
    if kind.is_common_only and connection is not None:
        raise ConfigError(f"{key} holds for all connections together: leave --connection out")
    if value == DEFAULT:
        return
    try:
        read_limit(key, value)
    except ValueError as error:
        raise ConfigError(f"{error}, or {DEFAULT}") from None


def _changed(before: Written, key: str, value: str) -> Mapping[str, str | None]:
    """Return limits as they are written after one was set."""
    kept = {name: text for name, text in before.items() if name != key}
    if value == DEFAULT:
        return kept
    return {**kept, key: None if value == OFF else value}


def _said(written: Written, key: str) -> str:
    return (written[key] or OFF) if key in written else DEFAULT
