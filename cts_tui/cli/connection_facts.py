"""One connection as people read it: its facts, its credentials by name, the steps of its test."""

from typing import Any

from cts_tui.cli.options import iso_or_none
from cts_tui.cli.rows import connection_detail
from cts_tui.cli.tables import short_time
from cts_tui.model.connection_test import ConnectionTest, StepResult
from cts_tui.model.vault import StoredCredentials
from cts_tui.model.views import ConnectionView


def connection_facts(view: ConnectionView) -> dict[str, Any]:
    """Return a connection, one fact a line; the steps of its last test at the end."""
    facts = connection_detail(view) | {
        "credentials": credentials_text(view.credentials),
        "last_test": test_text(view.last_test),
    }
    if view.last_test:
        facts |= {f"- {step.name}": step_text(step) for step in view.last_test.steps}
    return facts


def credentials_text(stored: StoredCredentials | None) -> str:
    """Return which credentials are stored since when; never what they are."""
    if stored is None:
        return "none"
    since = short_time(iso_or_none(stored.updated_ms))
    return f"stored ({', '.join(stored.fields)}), {since} UTC"


def test_text(test: ConnectionTest | None) -> str:
    """Return the verdict of a test, and when it was."""
    if test is None:
        return "never"
    return f"{test.status}, {short_time(iso_or_none(test.time_ms))} UTC"


def step_text(step: StepResult) -> str:
    """Return what a step found, and what to do."""
    todo = f"; {step.todo}" if step.todo else ""
    return f"{step.status}: {step.message}{todo}"
