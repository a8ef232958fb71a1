"""Searching for parameters on all cores: the grid goes out in pieces, scores come back.

Every worker process gets the candles once, at its start; after that only numbers travel.
"""

import os
import signal
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context

from cts_tui.backtest.grid import Grid
from cts_tui.backtest.series import Terms, by_timeframe
from cts_tui.backtest.walk_forward import Scores, Search, folds
from cts_tui.errors import ConfigError, CtsError
from cts_tui.market.aggregate import aggregate
from cts_tui.market.recorded import Recorded

OnDone = Callable[[int, int], None]
Piece = tuple[int, range]
"""The number of a series, and combinations to try on it."""

_MOST_IN_PIECE = 16
_PIECES_PER_WORKER = 8


@dataclass(slots=True)
class Found:
    """The scores by combination, one dictionary per series, and whether all were tried."""

    scores: list[dict[int, Scores]]
    is_complete: bool = field(default=True)


def searches(files: Sequence[Recorded], grid: Grid, terms: Terms, fold_count: int) -> list[Search]:
    """Return one search per file that the strategy is meant for.

    Raises ConfigError where there is none, and where the candles are too few or too coarse.
    """
    found = []
    for file in files:
        for timeframe in by_timeframe(file.symbol, file.timeframe, [grid.spec]):
            candles = aggregate(file.columns, file.timeframe, timeframe)
            try:
                cuts = folds(len(candles), fold_count)
            except ConfigError as error:
                raise ConfigError(f"{file.symbol} {timeframe}: {error}") from None
            found.append(Search(file.symbol, timeframe, candles, grid, terms, cuts))
    if not found:
        raise ConfigError(f"strategy {grid.spec.name} is meant for none of these symbols")
    return found


def optimize(searches: Sequence[Search], jobs: int, on_done: OnDone) -> Found:
    """Try every combination on every series in `jobs` processes; 1 is this one.

    A KeyboardInterrupt ends it early: what is done by then is kept. Raises ConfigError where an
    indicator refuses a combination, or a process is lost.
    """
    found = Found([{} for _ in searches])
    pieces = list(_pieces(searches, jobs))
    scored = _here(searches, pieces) if jobs == 1 else _in_processes(searches, pieces, jobs)
    total = sum(len(search.grid) for search in searches)
    try:
        with closing(scored):
            for (series, combinations), scores in scored:
                found.scores[series].update(zip(combinations, scores, strict=True))
                on_done(sum(map(len, found.scores)), total)
    except KeyboardInterrupt:
        found.is_complete = False
    return found


def cores() -> int:
    """Return how many processes this one may have at work at a time."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _pieces(searches: Sequence[Search], jobs: int) -> Iterator[Piece]:
    for series, search in enumerate(searches):
        count = len(search.grid)
        size = min(max(count // (jobs * _PIECES_PER_WORKER), 1), _MOST_IN_PIECE)
        for start in range(0, count, size):
            yield series, range(start, min(start + size, count))


def _here(
    searches: Sequence[Search], pieces: Sequence[Piece]
) -> Generator[tuple[Piece, list[Scores]], None, None]:
    for series, combinations in pieces:
        for index in combinations:
            yield (series, range(index, index + 1)), [searches[series].scores(index)]


def _in_processes(
    searches: Sequence[Search], pieces: Sequence[Piece], jobs: int
) -> Generator[tuple[Piece, list[Scores]], None, None]:
    """Yield the scores of the pieces as they come; on the way out wait for those at work."""
    pool = ProcessPoolExecutor(
        min(jobs, len(pieces)), get_context("spawn"), _begin, (list(searches),)
    )
    waiting: dict[Future[list[Scores]], Piece] = {}
    try:
        with _deaf_to_interrupts():
            waiting = {pool.submit(_score, piece): piece for piece in pieces}
        while waiting:
            for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                yield waiting.pop(future), future.result()
    except BrokenProcessPool as error:
        raise CtsError(
            "a process of the search was lost, perhaps for want of memory; try --jobs 1"
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


_SEARCHES: list[Search] = []
"""In a worker process: what it was given at its start."""


def _begin(searches: list[Search]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _SEARCHES.extend(searches)


def _score(piece: Piece) -> list[Scores]:
    series, combinations = piece
    return [_SEARCHES[series].scores(index) for index in combinations]


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Have the processes that are started here ignore Ctrl-C, which goes to the whole terminal."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
