"""Status, as scripts and as people read it."""

from typing import Any

from cts_tui.cli.options import iso_or_none
from cts_tui.cli.tables import Signed, print_facts, short_time
from cts_tui.model.views import DeskSummary


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
