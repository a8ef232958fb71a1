"""What stays of a run that found something: its store, the traders' log, the venue's books."""

import json
import os
import shutil
import tempfile
from dataclasses import asdict
from pathlib import Path

from tests.loopback import LoopbackExchange

KEPT = Path(os.environ.get("CTS_FAULT_KEEP") or Path(tempfile.gettempdir(), "cts-fault-runs"))
"""Where the folders of failed runs go, each named by its seed and the process that ran it."""


def write_venue(exchange: LoopbackExchange, market: str, folder: Path) -> None:
    """Write down what reached the venue and what it made of it."""
    engine = exchange.spot if market == "spot" else exchange.swap
    books = {
        "orders": [order.as_record() for order in engine.orders.values()],
        "conditional orders": [order.as_record() for order in exchange.algo.orders.values()],
        "fills": [asdict(fill) for fill in engine.fills],
        "requests": exchange.journal.as_json(),
    }
    lines = (
        f"{json.dumps(name)}: [\n" + ",\n".join(json.dumps(row, default=str) for row in rows) + "]"
        for name, rows in books.items()
    )
    (folder / "venue.json").write_text("{" + ",\n".join(lines) + "}\n")


def keep(folder: Path, seed: int, faults: list[str]) -> Path:
    """Move the folder of a failed run to where it stays, with what was found; return where."""
    (folder / "faults.txt").write_text("\n".join(faults) + "\n")
    target = KEPT / f"seed-{seed}-{os.getpid()}"
    shutil.rmtree(target, ignore_errors=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(folder, target)
    return target


def drop(folder: Path) -> None:
    """Remove the folder of a run that was clean: thousands of them would fill the disk."""
    shutil.rmtree(folder)
