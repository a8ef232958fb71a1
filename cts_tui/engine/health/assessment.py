"""The assessment: everything that is wrong, the verdict, and the figures behind it.

It reads rows only, so it is the same whether the engine runs in this process, in another, or not
at all. The report, the history of health and the alerts rest on it.
"""

import time
from collections.abc import Iterable

from cts_tui.engine.health.readings import read
from cts_tui.engine.health.rules import judge
from cts_tui.engine.health.sections import SECTIONS, sections
from cts_tui.errors import StoreError
from cts_tui.model.health import Fault, Gravity
from cts_tui.model.trading import HealthStatus
from cts_tui.model.views import HealthReport
from cts_tui.store.database import Database
from cts_tui.store.running_sums import RunningSums


def assess(database: Database, now_ms: int, running: RunningSums | None = None) -> HealthReport:
    """Return the whole report; a store that cannot be read is a report as well.

    `running` are sums that whoever assesses again and again keeps in between.
    """
    started = time.perf_counter()
    try:
        with database.read() as transaction:
            readings = read(database, transaction, now_ms)
            found = sections(transaction, readings, running or RunningSums())
    except StoreError as error:
        return unreadable(str(error))
    found["database"]["read_ms"] = round((time.perf_counter() - started) * 1000, 1)
    faults = judge(readings)
    return HealthReport(
        status=verdict(faults),
        reasons=tuple(fault.message for fault in faults),
        sections=found,
        faults=faults,
        processors=tuple(readings.processors),
        feeds=tuple(readings.feeds),
    )


def faults_now(database: Database, now_ms: int) -> tuple[Fault, ...]:
    """Return what is wrong, without the figures behind it. Raises StoreError."""
    with database.read() as transaction:
        return judge(read(database, transaction, now_ms))


def verdict(faults: Iterable[Fault]) -> HealthStatus:
    """Return the verdict that the gravest of some faults gives."""
    gravities = {fault.gravity for fault in faults}
    if Gravity.CRITICAL in gravities:
        return HealthStatus.UNHEALTHY
    return HealthStatus.DEGRADED if gravities else HealthStatus.HEALTHY


def unreadable(reason: str) -> HealthReport:
    """Return the report of a store that cannot be read: nothing else is known."""
    return HealthReport(
        status=HealthStatus.UNHEALTHY,
        reasons=(reason,),
        sections=dict.fromkeys(SECTIONS) | {"database": {"reachable": False, "error": reason}},
        faults=(Fault("store-unreadable", "database", Gravity.CRITICAL, reason),),
    )
