"""Running sums: what was ever closed, and what became of signals, without reading it all each time.

What is old is kept in sum, what is new is added at each reading. The engine stores its sums, so
that a command of a moment need not begin from nothing either.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from sqlalchemy import func, select

from cts_tui.model.connection import RECORDED_EXCHANGE, ConnectionSetup
from cts_tui.model.money import money_text
from cts_tui.store import connections, positions, setting_rows
from cts_tui.store.database import Transaction
from cts_tui.store.sums import NOTHING_REALIZED, RealizedFigures, realized_of
from cts_tui.store.tables import SIGNALS

RUNNING_SUMS: Final = "running_sums"
_UNSETTLED_SIGNALS: Final = 1_000
"""How many of the newest signals are counted anew: what became of them may still change."""


@dataclass(frozen=True, slots=True)
class _Closed:
    """What a connection closed before a time, in sum."""

    until: datetime
    figures: RealizedFigures


@dataclass(frozen=True, slots=True)
class _Signals:
    """The signals up to an id, by status."""

    until: int = 0
    by_status: Mapping[str, int] = field(default_factory=dict)


class RunningSums:
    """Sums over all connections, those of replays left out where money is meant.

    Where a number of rows does not agree (rows were deleted, the clock was set back), its sum is
    made anew. Threads may share it: a sum is replaced whole.
    """

    def __init__(self, *, is_anew: bool = False) -> None:
        """Go on from what is stored, unless everything is to be added up `is_anew`."""
        self._has_begun = is_anew
        self._closed: dict[str, _Closed] = {}
        self._signals = _Signals()

    def realized(self, transaction: Transaction) -> RealizedFigures:
        """Return what was ever closed."""
        self._begin(transaction)
        closed = (
            self._realized_of(transaction, setup)
            for setup in connections.setups(transaction)
            if setup.exchange != RECORDED_EXCHANGE
        )
        return sum(closed, NOTHING_REALIZED)

    def _realized_of(self, transaction: Transaction, setup: ConnectionSetup) -> RealizedFigures:
        """What closed before the last time is kept: several may close at one time."""
        count, last = positions.closed_extent(transaction, setup.id)
        if last is None:
            return NOTHING_REALIZED
        key = f"{setup.id} {setup.name}"
        recent = realized_of(transaction, setup.id, since=last)
        known = self._closed.get(key)
        since, kept = (None, NOTHING_REALIZED) if known is None else (known.until, known.figures)
        kept += realized_of(transaction, setup.id, since=since, until=last)
        if kept.trades + recent.trades != count:
            kept = realized_of(transaction, setup.id, until=last)
        self._closed[key] = _Closed(last, kept)
        return kept + recent

    def signals(self, transaction: Transaction) -> dict[str, int]:
        """Return how many signals there are by status."""
        self._begin(transaction)
        total = transaction.execute(select(func.count()).select_from(SIGNALS)).scalar_one()
        newest = transaction.execute(select(func.max(SIGNALS.c.id))).scalar() or 0
        until = max(newest - _UNSETTLED_SIGNALS, 0)
        recent = _by_status(transaction, until, newest)
        kept = Counter(self._signals.by_status)
        if kept:
            kept.update(_by_status(transaction, self._signals.until, until))
        if kept.total() + recent.total() != total:
            kept = _all_by_status(transaction)
            kept.subtract(recent)
        kept = +kept  # without those that are none
        self._signals = _Signals(until, dict(kept))
        return dict(sorted((kept + recent).items()))

    def put(self, transaction: Transaction, now: datetime) -> None:
        """Store the sums for whoever reads next."""
        closed = {
            key: {
                "until": one.until.isoformat(),
                "trades": one.figures.trades,
                "wins": one.figures.wins,
                "pnl": money_text(one.figures.pnl),
            }
            for key, one in self._closed.items()
        }
        signals = {"until": self._signals.until, "by_status": dict(self._signals.by_status)}
        setting_rows.put(transaction, RUNNING_SUMS, {"closed": closed, "signals": signals}, now)

    def _begin(self, transaction: Transaction) -> None:
        """Go on from the sums that are stored; what cannot be read was never stored."""
        if self._has_begun:
            return
        self._has_begun = True
        stored = setting_rows.get(transaction, RUNNING_SUMS)
        try:
            self._closed = {str(key): _closed(one) for key, one in stored["closed"].items()}
            signals = stored["signals"]
            self._signals = _Signals(int(signals["until"]), dict(signals["by_status"]))
        except (LookupError, TypeError, ValueError, AttributeError, InvalidOperation):
            self._closed, self._signals = {}, _Signals()


def forget(transaction: Transaction) -> None:
    """Forget the stored sums: whoever changes closed positions must, they are made anew."""
    setting_rows.remove(transaction, RUNNING_SUMS)


def _closed(stored: Mapping[str, Any]) -> _Closed:
    figures = RealizedFigures(int(stored["trades"]), int(stored["wins"]), Decimal(stored["pnl"]))
    return _Closed(datetime.fromisoformat(stored["until"]), figures)


def _all_by_status(transaction: Transaction) -> Counter[str]:
    """Count all signals: an index has nothing but what they became."""
    status = SIGNALS.c.status
    return Counter(dict(transaction.execute(select(status, func.count()).group_by(status)).all()))


def _by_status(transaction: Transaction, after: int, until: int) -> Counter[str]:
    """Count the signals with an id above `after`, up to `until`."""
    row = SIGNALS.c
    is_within = (row.id > after) & (row.id <= until)
    query = select(row.status, func.count()).where(is_within).group_by(row.status)
    return Counter(dict(transaction.execute(query).all()))
