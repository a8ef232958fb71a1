"""The report of a connection test: stored and read back, judged by its gravest step."""

from hypothesis import given
from hypothesis import strategies as st

from cts_tui.model.connection_test import (
    ConnectionTest,
    Permissions,
    StepResult,
    StepStatus,
    verdict,
)

STEPS = st.builds(
    StepResult,
    name=st.text(max_size=20),
    status=st.sampled_from(StepStatus),
    message=st.text(max_size=50),
    todo=st.text(max_size=50),
    duration_ms=st.floats(0, 1e6),
)
TESTS = st.builds(
    ConnectionTest,
    time_ms=st.integers(0, 2**43),
    status=st.sampled_from(StepStatus),
    steps=st.lists(STEPS, max_size=4).map(tuple),
    permissions=st.builds(
        Permissions,
        can_withdraw=st.sampled_from((True, False, None)),
        can_trade=st.sampled_from((True, False, None)),
    ),
    clock_offset_ms=st.none() | st.integers(-100_000, 100_000),
    capabilities=st.dictionaries(st.text(max_size=10), st.booleans() | st.lists(st.text())),
)


@given(test=TESTS)
def test_a_report_reads_back_as_it_was(test: ConnectionTest) -> None:
    assert ConnectionTest.from_json(test.to_json()) == test


def steps(*statuses: StepStatus) -> list[StepResult]:
    return [StepResult(str(index), status, "") for index, status in enumerate(statuses)]


def test_the_gravest_step_is_the_verdict() -> None:
    ok, warn, fail, skip = StepStatus.PASS, StepStatus.WARN, StepStatus.FAIL, StepStatus.SKIP
    assert verdict([ok, skip, ok]) is ok
    assert verdict([ok, warn, skip]) is warn
    assert verdict([fail, warn, skip]) is fail
    assert verdict([skip]) is skip
    assert verdict([]) is skip


def test_a_step_is_found_by_its_name_and_faults_in_order() -> None:
    done = tuple(steps(StepStatus.FAIL, StepStatus.PASS, StepStatus.WARN))
    test = ConnectionTest(0, StepStatus.FAIL, done)
    assert test.step("2") == done[2]
    assert test.step("9") is None
    assert test.faults == (done[0], done[2])
