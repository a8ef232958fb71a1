"""One look of the alert keeper at the store: what is wrong, who keeps the alerts, who is told."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from cts_tui.clock import utc_from_ms
from cts_tui.errors import LockedError, StoreError
from cts_tui.model.alerts import VERDICT_RULE, Alert, AlertTarget
from cts_tui.model.health import Fault, Gravity
from cts_tui.store import alert_targets, alerts
from cts_tui.store.database import Database
from cts_tui.store.vault import Vault

LOG = logging.getLogger(__name__)
_LOCKED_FOR_S: Final = 30.0

Assess = Callable[[int], Sequence[Fault]]
"""Returns what is wrong at a time in ms, the gravest first. Raises StoreError."""


@dataclass(frozen=True, slots=True)
class Look:
    """What one look has found."""

    faults: tuple[Fault, ...] = ()
    is_blind: bool = False
    """Whether the store could not be read: what else is wrong is not known."""
    is_ours: bool = True
    """Whether no other program keeps the alerts."""
    has_rows: bool = False
    """Whether the rows of alerts could be read."""
    known: tuple[Alert, ...] = ()
    """The alerts of late, where they were asked for."""
    acked: tuple[Alert, ...] = ()
    """Standing alerts that the trader has acknowledged."""


class Targets:
    """The targets as they are stored now; read anew when they change."""

    def __init__(self, vault: Vault) -> None:
        self.now: tuple[AlertTarget, ...] = ()
        self.error = ""
        """Why they cannot be read."""
        self.since_ms: int | None = None
        """Since when there are any."""
        self._vault = vault
        self._state: list[tuple[str, int]] | None = None
        self._tried_s = 0.0

    def read(self, state: list[tuple[str, int]]) -> None:
        """Read the targets if `state` says that they have changed; blocks.

        What is locked is tried again after a while: a wrong key costs a quarter of a second.
        """
        is_due = bool(self.error) and time.monotonic() - self._tried_s >= _LOCKED_FOR_S
        if state == self._state and not is_due:
            return
        try:
            self.now, error = tuple(self._vault.alert_targets()), ""
        except LockedError as fault:
            self.now, error = (), str(fault)
            if error != self.error:
                LOG.warning("nobody can be told of alerts: %s", error)
        self.error, self._state, self._tried_s = error, state, time.monotonic()
        self.since_ms = min((created_ms for _, created_ms in state), default=None)


def look(
    database: Database,
    *,
    owner: str,
    now_ms: int,
    assess: Assess,
    targets: Targets,
    with_known: bool,
) -> Look:
    """Look at the store once. What cannot be read is a fault like others."""
    try:
        with database.read() as transaction:
            if alerts.is_turn_of_another(transaction, owner, utc_from_ms(now_ms)):
                return Look(is_ours=False)
            known = tuple(alerts.of_late(transaction, now_ms)) if with_known else ()
            acked = tuple(alerts.acked(transaction))
            state = alert_targets.state(transaction)
        targets.read(state)
    except (StoreError, OSError) as error:
        return Look((_unreadable(error),), is_blind=True)
    faults, is_blind = _judged(assess, now_ms)
    return Look(faults, is_blind=is_blind, has_rows=True, known=known, acked=acked)


def _judged(assess: Assess, now_ms: int) -> tuple[tuple[Fault, ...], bool]:
    """Return what is wrong, and whether only a part of it could be seen."""
    try:
        faults = tuple(assess(now_ms))
    except (StoreError, OSError) as error:
        return (_unreadable(error),), True
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:  # rows that cannot be
        reason = (
            f"what is stored cannot be judged ({type(error).__name__}: {error}); "
            "see: cts-tui repair --dry-run"
        )
        return (Fault("store-unreadable", "rows", Gravity.CRITICAL, reason),), True
    return (*faults, *_verdict(faults)), False


def _unreadable(error: Exception) -> Fault:
    return Fault("store-unreadable", "database", Gravity.CRITICAL, str(error))


def _verdict(faults: Sequence[Fault]) -> list[Fault]:
    """Return the fault that the desk is not healthy, with the first reason; none where it is."""
    if not faults:
        return []
    is_grave = any(fault.gravity is Gravity.CRITICAL for fault in faults)
    gravity = Gravity.CRITICAL if is_grave else Gravity.WARNING
    verdict = "unhealthy" if is_grave else "degraded"
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    message = f"the desk is {verdict}: {faults[0].message}{more}"
    return [Fault(VERDICT_RULE, "desk", gravity, message)]
