"""The course of a connection test: one step after the other, whatever happens in one."""

import pytest

from cts_tui.errors import (
    AuthenticationError,
    CtsError,
    MaintenanceError,
    RateLimitedError,
    RetryableError,
    VenueError,
)
from cts_tui.exchange.check_course import Course, Finding, fault, passed, warned
from cts_tui.model.connection_test import StepResult, StepStatus
from cts_tui.redaction import MASK, keep_secret

PASS, WARN, FAIL = StepStatus.PASS, StepStatus.WARN, StepStatus.FAIL


async def fine() -> Finding:
    return passed("well")


async def so_so() -> Finding:
    return warned("slow", "look")


async def odd() -> Finding:
    return passed({}["missing"])


async def late() -> Finding:
    raise TimeoutError


async def test_steps_are_timed_reported_and_kept() -> None:
    heard: list[StepResult] = []
    seconds = iter((0.0, 1.0, 1.25, 2.0, 2.5))
    course = Course(heard.append, whole_s=30, now=lambda: next(seconds))
    assert await course.step("one", fine, timeout_s=1)
    assert await course.step("two", so_so, timeout_s=1)
    assert [(step.name, step.status, step.duration_ms) for step in heard] == [
        ("one", PASS, 250.0),
        ("two", WARN, 500.0),
    ]
    assert course.results == heard


@pytest.mark.parametrize(("work", "message"), [(odd, "KeyError"), (late, "no answer within")])
async def test_what_goes_wrong_in_a_step_is_its_result(work: object, message: str) -> None:
    course = Course(whole_s=30)
    assert not await course.step("one", work, timeout_s=1)  # type: ignore[arg-type]
    assert message in course.results[0].message
    assert course.results[0].todo


async def test_no_step_is_begun_when_the_time_is_over() -> None:
    seconds = iter((0.0, 30.0))
    course = Course(whole_s=30, now=lambda: next(seconds))
    assert not await course.step("one", odd, timeout_s=1)
    assert "time was over" in course.results[0].message


def test_no_result_holds_a_secret() -> None:
    keep_secret(["hidden-in-a-step"])
    course = Course(whole_s=30)
    course.note("one", warned("it said hidden-in-a-step", "do not show hidden-in-a-step"))
    assert MASK in course.results[0].message
    assert "hidden" not in repr(course.results)


@pytest.mark.parametrize(
    ("error", "message", "todo"),
    [
        (RateLimitedError("rate limit; waiting 7 s", 7.0), "rate limit", "wait 7 s"),
        (MaintenanceError("maintenance; looking again in 30 s", 30.0), "maintenance", "nothing is"),
        (RetryableError("no answer in time; trying again", 1.0), "no answer in time", "test again"),
        (RetryableError("502", 1.0), "502", "test again"),
        (AuthenticationError("bad sign; the secret is wrong"), "bad sign", "the secret is wrong"),
        (AuthenticationError("bad key"), "bad key", "enter the key again"),
        (VenueError("no such symbol"), "no such symbol", "test again"),
    ],
)
def test_an_error_is_split_into_what_and_what_to_do(
    error: CtsError, message: str, todo: str
) -> None:
    found = fault(error)
    assert (found.status, found.message) == (FAIL, message)
    assert found.todo.startswith(todo)
