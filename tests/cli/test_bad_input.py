"""Files, folders, databases and settings that cannot be used: one line, exit 1, nothing changed."""

import gzip
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from cts_tui.paths import DataFolder

from .conftest import Cts, dump

HEADER = "timestamp_ms,open,high,low,close,volume\n"


def test_an_empty_candle_file_is_refused(cts: Cts, tmp_path: Path) -> None:
    file = tmp_path / "X_BTCUSDT_5m.csv"
    file.touch()
    assert "is empty: expected the header timestamp_ms" in cts("replay", file).refusal


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("X_BTCUSDT_5m.csv", b"garbage\nmore garbage\n", "is not a candle file"),
        ("X_BTCUSDT_5m.csv", b"\x00\xff\xfe binary", "is not a candle file"),
        ("X_BTCUSDT_5m.csv", HEADER.encode(), "holds no usable candle"),
        ("X_BTCUSDT_5m.csv", HEADER.encode() + b"1,nan,0,-1,x,5\n", "1 dropped"),
        ("X_BTCUSDT_5m.csv.gz", b"not gzip", "is not gzip"),
        ("X_BTCUSDT_5m.csv.gz", gzip.compress(HEADER.encode() * 99, mtime=0)[:30], "cut off"),
        ("candles.csv", HEADER.encode(), "does not say what it holds"),
        ("X_BTCUSDT_9q.csv", HEADER.encode(), "not a timeframe"),
    ],
)
@pytest.mark.parametrize("command", ["replay", "backtest"])
def test_a_candle_file_that_cannot_be_used_is_refused(
    cts: Cts, tmp_path: Path, command: str, name: str, content: bytes, said: str
) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    assert said in cts(command, file).refusal


@pytest.mark.usefixtures("unchanged")
def test_a_missing_file_and_a_folder_are_refused(cts: Cts, tmp_path: Path) -> None:
    assert "does not exist" in cts("replay", tmp_path / "X_BTCUSDT_5m.csv").refusal
    assert "is a folder" in cts("replay", tmp_path).refusal


@pytest.mark.usefixtures("unchanged")
def test_a_bad_file_among_good_ones_stops_all_before_anything_is_stored(
    cts: Cts, candles: Path, tmp_path: Path
) -> None:
    file = tmp_path / "X_BTCUSDT_5m.csv"
    file.write_text("garbage")
    assert "is not a candle file" in cts("replay", candles, file).refusal


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--strategy", "nope"], "no strategy called 'nope'; there are: "),
        (["--fee-pct", "-1"], "--fee-pct '-1': expected a number"),
        (["--fee-pct", "nan"], "--fee-pct 'nan': expected a number"),
        (["--slippage-pct", "100"], "expected a number below 100"),
        (["--balance", "0"], "expected a number above 0"),
        (["--balance", "lots"], "expected a number above 0"),
        (["--timeframe", "1h"], "expected candles of 1h, found them 300 s apart"),
    ],
)
@pytest.mark.parametrize("command", ["replay", "backtest"])
def test_a_wrong_option_is_refused(
    cts: Cts, candles: Path, command: str, options: list[str], said: str
) -> None:
    assert said in cts(command, candles, *options).refusal


@pytest.mark.parametrize("place", ["file", "file/within", "/proc/nowhere/at/all"])
def test_a_data_folder_that_cannot_be_used_is_refused(cts: Cts, tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("precious")
    said = cts("connections", "list", "--data-dir", tmp_path / place).refusal
    assert "the data folder" in said
    assert "choose another one with --data-dir" in said
    assert (tmp_path / "file").read_text() == "precious"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_data_folder_of_somebody_else_is_refused(cts: Cts, folder: DataFolder) -> None:
    folder.root.chmod(0o500)
    try:
        assert "not readable and writable" in cts("status").refusal
    finally:
        folder.root.chmod(0o700)


def _other_program(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("CREATE TABLE bookmarks (url)")


def _text(file: Path) -> None:
    file.write_text("this is my diary, and long enough to have the size of a database header" * 9)


def _folder(file: Path) -> None:
    file.mkdir()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (_text, "is not a SQLite database; where it was"),
        (_other_program, "is a database of another program (it holds the table 'bookmarks')"),
        (_folder, "cannot be opened"),
    ],
)
@pytest.mark.parametrize("command", [["connections", "list"], ["status"], ["run", "--for", "1"]])
def test_what_is_no_database_of_ours_is_refused_and_not_touched(
    cts: Cts, tmp_path: Path, make: object, said: str, command: list[str]
) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    make(folder / "cts.db")  # type: ignore[operator]
    before = None if make is _folder else (folder / "cts.db").read_bytes()
    assert said in cts(*command, "--data-dir", folder).refusal
    assert [path.name for path in folder.iterdir()] == ["cts.db"]
    assert before is None or (folder / "cts.db").read_bytes() == before


