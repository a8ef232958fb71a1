"""`test-workflow`: all is well on a fresh folder; each stage broken in turn fails by itself."""

import asyncio
import json
import signal
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from cts_tui.desk.workflow.course import STAGES
from cts_tui.exchange import session
from cts_tui.exchange.limiter import Limiter
from cts_tui.paths import DataFolder
from tests.loopback.exchange import LoopbackExchange

from .conftest import Cts, Outcome, dump
from .test_running import Start, first_line, start, until

__all__ = ["start"]
FRESH = (
    "INSERT INTO candles SELECT connection_id, symbol, timeframe, (unixepoch() / 60 - 1) * 60000, "
    "open, high, low, close, volume, source FROM candles WHERE time_ms = "
    "(SELECT max(time_ms) FROM candles) ON CONFLICT DO NOTHING"
)
"""A candle of every symbol for the last minute."""
_HELD_UNTIL = "2999-01-01T00:00:00.000Z"


def statuses(outcome: Outcome) -> dict[str, str]:
    return {step["name"]: step["status"] for step in outcome.document["steps"]}


def step(outcome: Outcome, name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(s for s in outcome.document["steps"] if s["name"] == name)
    return found


def only(outcome: Outcome, failed: str) -> dict[str, Any]:
    """The one stage that failed; every other one passed, warned or was not tried."""
    assert outcome.code == 1, outcome
    assert [name for name, status in statuses(outcome).items() if status == "fail"] == [failed]
    assert outcome.document["status"] == "fail"
    assert outcome.err.startswith(f"cts-tui: {failed} failed: ")
    assert outcome.err.count("\n") == 1
    return step(outcome, failed)


def change(file: Path, *statements: str) -> None:
    """Do to the database what no command would."""
    with closing(sqlite3.connect(file)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


# -- all is well ----------------------------------------------------------------------------------


def test_a_fresh_folder_passes(cts: Cts, tmp_path: Path) -> None:
    said = cts("test-workflow", "--json", "--data-dir", tmp_path / "fresh")
    assert (said.code, said.err) == (0, "")
    assert list(said.document) == ["status", "started_at", "seconds", "steps"]
    assert said.document["started_at"].endswith("Z")
    assert {tuple(one) for one in said.document["steps"]} == {
        ("name", "status", "seconds", "message", "advice", "figures")
    }
    skipped = {"data flow": "skip", "coordination": "skip"}
    assert statuses(said) == dict.fromkeys(STAGES, "pass") | skipped
    assert said.document["status"] == "pass"
    assert step(said, "end to end")["figures"]["rows"]["fill"] == 6


@pytest.mark.usefixtures("unchanged")
def test_people_read_a_line_for_each_stage_and_nothing_is_stored(cts: Cts) -> None:
    said = cts("test-workflow")
    assert (said.code, said.err) == (0, "")
    lines = [line for line in said.out.splitlines() if not line.startswith(" ")]
    assert [line[6:22].strip() for line in lines] == [*STAGES, "workflow"]
    assert "do: start one: cts-tui run" in said.out


def test_a_connection_that_does_not_exist_is_refused(cts: Cts) -> None:
    refusal = cts("test-workflow", "--connection", "nobody").refusal
    assert "there is no connection called 'nobody'" in refusal


def test_the_demo_is_asked_about_by_its_name(cts: Cts) -> None:
    said = cts("test-workflow", "--connection", "demo", "--json")
    assert said.code == 0
    assert step(said, "connections")["figures"]["connections"] == 1
    assert step(said, "api")["status"] == "pass"


# -- the database ---------------------------------------------------------------------------------


def truncate(file: Path) -> None:
    with file.open("r+b") as handle:
        handle.truncate(file.stat().st_size // 2)


def overwrite_header(file: Path) -> None:
    with file.open("r+b") as handle:
        handle.write(b"no database at all")


def flip_bytes(file: Path) -> None:
    """Damage the page in which the events begin."""
    with closing(sqlite3.connect(file)) as connection:
        query = "SELECT rootpage FROM sqlite_master WHERE name = 'events'"
        (page,) = connection.execute(query).fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    with file.open("r+b") as handle:
        handle.seek((page - 1) * size)
        handle.write(b"\xff" * 64)


def drop_a_table(file: Path) -> None:
    change(file, "DROP TABLE fills")


def drop_a_column(file: Path) -> None:
    change(file, "ALTER TABLE orders DROP COLUMN answer")


def fill_without_order(file: Path) -> None:
    change(
        file,
        "INSERT INTO fills (connection_id, client_order_id, venue_trade_id, symbol, side, quantity,"
        " price, fee, fee_currency, venue_order_id, time_ms) VALUES (1, 'gone', 't1', 'BTC/USDT',"
        " 'buy', '1', '100', '0', 'USDT', '', 1743681600000)",
    )


def of_another_version(file: Path) -> None:
    change(file, "UPDATE alembic_version SET version_num = '9999'")


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (truncate, "is damaged"),
        (overwrite_header, "is not a SQLite database"),
        (flip_bytes, "damaged"),
        (drop_a_table, "lacks the table fills"),
        (drop_a_column, "lacks the column orders.answer"),
        (fill_without_order, "1 fill belongs to no order"),
        (of_another_version, "the schema is 9999"),
    ],
)
def test_a_damaged_database_fails_its_stage_and_no_other(
    cts: Cts, folder: DataFolder, damage: Callable[[Path], None], says: str
) -> None:
    damage(folder.database)
    before = folder.database.read_bytes()
    said = cts("test-workflow", "--json")
    failed = only(said, "database")
    assert says in failed["message"]
    assert failed["advice"]
    skipped = [name for name, status in statuses(said).items() if status == "skip"]
    assert skipped == ["connections", "api", "data flow", "coordination"]
    assert statuses(said)["end to end"] == "pass"
    assert folder.database.read_bytes() == before, "the test changes nothing"


@contextmanager
def locked(file: Path, *how: str) -> Iterator[None]:
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        for statement in how:
            other.execute(statement)
        yield
        other.execute("ROLLBACK")


@pytest.mark.parametrize(
    "how",
    [
        pytest.param(("BEGIN IMMEDIATE",), id="for-writing"),
        pytest.param(("PRAGMA locking_mode=EXCLUSIVE", "BEGIN EXCLUSIVE"), id="for-all"),
    ],
)
def test_a_database_that_another_program_holds_is_locked(
    cts: Cts, folder: DataFolder, monkeypatch: pytest.MonkeyPatch, how: tuple[str, ...]
) -> None:
    monkeypatch.setattr("cts_tui.store.inspection._WAIT_MS", 50)
    with locked(folder.database, *how):
        failed = only(cts("test-workflow", "--json"), "database")
    assert "is locked by another program" in failed["message"]


def test_a_data_folder_that_is_a_file_fails_the_database_only(cts: Cts, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    said = cts("test-workflow", "--json", "--data-dir", tmp_path / "file")
    assert "expected a folder, found a file" in only(said, "database")["message"]


# -- connections and strategies -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("UPDATE connections SET symbols = 'no json' WHERE name = 'demo'", "symbols is 'no json'"),
        ("UPDATE connections SET symbols = '[7]' WHERE name = 'demo'", "a list of symbols"),
        ("UPDATE connections SET symbols = '[]' WHERE name = 'demo'", "no symbol was given"),
        ("UPDATE connections SET timeframe = '7x' WHERE name = 'okx'", "not a timeframe"),
        ("UPDATE connections SET exchange = 'nowhere' WHERE name = 'okx'", "ccxt knows no"),
        ("UPDATE connections SET mode = 'banana' WHERE name = 'okx'", "mode is 'banana'"),
        ("UPDATE connections SET market = 'moon' WHERE name = 'okx'", "market is 'moon'"),
        ("UPDATE connections SET live = 1 WHERE name = 'okx'", "live though it is disabled"),
        ("UPDATE connections SET live = 1 WHERE name = 'demo'", "live in paper mode"),
        ("UPDATE connections SET enabled = 7 WHERE name = 'okx'", "enabled is 7"),
        ("UPDATE connections SET ccxt_config = '[1' WHERE name = 'okx'", "ccxt_config is '[1'"),
        ("UPDATE connections SET name = x'ff' WHERE name = 'okx'", "name is"),
        ("UPDATE connections SET updated_at = 'today' WHERE name = 'okx'", "updated_at is 'today'"),
        ("DELETE FROM leases", "has no lease"),
        ("UPDATE strategies SET entry_long = 'crosses_above(' WHERE name = 'sma-cross'",
         "sma-cross cannot run: entry_long, column 15"),
        ("UPDATE strategies SET entry_long = 'nonsense(3) > 1' WHERE name = 'donchian-breakout'",
         "cannot run"),
        ("UPDATE strategies SET stop_loss_pct = 'two' WHERE name = 'sma-cross'",
         "stop_loss_pct is 'two'"),
        ("UPDATE strategies SET stop_loss_pct = '-5' WHERE name = 'sma-cross'", "stop_loss_pct"),
        ("UPDATE strategies SET size_kind = 'all' WHERE name = 'sma-cross'", "kind must be one of"),
        ("UPDATE strategies SET symbols = 'x' WHERE name = 'sma-cross'", "symbols is 'x'"),
        ("UPDATE strategies SET gate_trades = 'many' WHERE name = 'sma-cross'", "gate_trades"),
        ("UPDATE strategies SET timeframe = '5x' WHERE name = 'sma-cross'", "timeframe"),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_fails_the_connections_only(
    cts: Cts, folder: DataFolder, statement: str, says: str
) -> None:
    with closing(sqlite3.connect(folder.database)) as connection, connection:
        assert connection.execute(statement).rowcount
    failed = only(cts("test-workflow", "--json"), "connections")
    assert says in failed["message"]
    assert failed["advice"]


def test_settings_that_no_engine_could_start_with_fail_the_connections(
    cts: Cts, tmp_path: Path
) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.toml").write_text("sma_period = 1\n")
    failed = only(cts("test-workflow", "--json"), "connections")
    assert "sma_period" in failed["message"]


def test_a_strategy_that_does_not_fit_a_connection_is_a_warning(
    cts: Cts, folder: DataFolder
) -> None:
    change(folder.database, "UPDATE strategies SET timeframe = '90s' WHERE name = 'sma-cross'")
    said = cts("test-workflow", "--json")
    assert (said.code, step(said, "connections")["status"]) == (0, "warn")
    assert "sma-cross does not run on demo" in step(said, "connections")["message"]


def test_a_desk_that_trades_nothing_is_warned_of(cts: Cts, folder: DataFolder) -> None:
    change(folder.database, "UPDATE connections SET enabled = 0")
    said = cts("test-workflow", "--json")
    assert (said.code, said.document["status"]) == (0, "warn")


def test_credentials_that_cannot_be_read_fail_the_connections(
    cts: Cts, folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    _with_key(cts, monkeypatch)
    change(folder.database, "UPDATE connections SET enabled = 1 WHERE name = 'mine'")
    assert step(cts("test-workflow", "--json"), "connections")["status"] == "pass"
    change(folder.database, "UPDATE credentials SET blob = x'00112233'")
    failed = only(cts("test-workflow", "--json"), "connections")
    assert "the credentials of mine cannot be read" in failed["message"]
    assert "a-secret-of-this-test" not in json.dumps(failed)


def _with_key(cts: Cts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CTS_MASTER_KEY", "a-key-of-this-test")
    monkeypatch.setenv("MINE_API_KEY", "a-key")
    monkeypatch.setenv("MINE_SECRET", "a-secret-of-this-test")
    added = cts(
        "connections", "add", "mine", "--exchange", "binance", "--mode", "testnet",
        "--symbols", "BTC/USDT", "--credentials-env", "MINE",
    )  # fmt: skip
    assert added.code == 0, added


# -- exchanges ------------------------------------------------------------------------------------

_TEST = {
    "time_ms": 4_102_444_800_000, "status": "fail", "clock_offset_ms": None, "capabilities": {},
    "permissions": {"can_withdraw": None, "can_trade": None},
    "steps": [{"name": "reachability", "status": "fail", "message": "nobody answers",
               "todo": "look at the network", "duration_ms": 1.0}],
}  # fmt: skip


def test_an_exchange_whose_last_test_failed_fails_the_api_only(
    cts: Cts, folder: DataFolder
) -> None:
    with closing(sqlite3.connect(folder.database)) as connection, connection:
        statement = "UPDATE connections SET enabled = 1, last_test = ? WHERE name = 'okx'"
        connection.execute(statement, (json.dumps(_TEST),))
    failed = only(cts("test-workflow", "--json"), "api")
    assert "okx: the last test failed, reachability: nobody answers" in failed["message"]
    assert failed["advice"] == "look at the network"


def test_a_testnet_that_was_never_tested_is_a_warning(
    cts: Cts, folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    _with_key(cts, monkeypatch)
    change(folder.database, "UPDATE connections SET enabled = 1 WHERE name = 'mine'")
    said = cts("test-workflow", "--json")
    assert (said.code, step(said, "api")["message"]) == (0, "mine: it was never tested")


Call = Callable[..., Awaitable[Outcome]]


async def test_a_named_connection_is_asked_in_public_and_nothing_is_signed(
    cts: Cts, folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "limiter_of", lambda *_, **__: Limiter(interval_ms=0.01))
    async with LoopbackExchange() as exchange:
        overlay = json.dumps(exchange.overlay("spot"))
        added = await asyncio.to_thread(
            cts, "connections", "add", "mine", "--exchange", "binance",
            "--symbols", "BTC/USDT", "--ccxt-config", overlay,
        )  # fmt: skip
        assert added.code == 0, added
        before = dump(folder.database)
        said = await asyncio.to_thread(cts, "test-workflow", "--connection", "mine", "--json")
        assert (said.code, statuses(said)["api"]) == (0, "pass"), said
        assert dump(folder.database) == before, "no result is stored"
        signed = [one for one in exchange.journal if one.is_signed]
        assert signed == []
    said = await asyncio.to_thread(cts, "test-workflow", "--connection", "mine", "--json")
    assert "mine: reachability" in only(said, "api")["message"]


# -- a running engine -----------------------------------------------------------------------------


def is_at_work(file: Path) -> bool:
    """Whether the engine of the demo has filled in the indications of its history."""
    with closing(sqlite3.connect(file, timeout=10)) as connection:
        missing = (
            "SELECT count(*) FROM candles LEFT JOIN indications "
            "USING (connection_id, timeframe, time_ms, symbol) WHERE indications.time_ms IS NULL"
        )
        query = f"SELECT count(*), ({missing}) FROM engine_states WHERE status = 'running'"
        return connection.execute(query).fetchone() == (1, 0)


def test_with_an_engine_every_stage_passes_and_each_of_its_own_fails_by_itself(
    cts: Cts, folder: DataFolder, start: Start
) -> None:
    """One engine for all of it: it takes a second to start."""
    engine = start("run")
    first_line(engine)
    until(lambda: is_at_work(folder.database), "the engine is at work")
    said = cts("test-workflow", "--json")
    assert (said.code, statuses(said)) == (0, dict.fromkeys(STAGES, "pass"))
    _broken_rows_do_not_spread(cts, folder)
    _candles_that_are_not_stored_stop_the_flow(cts, folder)
    engine.send_signal(signal.SIGSTOP)
    failed = only(cts("test-workflow", "--json"), "coordination")
    assert f"the engine program {engine.pid} was stopped by a signal" in failed["message"]
    assert failed["advice"] == f"let it go on: kill -CONT {engine.pid}"
    engine.send_signal(signal.SIGCONT)
    until(lambda: cts("test-workflow", "--json").code == 0, "it goes on")
    engine.kill()
    engine.wait()
    said = cts("test-workflow", "--json")
    assert (said.code, step(said, "coordination")["status"]) == (0, "warn")
    assert "an engine ended without a word" in step(said, "coordination")["message"]


def _broken_rows_do_not_spread(cts: Cts, folder: DataFolder) -> None:
    """The rule of a disabled strategy, which the engine does not read."""
    change(folder.database, "UPDATE strategies SET entry_short = 'sma(' WHERE name = 'rally-fade'")
    only(cts("test-workflow", "--json"), "connections")
    change(folder.database, "DELETE FROM strategies WHERE name = 'rally-fade'")


def _candles_that_are_not_stored_stop_the_flow(cts: Cts, folder: DataFolder) -> None:
    ignore = "CREATE TRIGGER no_candles BEFORE INSERT ON candles BEGIN SELECT RAISE(IGNORE); END"
    recent = "DELETE FROM candles WHERE time_ms > (SELECT max(time_ms) FROM candles) - 600000"
    change(folder.database, ignore, recent)
    failed = only(cts("test-workflow", "--json"), "data flow")
    assert "demo: no candle since" in failed["message"]
    change(folder.database, "DROP TRIGGER no_candles", FRESH)


def test_a_lease_that_nobody_who_lives_holds_fails_the_coordination(
    cts: Cts, folder: DataFolder
) -> None:
    change(
        folder.database,
        f"UPDATE leases SET owner = 'ghost', expires_at = '{_HELD_UNTIL}' WHERE connection_id = "
        "(SELECT id FROM connections WHERE name = 'demo')",
    )
    failed = only(cts("test-workflow", "--json"), "coordination")
    assert "the lease of demo is held until 2999-01-01T00:00:00Z by ghost" in failed["message"]


def test_what_engines_say_of_themselves_may_be_unreadable(cts: Cts, folder: DataFolder) -> None:
    change(folder.database, "UPDATE engine_states SET status = 'banana'")
    failed = only(cts("test-workflow", "--json"), "coordination")
    assert "what engines say of themselves cannot be read" in failed["message"]


# -- end to end -----------------------------------------------------------------------------------


def test_a_wrong_fee_fails_the_end_to_end_stage_only(
    cts: Cts, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cts_tui.venue import paper

    real = paper.fee
    monkeypatch.setattr(paper, "fee", lambda notional, pct: real(notional, pct) * 2)
    failed = only(cts("test-workflow", "--json"), "end to end")
    assert failed["message"].startswith("fill: the fee of the entry fill of trial-long at 12:06")
    assert "report it" in failed["advice"]
