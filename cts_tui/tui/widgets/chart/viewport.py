"""Which candles are in view, how wide each is, and where the cursor stands."""

from bisect import bisect_right
from collections.abc import Sequence

WIDTHS = (1, 2, 3, 4, 6)
"""Columns per candle, by zoom."""


class Viewport:
    """A window on candles that keeps its place when candles come and go.

    Places are kept by open time: new candles and dropped old ones do not move what is looked at,
    unless the window follows the newest candle.
    """

    def __init__(self) -> None:
        self.columns = 1
        """Columns there are for candles."""
        self.right = 0
        """The index after the last candle in view."""
        self.cursor: int | None = None
        """The index of the candle under the cursor, None without a cursor."""
        self._times: Sequence[int] = ()
        self._zoom = 0

    @property
    def width(self) -> int:
        """Columns per candle."""
        return WIDTHS[self._zoom]

    @property
    def center(self) -> int:
        """The column of a candle's wick, within its columns."""
        return (self.width - 1) // 2

    @property
    def count(self) -> int:
        """How many candles there are."""
        return len(self._times)

    @property
    def capacity(self) -> int:
        """How many candles fit."""
        return max(self.columns // self.width, 1)

    @property
    def left(self) -> int:
        """The index of the first candle in view."""
        return max(self.right - self.capacity, 0)

    @property
    def is_following(self) -> bool:
        """Whether the newest candle is in view."""
        return self.right == self.count

    def renew(self, times: Sequence[int]) -> None:
        """Take the open times of the candles as they are now."""
        before, was_following = self._times, self.is_following
        self._times = times
        if self.cursor is not None:
            self.cursor = _found(times, before[self.cursor]) if times else None
        if was_following or not times:
            self.right = len(times)
        else:
            self._put_right(_found(times, before[self.right - 1]) + 1)

    def fit(self, columns: int) -> None:
        """Take the number of columns there are."""
        was_following = self.is_following
        self.columns = max(columns, 1)
        self._put_right(self.count if was_following else self.right)

    def time_of(self, index: int) -> int:
        """Return the open time of a candle."""
        return self._times[index]

    def x_of(self, index: int) -> int:
        """Return the first column of a candle."""
        return self.columns - (self.right - index) * self.width

    def index_at(self, x: int) -> int | None:
        """Return the candle at column `x`, None where there is none."""
        index = self.right - 1 - (self.columns - 1 - x) // self.width
        return index if self.left <= index < self.right else None

    def zoom(self, by: int) -> None:
        """Make candles wider (+1) or narrower (−1) around the cursor, or the right edge."""
        before = self.width
        self._zoom = min(max(self._zoom + by, 0), len(WIDTHS) - 1)
        if not self.is_following and self.cursor is not None:
            self._put_right(self.cursor + round((self.right - self.cursor) * before / self.width))
        else:
            self._put_right(self.right)
        self._show_cursor()

    def pan(self, by: int) -> None:
        """Move the window by `by` candles (negative: into the past); the cursor stays in view."""
        self._put_right(self.right + by)
        if self.cursor is not None:
            self.cursor = min(max(self.cursor, self.left), self.right - 1)

    def move_cursor(self, by: int) -> None:
        """Move the cursor by `by` candles; without one, it starts at the last candle in view."""
        if self.count:
            self.put_cursor((self.right - 1 if self.cursor is None else self.cursor) + by)

    def put_cursor(self, index: int) -> None:
        """Put the cursor on a candle, and the window where it can be seen."""
        if self.count:
            self.cursor = min(max(index, 0), self.count - 1)
            self._show_cursor()

    def follow(self) -> None:
        """Drop the cursor and show the newest candles from now on."""
        self.cursor = None
        self.right = self.count

    def find(self, time_ms: int) -> int | None:
        """Return the candle that was open at `time_ms`, None before the first."""
        index = bisect_right(self._times, time_ms) - 1
        return index if index >= 0 else None

    def _put_right(self, right: int) -> None:
        self.right = min(max(right, min(self.capacity, self.count)), self.count)

    def _show_cursor(self) -> None:
        if self.cursor is None:
            return
        if self.cursor < self.left:
            self._put_right(self.cursor + self.capacity)
        elif self.cursor >= self.right:
            self._put_right(self.cursor + 1)


def _found(times: Sequence[int], time_ms: int) -> int:
    """Return the index of the newest of `times` that is not after `time_ms`, else the first."""
    return max(bisect_right(times, time_ms) - 1, 0)
