"""Ground for every test: the user's own folders are out of reach, and waiting has an end."""

import asyncio
import gc
import logging
import os
import shutil
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from decimal import DefaultContext, getcontext, setcontext
from pathlib import Path
from typing import Any

import pytest

from cts_tui.store.database import Database
from cts_tui.store.journal import Journal
from cts_tui.store.schema import open_store

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # run in the background of a shell
    signal.signal(signal.SIGINT, signal.default_int_handler)  # else Ctrl-C reaches no program

Until = Callable[..., Awaitable[None]]
_WAIT_S = 60.0


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Data and configuration of a test are its own, whatever the environment says."""
    for name in [name for name in os.environ if name.startswith("CTS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CTS_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("CTS_CONFIG_DIR", str(tmp_path / "config"))


@pytest.fixture(autouse=True)
def own_log() -> Iterator[None]:
    """A test that opens the log file leaves the loggers as they were."""
    root, logger = logging.getLogger(), logging.getLogger("cts_tui")
    handlers, level = list(root.handlers), logger.level
    yield
    for added in [handler for handler in root.handlers if handler not in handlers]:
        root.removeHandler(added)
        added.close()
    logger.setLevel(level)


@pytest.fixture(autouse=True)
def own_decimals() -> Iterator[None]:
    """No library leaves our decimals rounded in another way than Python's own (S14)."""
    setcontext(DefaultContext.copy())
    yield
    now = getcontext()
    assert (now.rounding, now.traps) == (DefaultContext.rounding, DefaultContext.traps)


@pytest.fixture
def own_garbage() -> Iterator[None]:
    """Give back the garbage collector as it was: an engine program sets its own thresholds."""
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


@pytest.fixture
def until() -> Until:
    """Wait, without blocking the loop, until something is so; it never happening is a failure."""

    async def wait(is_so: Callable[[], object], why: str = "") -> None:
        deadline = time.monotonic() + _WAIT_S
        while not is_so():
            assert time.monotonic() < deadline, f"never happened: {why or is_so}"
            await asyncio.sleep(0.002)

    return wait


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with the newest schema and nothing in it."""
    file = tmp_path_factory.mktemp("empty-store") / "cts.db"
    database = Database.at(file)
    open_store(database)
    database.close()
    return file


@pytest.fixture
def database(tmp_path: Path, empty_store: Path) -> Iterator[Database]:
    """An empty store of the newest schema, in a file of its own."""
    file = tmp_path / "cts.db"
    shutil.copy(empty_store, file)
    database = Database.at(file)
    yield database
    database.close()


@pytest.fixture
def journal(database: Database) -> Iterator[Journal]:
    """The writer of `database`."""
    journal = Journal(database)
    yield journal
    journal.close()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print what the fault suite counted, of all its processes together."""
    counts: Counter[str] = Counter()
    for report in [*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")]:
        counts.update(dict(report.user_properties).get("fault counts", {}))
    if counts:
        told = ", ".join(f"{count} {name}" for name, count in counts.items())
        terminalreporter.write_line(f"random faults: {told}")
