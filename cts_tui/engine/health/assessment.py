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


def assess(database: Database, now_ms: int) -> HealthReport:
    """Return the whole report; a store that cannot be read is a report as well."""
    started = time.perf_counter()
    try:
        readings = read(database, now_ms)
        with database.read() as transaction:
            found = sections(transaction, readings)
    except (StoreError, OSError) as error:
        return unreadable(str(error))
    found["database"]["read_ms"] = round((time.perf_counter() - started) * 1000, 1)
    faults = judge(readings)
    return HealthReport(
        status=verdict(faults),
        reasons=tuple(fault.message for fault in faults),
        sections=found,
        faults=faults,
    )


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
