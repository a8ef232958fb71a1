"""What holds tasks up: failures of every kind are contained, told, and followed by a new start.

A task that ends takes its whole group along, or vanishes without a word: a cancellation that nobody
asked for counts as an orderly end in asyncio, and SystemExit leaves the event loop.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Final, NoReturn

from cts_tui.errors import CtsError

LOG = logging.getLogger(__name__)
BACKOFF_S: Final = (1.0, 2.0, 5.0, 15.0, 60.0)
"""Seconds before a start after so many failures in a row; the last one counts for all further."""
SETTLED_S: Final = 60.0
"""What ran this long before it failed begins anew with the shortest wait."""


class UnforeseenError(CtsError):
    """Code failed as nobody expected: count and tell it, then begin anew what it was part of."""


def in_words(error: BaseException) -> str:
    """Return an error in one line; one whose own text fails is named all the same."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    try:
        text = " ".join(str(error).split())
    except Exception:  # noqa: BLE001 - an error that cannot even say what it is
        text = "it has no text"
    return text if isinstance(error, CtsError) else f"{type(error).__name__}: {text}"


def wait_s(failures: int) -> float:
    """Return the seconds before the next start after so many failures in a row."""
    return BACKOFF_S[min(max(failures, 1), len(BACKOFF_S)) - 1]


def is_cancelled() -> bool:
    """Return whether the running task was asked to end."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


@contextmanager
def contained() -> Iterator[None]:
    """Let nothing out but an Exception, and the cancellation of the task itself.

    Raises UnforeseenError in place of a stray cancellation, SystemExit and their kind.
    """
    try:
        yield
    except asyncio.CancelledError as error:
        if is_cancelled():
            raise
        raise UnforeseenError("it was cancelled though nobody asked for it") from error
    except (Exception, KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:
        raise UnforeseenError(f"it tried to end the program: {in_words(error)}") from error


async def unending(work: Coroutine[Any, Any, object], name: str) -> NoReturn:
    """Run what must go on until it is cancelled.

    Raises UnforeseenError, which names it, when it ends by itself or is cancelled by nobody.
    """
    try:
        with contained():
            await work
    except UnforeseenError as error:
        raise UnforeseenError(f"the task {name} failed: {error}") from error
    raise UnforeseenError(f"the task {name} ended by itself")


async def kept_running(
    start: Callable[[], Coroutine[Any, Any, object]],
    name: str,
    on_failure: Callable[[str, str], None],
) -> NoReturn:
    """Run what `start` begins until cancelled, anew after each failure, later each time.

    `on_failure` hears of each one: the name, and what went wrong.
    """
    loop, failures = asyncio.get_running_loop(), 0
    while True:
        began = loop.time()
        try:
            await unending(start(), name)
        except Exception as error:
            failures = 1 if loop.time() - began > SETTLED_S else failures + 1
            LOG.exception("the task %s failed: it starts again in %g s", name, wait_s(failures))
            on_failure(name, in_words(error))
        await asyncio.sleep(wait_s(failures))
