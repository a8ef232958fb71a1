"""How the figures of health went: each of the history's series, ready to be drawn."""

from collections.abc import Sequence
from dataclasses import dataclass

from cts_tui.model.health import HealthSample


@dataclass(frozen=True, slots=True)
class Trend:
    """One figure over time, oldest first; never empty."""

    name: str
    """In words, like `cycle p95 ms`."""
    values: tuple[float, ...]

    @property
    def last(self) -> float:
        """The newest value."""
        return self.values[-1]


def trends(samples: Sequence[HealthSample]) -> list[Trend]:
    """Return every figure of some samples where it was known, in the samples' order."""
    names = {name: None for sample in samples for name in sample.figures}
    series = {name: _numbers(samples, name) for name in names}
    return [Trend(name.replace("_", " "), values) for name, values in series.items() if values]


def _numbers(samples: Sequence[HealthSample], name: str) -> tuple[float, ...]:
    """Return a figure over time; money is written as text."""
    values = (sample.figures.get(name) for sample in samples)
    return tuple(float(value) for value in values if isinstance(value, int | float | str))
