"""A look that ends when its time is up: the small and grave tables first."""

import time
from typing import Final

from cts_tui.model.verification import Verification
from cts_tui.store.database import Transaction
from cts_tui.store.verify.passes import VerifyPass

_SLICE_MS: Final = 4.0


def quick_look(
    transaction: Transaction, now_ms: int, budget_ms: float
) -> tuple[Verification, frozenset[str]]:
    """Return what a look of `budget_ms` finds, and the tables that it has looked at whole.

    It takes a slice longer at most. Raises sqlite3.Error where the store cannot be read.
    """
    deadline = time.perf_counter() + budget_ms / 1000
    found = VerifyPass(now_ms, slice_ms=_SLICE_MS, keep_hits=1)
    while not found.is_done and time.perf_counter() < deadline:
        found.step(transaction)
    return found.result(now_ms), frozenset(found.covered)