def test_a_database_of_a_newer_version_is_refused_and_not_touched(
    cts: Cts, folder: DataFolder
) -> None:
    with closing(sqlite3.connect(folder.database)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    before = dump(folder.database)
    said = cts("connections", "disable", "demo").refusal
    assert "has schema 9999" in said
    assert "update cts-tui" in said
    assert dump(folder.database) == before


def test_a_locked_database_is_refused_after_a_while(
    cts: Cts, folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cts_tui.store.database.BUSY_TIMEOUT_MS", 10)
    before = dump(folder.database)
    with closing(sqlite3.connect(folder.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        said = cts("connections", "disable", "demo").refusal
        assert cts("connections", "list").code == 0
        other.execute("ROLLBACK")
    assert "is locked by another program; wait for it or end it" in said
    assert dump(folder.database) == before


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_health_of_a_store_that_does_not_open_is_unhealthy(
    cts: Cts, folder: DataFolder, options: list[str]
) -> None:
    _text(folder.database)
    said = cts("health", *options)
    assert said.code == 2
    assert said.err.count("\n") == 1
    if options:
        assert said.document["status"] == "unhealthy"
        assert said.document["database"]["reachable"] is False
    else:
        assert said.out.startswith("unhealthy\n- the database")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("paper_balance = ", "config.toml cannot be read: Invalid value"),
        ('paper_balance = "much"', "setting paper_balance is 'much': expected a decimal"),
        ("paper_balance = -5", "setting paper_balance is -5: expected greater than 0"),
        ("candle_history = 5", "expected greater than or equal to 300"),
        ("theme = 5", "setting theme is 5: expected a string"),
        ("paper_balence = 5", "no setting paper_balence; did you mean paper_balance?"),
        ("tick_stale_s = inf", "expected a finite number"),
        ("tick_stale_s = nan", "setting tick_stale_s is nan"),
        ("macd_fast = 30", "macd_fast is 30, expected less than macd_slow, 26"),
        ("sma_period = 1000", "sma_period is 1000, expected less than candle_history"),
        ("\xff", "config.toml cannot be read"),
    ],
)
@pytest.mark.parametrize("command", ["run", "replay"])
@pytest.mark.usefixtures("unchanged")
def test_a_wrong_config_file_is_refused(
    cts: Cts, candles: Path, content: str, said: str, command: str
) -> None:
    file = Path(os.environ["CTS_CONFIG_DIR"]) / "config.toml"
    file.parent.mkdir()
    file.write_text(content, "latin-1")
    refusal = cts(*([command, candles] if command == "replay" else [command, "--for", 0.1])).refusal
    assert said in refusal
    assert str(file) in refusal


@pytest.mark.usefixtures("unchanged")
def test_a_wrong_environment_variable_is_refused_by_its_name(
    cts: Cts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CTS_PAPER_FEE_PCT", "free")
    said = cts("run", "--for", 0.1).refusal
    assert "paper_fee_pct is 'free'" in said
    assert said.endswith("correct it in CTS_PAPER_FEE_PCT")


@pytest.mark.parametrize(
    "url",
    ["foo", "mysql://u:K123@h/x", "postgresql://u:K123@h:port/x", "postgresql+nope://u:K123@h/x"],
)
def test_s10_a_database_url_that_cannot_be_used_is_refused_and_not_shown(
    cts: Cts, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("CTS_DATABASE_URL", url)
    said = cts("status").refusal
    assert "CTS_DATABASE_URL" in said
    assert "K123" not in said


def test_the_unexpected_is_one_line_and_its_traceback_is_in_the_log(
    cts: Cts, folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("out of\nthe blue")

    monkeypatch.setattr("cts_tui.desk.connections.connection_views", fail)
    said = cts("connections", "list").refusal
    assert "unexpected RuntimeError: out of the blue; please report it" in said
    assert str(folder.log) in said
    assert "Traceback" in folder.log.read_text()


def test_a_log_that_cannot_be_written_is_refused(cts: Cts, folder: DataFolder) -> None:
    folder.log.mkdir()
    assert "the log file" in cts("run", "--for", 1).refusal
    assert cts("connections", "list").code == 0
