"""Whatever goes wrong, and wherever the trader is killed: nothing is doubled, untracked or lost.

Each run is made by its seed; which instruction it dies at and what meets what depends on the
machine's pace as well, so run a seed that failed a few times.
"""

import asyncio
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from .fault_run import FaultRun, Nursery, Outcome

Record = Callable[[str, object], None]
COUNTS = "fault counts"
"""What `pytest_terminal_summary` adds up and prints at the end, whichever process ran it."""
_FEW = 20
_BATCHES = 4
_BRIEF_S = 0.8
_AT_ONCE = 3
RUNS = int(os.environ.get("CTS_FAULT_RUNS", "2000"))
FIRST = int(os.environ.get("CTS_FAULT_SEED", "1"))


async def blow_through(
    seeds: range, folder: Path, empty_store: Path, longest_s: float = 2.0
) -> list[Outcome]:
    """Run some at a time: most of a run is waiting."""
    turn = asyncio.Semaphore(_AT_ONCE)
    async with Nursery.open() as nursery:

        async def run(seed: int) -> Outcome:
            async with turn:
                return await FaultRun(
                    nursery, folder / str(seed), empty_store, seed, longest_s
                ).run()

        return await asyncio.gather(*map(run, seeds))


def counted(outcomes: list[Outcome]) -> dict[str, int]:
    """Return the counts of all runs."""
    found = [outcome.findings for outcome in outcomes]
    struck: Counter[str] = Counter()
    for outcome in outcomes:
        struck.update({f"of kind {kind}": count for kind, count in outcome.struck.items()})
    return {
        "runs": len(outcomes),
        "kills": sum(outcome.kills for outcome in outcomes),
        "faults struck": sum(struck.values()),
        **dict(struck.most_common()),
        "orders at the venue": sum(one.orders for one in found),
        "fills": sum(one.fills for one in found),
        "positions": sum(one.positions for one in found),
        "doubled": sum(len(one.doubled) for one in found),
        "untracked": sum(len(one.untracked) for one in found),
        "lost fills": sum(len(one.lost_fills) for one in found),
        "without stop": sum(len(one.unprotected) for one in found),
        "PnL differs": sum(len(one.pnl) for one in found),
        "positions differ": sum(len(one.positions_differ) for one in found),
        "unsettled": sum(len(one.unsettled) for one in found),
        "fills under a made-up order, arrived after the window": sum(one.renamed for one in found),
    }


def judge(outcomes: list[Outcome], record_property: Record) -> None:
    """Leave the counts for the summary; fail with what is wrong and how to run it alone."""
    record_property(COUNTS, counted(outcomes))
    failed = [
        f"seed {outcome.seed} ({outcome.market}): {fault}\n  kept: {outcome.kept}\n  alone: "
        f"CTS_FAULT_RUNS=1 CTS_FAULT_SEED={outcome.seed} "
        "python -m pytest -m soak tests/faults/test_random_faults.py"
        for outcome in outcomes
        for fault in outcome.findings.faults
    ]
    assert not failed, "\n".join(failed[:10])
    assert any(one.findings.fills for one in outcomes), "nothing was traded"


@pytest.mark.parametrize("batch", range(_BATCHES))
async def test_s5_no_order_is_doubled_untracked_or_lost_whatever_fails(
    batch: int, tmp_path: Path, empty_store: Path, record_property: Record
) -> None:
    seeds = range(1 + batch * _FEW, 1 + (batch + 1) * _FEW)
    judge(await blow_through(seeds, tmp_path, empty_store, _BRIEF_S), record_property)


@pytest.mark.soak
async def test_s5_thousands_of_runs(
    tmp_path: Path, empty_store: Path, record_property: Record
) -> None:
    judge(await blow_through(range(FIRST, FIRST + RUNS), tmp_path, empty_store), record_property)
