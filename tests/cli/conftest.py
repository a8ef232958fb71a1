"""Commands called in this process, on a data folder of the test's own."""

import json
import logging
import math
import os
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cts_tui.__main__ import main
from cts_tui.clock import SystemClock
from cts_tui.desk.desk import Desk
from cts_tui.logs.writer import log_file_in_use
from cts_tui.model.records import PositionRecord
from cts_tui.model.trading import Actor, Direction, PositionStatus
from cts_tui.paths import DataFolder
from cts_tui.store.batch import Batch

SHARED = Path(__file__).parents[3] / "shared" / "data"
"""The recorded candles that come with the project; tests that want them skip without."""


@dataclass(frozen=True)
class Outcome:
    """What a command said, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on stdout."""
        return json.loads(self.out)

    @property
    def refusal(self) -> str:
        """The one line of a refused command."""
        assert (self.code, self.out) == (1, ""), self
        assert self.err.startswith("cts-tui: "), self.err
        assert self.err.count("\n") == 1, self.err
        return self.err.strip()


Cts = Callable[..., Outcome]


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database of a data folder that was opened once."""
    folder = DataFolder(tmp_path_factory.mktemp("seeded"))
    Desk.open(folder, Actor.CLI).close()
    return folder.database


@pytest.fixture
def folder(tmp_path: Path, seeded: Path) -> DataFolder:
    """A data folder that was opened once."""
    folder = DataFolder(tmp_path / "data")
    folder.create()
    folder.furnish()
    shutil.copy(seeded, folder.database)
    return folder


@pytest.fixture
def cts(
    folder: DataFolder, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[Cts]:
    """Call a command as from a shell; it leaves the process as it was."""
    monkeypatch.setenv("COLUMNS", "100")
    mask = os.umask(0o022)

    def call(*arguments: object) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["cts-tui", *map(str, arguments)])
        data_dir = os.environ.get("CTS_DATA_DIR", "")
        capfd.readouterr()
        with pytest.raises(SystemExit) as end:
            main()
        sys.stdout.flush()
        said = capfd.readouterr()
        os.environ["CTS_DATA_DIR"] = data_dir
        assert isinstance(end.value.code, int)
        return Outcome(end.value.code, said.out, said.err)

    yield call
    os.umask(mask)
    quiet_logs()


def quiet_logs() -> None:
    """Take the log file away from the loggers again."""
    log = log_file_in_use()
    if log is not None:
        logging.getLogger().removeHandler(log)
        log.close()
    logging.getLogger("cts_tui").setLevel(logging.NOTSET)


def dump(file: Path) -> list[str]:
    """Return everything that a database holds."""
    with closing(sqlite3.connect(file)) as connection:
        return list(connection.iterdump())


@pytest.fixture
def unchanged(folder: DataFolder) -> Iterator[None]:
    """The command changes nothing that is stored."""
    before = dump(folder.database)
    yield
    assert dump(folder.database) == before


@pytest.fixture
def desk(folder: DataFolder) -> Iterator[Desk]:
    """The desk on the data folder of the commands."""
    desk = Desk.open(folder, Actor.CLI)
    yield desk
    desk.close()


POSITION = PositionRecord(
    key="entry",
    strategy="sma-cross",
    symbol="BTC/USDT",
    timeframe="1m",
    side=Direction.LONG,
    status=PositionStatus.OPEN,
    quantity=Decimal("2"),
    entry_price=Decimal("100"),
    entry_time_ms=1_743_699_900_000,
    stop_price=Decimal("98"),
    target_price=Decimal("103"),
    is_trailing=False,
    best_close=None,
    trailing_stop_pct=Decimal("0"),
    source="simulated",
    is_live=False,
    fees=Decimal("0.2"),
    entered=Decimal("2"),
    entry_cost=Decimal("2") * Decimal("100"),
    exited=Decimal(0),
    exit_value=Decimal(0),
    paid_fees=Decimal("0.2"),
)


def hold(desk: Desk, connection: str = "demo", key: str = "entry", **changes: Any) -> int:
    """Have a connection hold an open position; return its id."""
    with desk.database.write() as transaction:
        query = "SELECT id FROM connections WHERE name = ?"
        connection_id = transaction.exec_driver_sql(query, (connection,)).scalar_one()
        batch = Batch()
        record = replace(POSITION, key=key, **changes)
        batch.position(connection_id, record, SystemClock().now_ms())
        batch.write(transaction)
        query = "SELECT id FROM positions WHERE key = ?"
        return int(transaction.exec_driver_sql(query, (key,)).scalar_one())


def execute(desk: Desk, statement: str) -> None:
    """Do behind the desk's back what no command would."""
    with desk.database.write() as transaction:
        transaction.exec_driver_sql(statement)


@pytest.fixture(scope="session")
def candles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A candle file on which every built-in strategy trades."""
    file = tmp_path_factory.mktemp("candles") / "TEST_BTCUSDT_5m.csv"
    rows = ["timestamp_ms,open,high,low,close,volume"]
    last = 100.0
    for index in range(500):
        close = 100.0 + 8 * math.sin(index / 9) + 3 * math.sin(index / 2.7)
        high, low = max(last, close) + 0.2, min(last, close) - 0.2
        rows.append(f"{1_743_699_900_000 + index * 300_000},{last},{high},{low},{close},5")
        last = close
    file.write_text("\n".join(rows) + "\n")
    return file
