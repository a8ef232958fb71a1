"""Health and its history as people read them."""

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from cts_tui.cli.options import iso_or_none
from cts_tui.cli.tables import Signed, cell, print_facts, print_table, say, short_time
from cts_tui.model.health import HealthSample
from cts_tui.model.health_trends import trends
from cts_tui.model.sparkline import bars, thinned
from cts_tui.model.views import HealthReport, Report

_BARS: Final = 40
_PROCESSORS: Final = {
    "connection": "CONNECTION",
    "name": "PROCESSOR",
    "cycles": "CYCLES",
    "errors": "ERRORS",
    "median_ms": "MEDIAN MS",
    "p95_ms": "P95 MS",
    "last_error": "LAST ERROR",
}


def print_health(report: HealthReport) -> None:
    """Print the verdict, its reasons in order of gravity, and the figures behind it."""
    say(report.status)
    for reason in report.reasons:
        say(f"- {reason}")
    if report.sections["connections"] is None:  # the store cannot be read: nothing else is known
        return
    say()
    print_facts(_facts(report.sections))
    say()
    print_table(report.sections["processors"], _PROCESSORS, "no processor has run yet")


def _facts(sections: Report) -> dict[str, str]:
    connections, signals = sections["connections"], sections["signals"]
    stale = sum(feed["stale"] for feed in sections["feeds"])
    return {
        "database": _database_text(sections["database"]),
        "connections": f"{connections['total']}, {connections['enabled']} enabled, "
        f"{connections['active']} running, {connections['live']} live",
        "prices": f"{len(sections['feeds'])} symbols, {stale} stale",
        "positions": _positions_text(sections["positions"]),
        "signals": f"{signals['total']}"
        + f" ({cell(signals['by_status'])})" * bool(signals["total"]),
        "process": _process_text(sections["process"]),
    }


def _database_text(database: Report) -> str:
    """Return schema, size, file and the room that is left."""
    parts = [f"schema {database['schema']}"]
    if database["size_bytes"] is not None:
        parts += [f"{database['size_bytes'] / 1e6:.1f} MB", str(database["file"])]
        parts += [f"{database['disk_free_bytes'] / 1e9:.1f} GB free"]
    return ", ".join(parts)


def _positions_text(positions: Report) -> str:
    unprotected, unknown = positions["unprotected"], positions["unknown_orders"]
    return (
        f"{positions['open']} open, {positions['stale']} stale, "
        + f"{unprotected} UNPROTECTED, " * bool(unprotected)
        + f"{unknown} orders of unknown outcome, " * bool(unknown)
        + f"PnL {Signed.money(Decimal(positions['open_pnl']))}; {positions['closed']} closed, "
        f"PnL {Signed.money(Decimal(positions['realized_pnl']))}"
    )


def _process_text(process: Report) -> str:
    """Return `pid 4711, 84 MB`, and what an engine has measured of itself."""
    parts = [f"pid {process['pid']}"]
    if process.get("rss_mb") is not None:
        parts.append(f"{process['rss_mb']:.0f} MB")
    if process.get("cpu_pct") is not None:
        parts.append(f"CPU {process['cpu_pct']:.0f} %")
    if process.get("event_loop_lag_ms") is not None:
        parts.append(f"events handled {process['event_loop_lag_ms']:.0f} ms late at worst")
    return ", ".join(parts)


def history_row(sample: HealthSample) -> dict[str, Any]:
    """Return the JSON object of a sample."""
    return {"time": iso_or_none(sample.time_ms), "status": sample.status} | dict(sample.figures)


def print_history(samples: Sequence[HealthSample], hours: float) -> None:
    """Print how often the desk was well, and how each figure went."""
    if not samples:
        say(f"no sample of the last {hours:g} hours: an engine takes one a minute")
        return
    first, last = samples[0].time_ms, samples[-1].time_ms
    said = ", ".join(f"{n} {word}" for word, n in Counter(one.status for one in samples).items())
    say(f"{short_time(iso_or_none(first))} to {short_time(iso_or_none(last))} UTC: {said}")
    say()
    columns = {"figure": "FIGURE", "bars": "", "least": "LEAST", "most": "MOST", "last": "LAST"}
    print_table(_figure_rows(samples), columns, "the samples hold no figures")


def _figure_rows(samples: Sequence[HealthSample]) -> list[dict[str, Any]]:
    return [
        {
            "figure": trend.name,
            "bars": bars(thinned(trend.values, _BARS), _BARS),
            "least": round(min(trend.values), 2),
            "most": round(max(trend.values), 2),
            "last": round(trend.last, 2),
        }
        for trend in trends(samples)
    ]
