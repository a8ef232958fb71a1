"""kill −9 during a backup or a restore: what is there is the old one or the new one, whole."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cts_tui.desk.backups import backups_in
from cts_tui.paths import DataFolder

from .killed_steps import rows_of


@pytest.mark.parametrize("kind", ["backup", "restore", "raw"])
def test_at_every_step_it_leaves_the_old_or_the_new_and_the_next_one_works(
    kind: str, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "tests.faults.killed_steps", kind, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= 10


@pytest.mark.soak
def test_at_any_moment_it_leaves_the_old_or_the_new(tmp_path: Path) -> None:
    """Also within SQLite: while a log of some megabytes is brought into its file."""
    folder = DataFolder(tmp_path / "data")
    run = [sys.executable, "-m", "tests.faults.killed_steps", "lay-out", str(tmp_path)]
    environment = {**os.environ, "CTS_DATA_DIR": str(folder.root)}
    seconds = 0.0
    for attempt in range(60):
        subprocess.run(run, check=True)
        (backup,) = backups_in(folder)
        begun = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, "-m", "cts_tui", "restore", backup.file.name],
            env=environment,
            stdout=subprocess.DEVNULL,
        )
        if attempt:
            time.sleep(random.uniform(seconds / 2, seconds))
            process.send_signal(signal.SIGKILL)
        is_done = process.wait() == 0
        seconds = seconds or time.monotonic() - begun
        found = rows_of(folder.database)
        assert found == {"new": 50_000} or (found == {"old": 70_000} and not is_done), found
