"""An error nobody expected: one line on the terminal, no values of variables (S10)."""

import logging
from io import StringIO

import pytest
from rich.console import Console

from .conftest import Play


async def test_a_crash_leaves_one_line_without_the_values_of_variables(
    play: Play, caplog: pytest.LogCaptureFixture
) -> None:
    terminal = StringIO()

    def crash() -> None:
        secret = "".join(["s3cr3t", "-in-a-local"])
        raise RuntimeError(f"boom after {len(secret)} letters")

    logging.getLogger("cts_tui").propagate = True
    with pytest.raises(RuntimeError, match="boom"):
        async with play() as stage:
            stage.app.error_console = Console(file=terminal, width=200)
            stage.app.call_later(crash)
            await stage.until(lambda: stage.app._exit)
    said = terminal.getvalue()
    assert said == "cts-tui: unexpected RuntimeError: boom after 17 letters; please report it\n"
    assert "Traceback" in caplog.text
    assert "s3cr3t" not in caplog.text.replace('["s3cr3t"', "")
