"""The rate limiter in front of every request: wall clock, priorities, never a burst after a pause.

One limiter stands for one exchange's budget in this process (`limiter_of`). It may be used from
several event loops and threads at once, e.g. the engine's and the connection test's.
"""

import asyncio
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

from cts_tui.errors import RateLimitedError
from cts_tui.exchange.budget import Budget
from cts_tui.exchange.limiter_figures import Waits, WindowSum
from cts_tui.exchange.limiter_queue import Priority, Queue, Timer, Waiter, running_loop

__all__ = ["BAN_WAIT_S", "URGENT_WAIT_S", "Limiter", "Priority", "limiter_of", "share_out"]


URGENT_WAIT_S: Final = 5.0
"""The default bound of an order's or a cancel's wait: later it would act on an old price."""
BAN_WAIT_S: Final = 30.0
"""A ban longer than this fails every call at once, so that its caller backs off and says so."""
_OVERTAKINGS: Final = 20
"""So often a class may be passed by the one above it in the same purse before it has a turn."""
_CLASSES: Final = ((Priority.ORDER, Priority.CANCEL), (Priority.ACCOUNT, Priority.MARKET))
_DUE: Final = 1e-6


class Limiter:
    """A token bucket on the monotonic clock: lowest `Priority` first, in order of arrival within.

    Orders and cancels have a reserve that nothing else may spend, so they go out at once behind
    any queue. What refills is capped (`budget.BURST_S`): a process that was stopped, slept or
    stalled goes on at the venue's rate. A call dearer than the burst goes when its purse is full
    and is paid off before the next one. Orders never starve the rest: a tenth of the flow and
    every 21st turn go past them.
    """

    def __init__(
        self,
        *,
        interval_ms: float,
        burst: float | None = None,
        share: float = 1.0,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Allow one cost unit per `interval_ms` (ccxt: `rateLimit`) times `share` (0…1).

        `burst` is in cost units; `now` gives monotonic seconds.
        """
        self._now = now
        self._budget = Budget(interval_ms=interval_ms, burst=burst, share=share, now=now())
        self._lock = threading.RLock()  # a collected call may leave in the midst of a change
        self._queues = {priority: Queue() for priority in Priority}
        self._blocked_until = -math.inf
        self._timer: Timer | None = None
        self._waits = {priority: Waits() for priority in Priority}
        self._spent = WindowSum()

    async def acquire(
        self, weight: float, priority: Priority, *, max_wait_s: float | None = None
    ) -> None:
        """Wait for this call's turn; `weight` is in cost units, one of ccxt's costs.

        Raises RateLimitedError when the wait exceeds `max_wait_s` (None: `URGENT_WAIT_S` for
        orders and cancels, else none), and at once where a ban is known to last longer than that
        or than `BAN_WAIT_S`. After an error or a cancellation nothing was sent and nothing spent.
        """
        if max_wait_s is None:
            max_wait_s = URGENT_WAIT_S if priority <= Priority.CANCEL else math.inf
        queue = self._queues[priority]
        with self._lock:
            waiter = self._enter(max(weight, 0.0), priority, max_wait_s)
            if waiter.refund is not None and not queue.pending:
                return
            queue.pending += 1
        try:
            async with asyncio.timeout(None if math.isinf(max_wait_s) else max_wait_s):
                await waiter.woken
        except BaseException as error:
            with self._lock:
                self._leave(waiter)
                wait_s = self._ban_s(self._now()) + self._wait_s(waiter)
            if isinstance(error, TimeoutError):
                raise _too_long(max_wait_s, wait_s) from None
            raise
        finally:
            with self._lock:
                queue.pending -= 1
        if waiter.refused_s:
            raise _too_long(max_wait_s, waiter.refused_s)

    def throttle_until(self, wait_s: float) -> None:
        """Send nothing at all for `wait_s` seconds: the venue said 418, 429 or Retry-After."""
        with self._lock:
            now = self._now()
            self._budget.fill(now)
            self._blocked_until = max(self._blocked_until, now + wait_s)
            self._budget.pause_until(self._blocked_until)
            for queue in self._queues.values():
                self._refuse_late(queue, now)
            self._arm(now)

    def set_share(self, share: float) -> None:
        """Use `share` (0…1) of the exchange's budget: other processes use the rest."""
        with self._lock:
            if share != self._budget.share:
                self._budget.change(self._now(), share=share)
                self._pump()

    def slow_down(self, interval_ms: float) -> None:
        """Allow no more than one cost unit per `interval_ms`; never speeds up."""
        with self._lock:
            self._budget.change(self._now(), interval_ms=interval_ms)
            self._pump()

    def figures(self) -> dict[str, Any]:
        """Return what the screen shows, JSON-able.

        `headroom_pct` is what the last minute left of this process's budget, `spent` cost units
        since the start, `throttled_s` the rest of a ban, waits in milliseconds by priority.
        """
        with self._lock:
            now = self._now()
            used = self._spent.last_minute(now) / (self._budget.rate * 60.0)
            return {
                "headroom_pct": round(max(0.0, 100.0 * (1.0 - used)), 1),
                "share_pct": round(100.0 * self._budget.share, 1),
                "interval_ms": self._budget.interval_ms,
                "spent": round(self._spent.total, 3),
                "throttled_s": round(self._ban_s(now), 1),
                "waiting": {p.name.lower(): len(q.waiters) for p, q in self._queues.items()},
                "waited_p95_ms": {p.name.lower(): w.p95_ms() for p, w in self._waits.items()},
            }

    def _enter(self, weight: float, priority: Priority, max_wait_s: float) -> Waiter:
        """Queue a call and serve who can be served, at best this one."""
        now = self._now()
        loop = asyncio.get_running_loop()
        waiter = Waiter(weight, priority, now + max_wait_s, now, loop, loop.create_future())
        if self._is_too_late(waiter, now):
            raise _too_long(max_wait_s, self._blocked_until - now)
        self._queues[priority].waiters.append(waiter)
        self._pump()
        return waiter

    def _leave(self, waiter: Waiter) -> None:
        """Take back a call that was given up, queued or granted."""
        if waiter.refund is not None:
            waiter.refund()
            self._spent.add(self._now(), -waiter.weight)
        else:
            with suppress(ValueError):  # refused by a ban meanwhile
                self._queues[waiter.priority].waiters.remove(waiter)
        self._pump()

    def _is_too_late(self, waiter: Waiter, now: float) -> bool:
        last = min(waiter.deadline, now + BAN_WAIT_S)
        return self._blocked_until > max(last, now)

    def _refuse_late(self, queue: Queue, now: float) -> None:
        """Wake those for whom a new ban lasts too long."""
        for waiter in queue.waiters:
            if self._is_too_late(waiter, now):
                waiter.refused_s = self._blocked_until - now
                waiter.wake()
        queue.waiters = deque(w for w in queue.waiters if not w.refused_s)

    def _pump(self) -> None:
        """Serve everyone whose turn it is, and set the timer for the next one."""
        now = self._now()
        self._budget.fill(now)
        if self._ban_s(now) <= _DUE:
            for upper, lower in _CLASSES:
                while (waiter := self._first(upper, lower)) and self._wait_s(waiter) <= 0:
                    self._grant(waiter, now)
        self._arm(now)

    def _first(self, upper: Priority, lower: Priority) -> Waiter | None:
        """Return whose turn it is among two classes that share a purse."""
        above, below = self._queues[upper].head(), self._queues[lower].head()
        if below and self._queues[lower].overtaken >= _OVERTAKINGS:
            return below
        return above or below

    def _wait_s(self, waiter: Waiter) -> float:
        """Return the seconds until a purse can pay for a call, a ban left aside."""
        budget, weight = self._budget, waiter.weight
        if waiter.priority > Priority.CANCEL:
            return budget.common_wait_s(weight)
        wait_s = budget.reserve_wait_s(weight)
        return wait_s if self._is_market_waiting() else min(wait_s, budget.common_wait_s(weight))

    def _ban_s(self, now: float) -> float:
        """Return how many seconds more nothing at all is sent."""
        return max(0.0, self._blocked_until - now)

    def _is_market_waiting(self) -> bool:
        return any(self._queues[priority].waiters for priority in _CLASSES[1])

    def _grant(self, waiter: Waiter, now: float) -> None:
        queue = self._queues[waiter.priority]
        queue.waiters.popleft()
        queue.overtaken = 0
        for upper, lower in _CLASSES:
            if waiter.priority is upper and self._queues[lower].waiters:
                self._queues[lower].overtaken += 1
        waiter.refund = self._pay(waiter)
        self._spent.add(now, waiter.weight)
        self._waits[waiter.priority].add(now - waiter.since)
        waiter.wake()

    def _pay(self, waiter: Waiter) -> Callable[[], None]:
        """Take a call's weight out of its purse; return how to put it back."""
        budget, weight = self._budget, waiter.weight
        is_urgent = waiter.priority <= Priority.CANCEL
        purse = budget.reserve if is_urgent and not budget.reserve.lack(weight) else budget.common
        purse.stock -= weight
        return lambda: purse.add(weight)

    def _arm(self, now: float) -> None:
        """Set the one timer for the waiter that can be served first, on that waiter's loop."""
        heads = [waiter for pair in _CLASSES if (waiter := self._first(*pair))]
        here, timer = running_loop(), self._timer
        if not heads:
            if timer and timer.loop is here:
                timer.handle.cancel()
                self._timer = None
            return
        head = min(heads, key=self._wait_s)
        wait_s = self._ban_s(now) + self._wait_s(head)
        if timer and timer.loop is head.loop and now < timer.due <= now + wait_s + _DUE:
            return
        if timer and timer.loop is here:
            timer.handle.cancel()
        self._timer = None
        if head.loop is here:
            self._timer = Timer(here, now + wait_s, here.call_later(wait_s, self._on_time))
        else:
            with suppress(RuntimeError):  # the loop closes: the next call passes its waiters by
                head.loop.call_soon_threadsafe(self._on_time)

    def _on_time(self) -> None:
        with self._lock:
            if self._timer is not None and self._timer.loop is running_loop():
                self._timer = None  # it may have fired a little early: then it must be set again
            self._pump()


_LIMITERS: Final[dict[tuple[str, str], Limiter]] = {}
_SHARES: Final[dict[str, float]] = {}
_REGISTRY: Final = threading.Lock()


def limiter_of(exchange: str, address: str = "", *, interval_ms: float) -> Limiter:
    """Return the one limiter of an exchange at an address in this process.

    The first call makes it; where a later one asks for a longer interval, the longer one holds.
    """
    with _REGISTRY:
        limiter = _LIMITERS.get((exchange, address))
        if limiter is None:
            share = _SHARES.get(exchange, 1.0)
            limiter = _LIMITERS[exchange, address] = Limiter(interval_ms=interval_ms, share=share)
    limiter.slow_down(interval_ms)
    return limiter


def share_out(shares: Mapping[str, float]) -> None:
    """Set this process's part (0…1) of the budget of each exchange, now and for limiters to come.

    Exchanges that are not named keep theirs.
    """
    with _REGISTRY:
        _SHARES.update(shares)
        limiters = list(_LIMITERS.items())
    for (exchange, _), limiter in limiters:
        if exchange in shares:
            limiter.set_share(shares[exchange])


def _too_long(max_wait_s: float, wait_s: float) -> RateLimitedError:
    bound_s = min(max_wait_s, BAN_WAIT_S)
    return RateLimitedError(
        f"rate limit: not sent, it would wait longer than {bound_s:g} s; "
        f"try again in {wait_s:.1f} s",
        wait_s,
    )
