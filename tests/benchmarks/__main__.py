"""`make bench`: every budget of design.md §7 that exists so far, each beside its limit."""

import importlib
import sys

_PARTS = (
    "first_frame",
    "engine_running",
    "pipeline_cycle",
    "live_rules",
    "positions",
    "replays",
    "backups",
    "upkeep",
    "backtests",
    "exchange_load",
    "order_to_socket",
    "ticker_stream",
    "tick_to_close",
    "live_table",
    "chart",
)


def main(names: list[str]) -> None:
    """Measure the named parts, all when none is named."""
    for name in names or _PARTS:
        part = importlib.import_module(f"tests.benchmarks.{name}")
        for line in part.lines():
            sys.stdout.write(line.text() + "\n")
            sys.stdout.flush()


main(sys.argv[1:])
