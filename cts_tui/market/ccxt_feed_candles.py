"""From what an exchange's stream and REST say of one symbol's candles to those that are handed on.

A candle is handed on once, closed and in order. The stream's last word on it counts only where the
stream ran without a break from before its close until a newer candle came; whatever else has closed
is asked of REST. Pure: times come in as arguments, in milliseconds of the venue's clock.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cts_tui.market.candles import Refusal, value_fault
from cts_tui.market.freshness import FUTURE_TOLERANCE_MS
from cts_tui.model.market import Candle, timeframe_ms

Row = Sequence[Any]
"""ccxt's candle: open time in ms, open, high, low, close, volume; anything may be missing."""

_ASK_AGAIN_MS: Final = (2_000, 5_000, 15_000, 60_000)
"""Waits before REST is asked once more for a candle that it did not have."""
_MOST_ASKS: Final = 3
"""Answers that are too short, or hold nonsense, until that is believed to be all there is."""
_FAR_STEPS: Final = 50
_PRICE_TOLERANCE: Final = 1e-9


@dataclass(slots=True)
class _Heard:
    """The stream's last word on one candle."""

    raw: tuple[Any, ...]
    candle: Candle | None
    """None where what it said is no candle."""
    changed_ms: int


class CandleAssembly:
    """One symbol's candles of one timeframe, on their way into the pipeline."""

    def __init__(self, timeframe: str, *, grace_ms: int) -> None:
        """`grace_ms` after its close a candle that the stream has not settled is asked of REST."""
        self._step_ms: Final = timeframe_ms(timeframe)
        self._grace_ms: Final = grace_ms
        self.settled_ms: int | None = None
        """Open time of the newest candle that was handed on, or that the venue does not have."""
        self.last: Candle | None = None
        """The newest candle that was handed on."""
        self.refused: dict[Refusal, int] = {}
        self.missing = 0
        """Candles that the venue does not have: nothing was traded."""
        self.filled = 0
        """Candles that REST told where the stream had not."""
        self.corrected = 0
        """Later words of the venue on a candle already handed on: they change nothing."""
        self.contradicted = 0
        """Candles of an unbroken stream that REST tells otherwise: the stream lost something."""
        self._last_raw: tuple[Any, ...] | None = None
        """What the stream said of the newest candle before it was settled."""
        self._anchor_ms: int | None = None
        self._heard: dict[int, _Heard] = {}
        self._unbroken_ms: int | None = None
        self._asks = 0
        self._ask_ms = 0

    def begin_after(self, open_ms: int, candle: Candle | None = None) -> None:
        """Take the candle that opened at `open_ms`, and all before it, as history."""
        self.settled_ms = self._anchor_ms = open_ms
        self.last = candle
        self._heard = {time: heard for time, heard in self._heard.items() if time > open_ms}
        self._asks = self._ask_ms = 0

    @property
    def newest_heard_ms(self) -> int | None:
        """Open time of the newest candle that the stream told since it broke last."""
        since = self._unbroken_ms
        if since is None:
            return None
        return max(
            (t for t, heard in self._heard.items() if heard.changed_ms >= since), default=None
        )

    def break_off(self) -> None:
        """The stream has broken: what it said so far of the forming candle may not be all."""
        self._unbroken_ms = None

    def remember(self, rows: Iterable[Row]) -> None:
        """Know rows that an earlier stream has left: they are no news, and not the last word."""
        for row in rows:
            raw = tuple(row[:6])
            if raw and isinstance(raw[0], int):
                self._heard[raw[0]] = _Heard(raw, None, -1)

    def observe(self, rows: Iterable[Row], now_ms: int) -> bool:
        """Look at the stream's rows, in any order and as often as one likes; return what is new.

        Rows of candles already settled are no news. A row that is no candle is refused, once.
        """
        is_news = False
        for row in rows:
            raw = tuple(row[:6])
            time_ms = raw[0] if raw else None
            if not isinstance(time_ms, int):
                self._refuse(Refusal.IMPOSSIBLE_TIME)
                continue
            if self.settled_ms is not None and time_ms <= self.settled_ms:
                self._note_correction(raw)
                continue
            known = self._heard.get(time_ms)
            if known is None or known.raw != raw:
                self._hear(raw, now_ms)
                is_news = True
        return is_news

    def _hear(self, raw: tuple[Any, ...], now_ms: int) -> None:
        """Keep what is new of the stream; its first word begins an unbroken run."""
        candle, fault = self._parsed(raw, now_ms)
        if fault is not None:
            self._refuse(fault)
        if raw[0] <= now_ms + FUTURE_TOLERANCE_MS:
            self._heard[raw[0]] = _Heard(raw, candle, now_ms)
            if self._unbroken_ms is None:
                self._unbroken_ms = now_ms

    def _note_correction(self, raw: tuple[Any, ...]) -> None:
        last = self.last
        if last is None or raw[0] != last.time_ms or raw in (self._last_raw, tuple(last)):
            return
        self._last_raw = raw
        candle, fault = self._parsed(raw, last.time_ms)
        if fault is None and candle is not None and candle != last:
            self.corrected += 1
            self.last = candle

    def take(self) -> list[Candle]:
        """Return the candles that the stream has settled by now, in order."""
        taken: list[Candle] = []
        while self.settled_ms is not None:
            heard = self._heard.get(self.settled_ms + self._step_ms)
            if heard is None or heard.candle is None or not self._is_final(heard):
                break
            taken.append(heard.candle)
            self._settle(heard.candle.time_ms, heard.candle)
        return taken

    def _is_final(self, heard: _Heard) -> bool:
        """Return whether the stream ran on unbroken from before the close to a newer candle."""
        since, newest_ms = self._unbroken_ms, self.newest_heard_ms
        if since is None or newest_ms is None:
            return False
        open_ms = heard.raw[0]
        is_unbroken = heard.changed_ms >= since and since <= open_ms + self._step_ms
        return bool(is_unbroken and newest_ms > open_ms)

    def due(self, now_ms: int) -> int | None:
        """Return the open time from which REST is to be asked now, None where nothing is due."""
        if self.settled_ms is None or now_ms < self._ask_ms:
            return None
        first_ms = self.settled_ms + self._step_ms
        if first_ms + self._step_ms + self._grace_ms > now_ms:
            return None
        anchor_ms = self.settled_ms if self._anchor_ms is None else self._anchor_ms
        is_near = first_ms - anchor_ms <= _FAR_STEPS * self._step_ms
        return anchor_ms if is_near else self.settled_ms

    def missing_steps(self, now_ms: int) -> int:
        """Return how many candles have closed since the newest settled one."""
        if self.settled_ms is None:
            return 0
        return max(0, (now_ms - self._grace_ms - self.settled_ms) // self._step_ms - 1)

    def settle(self, rows: Iterable[Row], asked_ms: int, now_ms: int) -> list[Candle]:
        """Take REST's answer to what was `due`; return the candles it settles, in order.

        A candle that the answer jumps over does not exist. One that may still come is asked for
        again, later each time.
        """
        if self.settled_ms is None:
            return []
        before_ms, asks = self.settled_ms, self._asks + 1
        told, times = self._told(rows, now_ms)
        if asks <= _MOST_ASKS and (not times or times[0] > max(asked_ms, before_ms)):
            times = []  # it may begin after what was asked for: what it lacks proves nothing
        taken = self._settle_through(told, times[-1] if times else -1, now_ms, asks)
        if self.settled_ms == before_ms:
            self._asks = asks
            self._ask_ms = now_ms + self._wait_ms(asks)
        return taken

    def _wait_ms(self, asks: int) -> int:
        """Return how long to wait after so many answers in a row that settled nothing."""
        if asks <= len(_ASK_AGAIN_MS):
            return _ASK_AGAIN_MS[asks - 1]
        return max(_ASK_AGAIN_MS[-1], self._step_ms)

    def _settle_through(
        self, told: dict[int, Candle | None], newest_ms: int, now_ms: int, asks: int
    ) -> list[Candle]:
        """Settle one candle after the other, up to the first that cannot be judged yet."""
        taken: list[Candle] = []
        assert self.settled_ms is not None  # noqa: S101 - asked by settle
        time_ms = self.settled_ms + self._step_ms
        while time_ms + self._step_ms + self._grace_ms <= now_ms:
            candle = told.get(time_ms)
            if candle is not None:
                self._compare(candle)
                self.filled += 1
                taken.append(candle)
                self._settle(time_ms, candle)
            elif newest_ms > time_ms and (time_ms not in told or asks > _MOST_ASKS):
                self.missing += 1
                self._settle(time_ms, None)
            else:
                break
            time_ms += self._step_ms
        return taken

    def _told(self, rows: Iterable[Row], now_ms: int) -> tuple[dict[int, Candle | None], list[int]]:
        """Return what REST says of each candle (None: nonsense), and the times it knows, sorted."""
        told: dict[int, Candle | None] = {}
        for row in rows:
            raw = tuple(row[:6])
            if not raw or not isinstance(raw[0], int):
                self._refuse(Refusal.IMPOSSIBLE_TIME)
                continue
            candle, fault = self._parsed(raw, now_ms)
            if fault is not None:
                self._refuse(fault)
            if fault is not Refusal.IMPOSSIBLE_TIME and fault is not Refusal.MISALIGNED:
                told[raw[0]] = candle
        return told, sorted(told)

    def _compare(self, candle: Candle) -> None:
        """Count a candle of which an unbroken stream told something else, or nothing at all."""
        since, heard = self._unbroken_ms, self._heard.get(candle.time_ms)
        if since is None:
            return
        before = self.last
        if heard is None and before is not None and since <= candle.time_ms:
            self.contradicted += not _is_near(before.close, candle.close)
        elif heard is None:
            return
        elif heard.candle is not None and heard.changed_ms >= since:
            same = map(_is_near, heard.candle[1:5], candle[1:5])
            self.contradicted += not all(same)

    def _settle(self, time_ms: int, candle: Candle | None) -> None:
        self.settled_ms = time_ms
        if candle is not None:
            self.last = candle
            self._anchor_ms = time_ms
        heard = self._heard.pop(time_ms, None)
        self._last_raw = None if heard is None else heard.raw
        self._asks = self._ask_ms = 0

    def _parsed(self, raw: tuple[Any, ...], now_ms: int) -> tuple[Candle | None, Refusal | None]:
        """Return a row as a candle, or why it is none."""
        time_ms = raw[0]
        if not 0 < time_ms <= now_ms + FUTURE_TOLERANCE_MS:
            return None, Refusal.IMPOSSIBLE_TIME
        if self.settled_ms is not None and (time_ms - self.settled_ms) % self._step_ms:
            return None, Refusal.MISALIGNED
        try:
            candle = Candle(time_ms, *map(float, raw[1:]))
        except (TypeError, ValueError):
            return None, Refusal.NOT_FINITE
        fault = value_fault(candle)
        return (None, fault) if fault else (candle, None)

    def _refuse(self, reason: Refusal) -> None:
        self.refused[reason] = self.refused.get(reason, 0) + 1


def _is_near(one: float, other: float) -> bool:
    return abs(one - other) <= _PRICE_TOLERANCE * max(abs(one), abs(other))
