"""Status and health, as scripts and as people read them."""

from decimal import Decimal
from typing import Any

from cts_tui.cli.options import iso_or_none
from cts_tui.cli.tables import Signed, cell, print_facts, print_table, say, short_time
from cts_tui.model.views import DeskSummary, HealthReport, Report


def status_row(summary: DeskSummary, *, is_killed: bool) -> dict[str, Any]:
    """Return the JSON document of `status`."""
    return {
        "time": iso_or_none(summary.now_ms),
        "engine": "running" if summary.is_engine_running else "stopped",
        "killed": is_killed,
        "synthetic": summary.is_synthetic,
        "connections": {
            "total": summary.connections,
            "enabled": summary.connections_enabled,
            "live": summary.connections_live,
        },
        "positions": {"open": summary.open_positions, "stale": summary.stale_positions},
        "pnl": {
            "open": summary.open_pnl,
            "realized_today": summary.realized_pnl_today,
            "realized_total": summary.realized_pnl_total,
        },
        "today": {
            "trades": summary.trades_today,
            "wins": summary.wins_today,
            "signals": summary.signals_today,
        },
        "programs": [
            {
                "pid": program.pid,
                "host": program.host,
                "alive": program.is_alive,
                "started_at": iso_or_none(program.started_at_ms),
                "rss_mb": program.rss_mb,
                "cpu_pct": program.cpu_pct,
            }
            for program in summary.programs
        ],
    }


def print_status(summary: DeskSummary, *, is_killed: bool) -> None:
    """Print the desk in a few lines."""
    pids = ", ".join(str(program.pid) for program in summary.programs if program.is_alive)
    trades, wins = summary.trades_today, summary.wins_today
    today = Signed.money(summary.realized_pnl_today)
    facts = {
        "time": f"{short_time(iso_or_none(summary.now_ms))} UTC",
        "engine": f"running, process {pids}" if pids else "stopped; start one with: cts-tui run",
        "kill switch": "ON: nothing is entered" if is_killed else "off",
        "connections": f"{summary.connections}, {summary.connections_enabled} enabled, "
        f"{summary.connections_live} live",
        "positions": f"{summary.open_positions} open, {summary.stale_positions} stale, "
        f"PnL {Signed.money(summary.open_pnl)}",
        "today": f"{trades} trades, {wins} won, PnL {today}, "
        f"{summary.signals_today} signals (since 00:00 UTC)",
        "total": f"PnL {Signed.money(summary.realized_pnl_total)}",
    }
    if summary.is_synthetic:
        facts["prices"] = "SYNTHETIC on at least one connection: its feed is lost"
    print_facts(facts)


def health_row(report: HealthReport) -> dict[str, Any]:
    """Return the JSON document of `health`."""
    return {"status": report.status, "reasons": list(report.reasons)} | report.sections


def print_health(report: HealthReport) -> None:
    """Print the verdict, its reasons in order of gravity, and the figures behind it."""
    say(report.status)
    for reason in report.reasons:
        say(f"- {reason}")
    sections = report.sections
    if sections["connections"] is None:  # the store cannot be read: nothing else is known
        return
    say()
    print_facts(_facts(sections))
    say()
    columns = {
        "connection": "CONNECTION",
        "name": "PROCESSOR",
        "cycles": "CYCLES",
        "errors": "ERRORS",
        "median_ms": "MEDIAN MS",
        "p95_ms": "P95 MS",
        "last_error": "LAST ERROR",
    }
    print_table(sections["processors"], columns, "no processor has run yet")


def _facts(sections: Report) -> dict[str, str]:
    database, connections = sections["database"], sections["connections"]
    positions, signals, process = sections["positions"], sections["signals"], sections["process"]
    stale = sum(feed["stale"] for feed in sections["feeds"])
    size = database.get("size_bytes")
    return {
        "database": f"schema {database['schema']}"
        + (f", {size / 1e6:.1f} MB, {database['file']}" if size is not None else ""),
        "connections": f"{connections['total']}, {connections['enabled']} enabled, "
        f"{connections['active']} running, {connections['live']} live",
        "prices": f"{len(sections['feeds'])} symbols, {stale} stale",
        "positions": f"{positions['open']} open, {positions['stale']} stale, "
        f"PnL {Signed.money(Decimal(positions['open_pnl']))}; {positions['closed']} closed, "
        f"PnL {Signed.money(Decimal(positions['realized_pnl']))}",
        "signals": f"{signals['total']}"
        + f" ({cell(signals['by_status'])})" * bool(signals["total"]),
        "process": _process_text(process),
    }


def _process_text(process: Report) -> str:
    """Return `pid 4711, 84 MB`, and what an engine has measured of itself."""
    parts = [f"pid {process['pid']}", f"{process['rss_mb']:.0f} MB"]
    if "cpu_pct" in process:
        parts.append(f"CPU {process['cpu_pct']:.0f} %")
        parts.append(f"events handled {process['event_loop_lag_ms']:.0f} ms late at worst")
    return ", ".join(parts)
