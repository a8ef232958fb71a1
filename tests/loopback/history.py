"""How Binance pages orders and trades: by id, by time window, and never more than `limit`."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from tests.loopback.dialect import Refusal
from tests.loopback.routes import Params

Item = TypeVar("Item")
_DAY_MS = 86_400_000


def page(
    items: Iterable[Item],
    params: Params,
    *,
    id_of: Callable[[Item], int],
    time_of: Callable[[Item], int],
    id_name: str,
    window_days: int,
    recent_days: int | None = None,
    now_ms: int,
    most: int = 1_000,
) -> list[Item]:
    """Return one page, oldest first.

    With an id: from that id on. With a time: what lies in the window, its oldest first. With
    neither: the newest, of the last `recent_days` where there is such a bound. Raises Refusal
    when a window is too long.
    """
    limit = min(int(params.get("limit", "500")), most)
    kept = list(items)
    if id_name in params:
        return [item for item in kept if id_of(item) >= int(params[id_name])][:limit]
    start, end = params.get("startTime"), params.get("endTime")
    if start is None and end is None:
        oldest = 0 if recent_days is None else now_ms - recent_days * _DAY_MS
        return [item for item in kept if time_of(item) >= oldest][-limit:]
    window = window_days * _DAY_MS
    begin = int(start) if start is not None else int(end or now_ms) - window
    close = int(end) if end is not None else begin + window
    if close - begin > window:
        raise Refusal(-1127, f"More than {window_days * 24} hours between startTime and endTime.")
    return [item for item in kept if begin <= time_of(item) <= close][:limit]
