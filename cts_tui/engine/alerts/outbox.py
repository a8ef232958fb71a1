"""Notices that wait for their targets: each target has its own, and its own back-off."""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from cts_tui.engine.alerts.courier import Parcel
from cts_tui.engine.alerts.wording import Notice
from cts_tui.model.alerts import AlertTarget, Delivery
from cts_tui.model.health import Gravity

BACKOFF_S: Final = (10.0, 30.0, 120.0, 600.0)
"""After the first failure, the second, …; from the last on always as long."""
MOST_WAITING: Final = 50
"""Notices that wait for one target; the oldest gives way."""
_LONGEST_BODY: Final = 3_000


@dataclass(slots=True)
class _Box:
    """What waits for one target."""

    target: AlertTarget
    waiting: deque[Notice] = field(default_factory=lambda: deque(maxlen=MOST_WAITING))
    on_the_way: list[Notice] = field(default_factory=list)
    failures: int = 0
    retry_at_s: float = 0.0

    def take_out(self) -> list[Notice]:
        """Return what was on its way, which waits no more."""
        sent = self.on_the_way
        self.on_the_way = []
        for notice in sent:
            if notice in self.waiting:
                self.waiting.remove(notice)
        return sent


class Outbox:
    """What is to be handed over. Times are seconds that only grow."""

    def __init__(self) -> None:
        self._boxes: dict[str, _Box] = {}
        self._untaken: set[Notice] = set()

    @property
    def has_targets(self) -> bool:
        """Whether there is anybody to tell."""
        return bool(self._boxes)

    @property
    def waiting(self) -> int:
        """Notices that no target has taken yet."""
        return len(self._untaken)

    def set_targets(self, targets: Sequence[AlertTarget]) -> list[Notice]:
        """Keep to these targets from now on; return the notices that now wait for nobody."""
        known = {name: box for name, box in self._boxes.items() if box.target in targets}
        self._boxes = {t.name: known.get(t.name) or _Box(t) for t in targets}
        return self._lost()

    def post(self, notice: Notice) -> list[Notice]:
        """Put a notice into every box; return those that had to give way and nobody has taken."""
        self._untaken.add(notice)
        for box in self._boxes.values():
            box.waiting.append(notice)
        return self._lost()

    def ready(self, now_s: float) -> list[Parcel]:
        """Return a parcel for each target that has something waiting and may be tried now."""
        parcels = []
        for box in self._boxes.values():
            if box.waiting and now_s >= box.retry_at_s:
                box.on_the_way = list(box.waiting)
                parcels.append(_parcel(box.target, box.on_the_way))
        return parcels

    def note(self, deliveries: Iterable[Delivery], now_s: float) -> list[Notice]:
        """Take what became of the parcels; return the notices taken for the first time."""
        taken = []
        for delivery in deliveries:
            box = self._boxes.get(delivery.target)
            if box is None:  # removed meanwhile
                continue
            if delivery.is_taken:
                taken += [notice for notice in box.take_out() if notice in self._untaken]
                self._untaken.difference_update(taken)
                box.failures, box.retry_at_s = 0, 0.0
            else:
                box.retry_at_s = now_s + BACKOFF_S[min(box.failures, len(BACKOFF_S) - 1)]
                box.failures += 1
        return taken

    def _lost(self) -> list[Notice]:
        """Return the notices that nobody has taken and that wait nowhere any more."""
        waiting = {notice for box in self._boxes.values() for notice in box.waiting}
        lost = [notice for notice in self._untaken if notice not in waiting]
        self._untaken.difference_update(lost)
        return lost


def _parcel(target: AlertTarget, notices: Sequence[Notice]) -> Parcel:
    """Return all that waits for a target as one message, the newest last."""
    title = notices[-1].title
    if len(notices) > 1:
        title = f"{title} (and {len(notices) - 1} before)"
    is_grave = any(notice.severity is Gravity.CRITICAL for notice in notices)
    return Parcel(
        target=target,
        title=title,
        body=_fitting("\n".join(notice.body for notice in notices)),
        severity=Gravity.CRITICAL if is_grave else Gravity.WARNING,
    )


def _fitting(body: str) -> str:
    """Return a text that every service takes whole: the oldest lines give way."""
    if len(body) <= _LONGEST_BODY:
        return body
    kept = body[-_LONGEST_BODY:].partition("\n")[2]
    return f"… earlier lines are left out; all: cts-tui alerts list --all\n{kept}"
