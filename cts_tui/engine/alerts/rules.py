"""What an alert rule adds to a fault of the health assessment: how long until raised and cleared.

The faults themselves, their gravity and the bounds of their figures are the assessment's.
"""

from dataclasses import dataclass
from typing import Final

from cts_tui.model.alerts import VERDICT_RULE


@dataclass(frozen=True, slots=True)
class AlertRule:
    """How the faults of one rule become alerts."""

    raise_after_s: float = 30.0
    """How long a fault must have been there at every look before it is raised."""
    clear_after_s: float = 60.0
    """How long it must have been gone at every look before it is cleared."""
    is_told: bool = True
    """Whether notices tell of it; the verdict only stands above those that tell why."""


DEFAULT: Final = AlertRule()
"""Of every fault that has no line of its own here: a new one is an alert from its first day."""

ALERT_RULES: Final[dict[str, AlertRule]] = {
    "store-unreadable": AlertRule(raise_after_s=10),
    "schema-unexpected": AlertRule(raise_after_s=0),
    "writer-failing": AlertRule(raise_after_s=10),
    "engine-silent": AlertRule(raise_after_s=10),
    "position-unprotected": AlertRule(raise_after_s=0),
    "order-unknown": AlertRule(raise_after_s=5),
    "feed-stale": AlertRule(raise_after_s=60),
    "engine-degraded": AlertRule(raise_after_s=60),
    "processor-error": AlertRule(raise_after_s=0, is_told=False),
    VERDICT_RULE: AlertRule(is_told=False),
}
"""By the name of the rule; `docs/guide.md` has the table that people read."""


def rule_of(name: str) -> AlertRule:
    """Return how the faults of a rule become alerts."""
    return ALERT_RULES.get(name, DEFAULT)
