"""How figures are taken and shown: medians of several runs, each beside its limit, same run."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the report."""

    what: str
    figure: float
    unit: str
    budget: float
    limit: float | None
    limit_name: str
    is_rate: bool = False
    """Whether more is better."""

    @property
    def is_met(self) -> bool:
        """Whether the figure is within its budget."""
        return self.figure >= self.budget if self.is_rate else self.figure <= self.budget

    def text(self) -> str:
        """Return the line as it is printed."""
        limit = f"{self.limit:,.4g} {self.limit_name}" if self.limit is not None else "-"
        ratio = f"{self.figure / self.limit:5.1f}x" if self.limit else "     -"
        verdict = "met" if self.is_met else "MISSED"
        return (
            f"{self.what:44} {self.figure:12,.4g} {self.unit:10} budget {self.budget:>10,g} "
            f"{verdict:6} {ratio} of {limit}"
        )


def median_s(work: Callable[[], object], runs: int = 7) -> float:
    """Return the median wall time of `work` in seconds, after one run that does not count."""
    work()
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return statistics.median(times)
