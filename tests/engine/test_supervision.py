"""What holds tasks up: every kind of failure is contained, told, and followed by a new start."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from cts_tui.engine import supervision
from cts_tui.engine.supervision import UnforeseenError, in_words, kept_running, unending
from cts_tui.errors import StoreError

KINDS: list[BaseException] = [
    ValueError({"no": "text"}, 7),
    MemoryError(),
    RecursionError("too deep"),
    asyncio.CancelledError("a stray one"),
    SystemExit(3),
    type("OwnError", (BaseException,), {})("of a plug-in"),
]


class MuteError(Exception):
    """An error that cannot say what it is."""

    def __str__(self) -> str:
        raise RuntimeError("mute")


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervision, "BACKOFF_S", (0.001,))


async def forever() -> None:
    await asyncio.Event().wait()


@pytest.mark.parametrize("error", KINDS, ids=lambda error: type(error).__name__)
@pytest.mark.usefixtures("hasty")
async def test_s15_whatever_a_task_fails_of_it_is_told_and_begun_anew(
    error: BaseException, until: Callable[..., Any]
) -> None:
    starts, told = 0, []

    async def fail_twice() -> None:
        nonlocal starts
        starts += 1
        if starts < 3:
            raise error
        await forever()

    task = asyncio.create_task(
        kept_running(fail_twice, "weak", lambda name, words: told.append((name, words)))
    )
    await until(lambda: starts == 3 or task.done())
    assert not task.done()
    assert [name for name, _ in told] == ["weak", "weak"]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert task.cancelled(), "an order to end is obeyed"


async def test_the_waits_grow_with_the_failures_and_what_ran_long_begins_with_the_shortest() -> (
    None
):
    assert [supervision.wait_s(number) for number in (1, 2, 3, 4, 5, 6, 99)] == [
        *supervision.BACKOFF_S,
        supervision.BACKOFF_S[-1],
        supervision.BACKOFF_S[-1],
    ]


async def test_a_task_that_ends_by_itself_is_a_failure_that_names_it() -> None:
    async def end() -> None:
        """Nothing is left to do."""

    with pytest.raises(UnforeseenError, match="the task feed ended by itself"):
        await unending(end(), "feed")


async def test_a_cancellation_that_nobody_asked_for_does_not_pass_for_an_orderly_end() -> None:
    async def stray() -> None:
        inner = asyncio.create_task(forever())
        inner.cancel()
        await inner

    with pytest.raises(UnforeseenError, match="the task feed failed: it was cancelled though"):
        await unending(stray(), "feed")


def test_errors_are_told_in_one_line_whatever_they_are_made_of() -> None:
    assert in_words(StoreError("full;\n  make room")) == "full; make room"
    assert in_words(KeyError(("a", 1))) == "KeyError: ('a', 1)"
    assert in_words(MuteError()) == "MuteError: it has no text"
    assert in_words(ExceptionGroup("group", [ValueError("the first")])) == "ValueError: the first"
