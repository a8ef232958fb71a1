"""What a face may do: strategies, positions, the kill switch, stopping engines."""

from datetime import timedelta
from pathlib import Path

import pytest

from cts_tui.desk.desk import Desk
from cts_tui.errors import ConfigError
from cts_tui.model.trading import Actor, PositionStatus
from cts_tui.paths import DataFolder
from cts_tui.store import leases

from .conftest import NOW, Hand


def test_s11_the_kill_switch_survives_a_restart_and_is_told_once(
    desk: Desk, tmp_path: Path
) -> None:
    told = len(desk.events.list())
    desk.controls.revive()
    assert len(desk.events.list()) == told
    desk.controls.kill()
    desk.controls.kill()
    again = Desk.open(DataFolder(tmp_path / "data"), Actor.CLI)
    assert again.controls.is_killed()
    again.controls.revive()
    again.close()
    assert not desk.controls.is_killed()
    newest, before, *older = desk.events.list()
    assert len(older) == told
    assert (before.who, before.before, before.after) == ("tui", "off", "on")
    assert (newest.who, newest.before, newest.after) == ("cli", "on", "off")


def test_s13_an_event_names_the_face_that_made_the_change(desk: Desk) -> None:
    desk.strategies.disable("sma-cross")
    event = desk.events.list()[0]
    assert (event.who, event.kind, event.subject) == ("tui", "strategy", "sma-cross")
    assert (event.before, event.after) == ("enabled", "disabled")


def test_a_change_that_changes_nothing_is_no_event(desk: Desk) -> None:
    told = len(desk.events.list())
    desk.strategies.enable("sma-cross")
    desk.connections.enable("demo")
    desk.connections.live_off("demo")
    assert len(desk.events.list()) == told


def test_closing_marks_the_position_for_its_engine(desk: Desk, hand: Hand) -> None:
    hand.position("a")
    [view] = desk.positions.list(is_open=True)
    assert desk.positions.close(view.id) == view
    with desk.database.read() as transaction:
        query = "SELECT close_requested_at FROM positions"
        assert transaction.exec_driver_sql(query).scalar_one() is not None
    assert view.status is PositionStatus.OPEN


@pytest.mark.parametrize("position_id", [0, -1, 99])
def test_a_position_that_does_not_exist_cannot_be_closed(desk: Desk, position_id: int) -> None:
    with pytest.raises(ConfigError, match="there is no position"):
        desk.positions.close(position_id)


def test_the_newest_positions_come_first_whether_open_or_closed(desk: Desk, hand: Hand) -> None:
    hand.position("open, oldest")
    hand.closed("closed, newest", "1")
    assert [view.exit_reason for view in desk.positions.list()] == [None, "rule"]
    assert [view.exit_reason for view in desk.positions.newest()] == ["rule", None]
    assert [view.exit_reason for view in desk.positions.newest(limit=1)] == ["rule"]


def test_an_engine_that_does_not_stop_is_told_with_its_process(desk: Desk, hand: Hand) -> None:
    hand.program()
    with pytest.raises(ConfigError, match=r"\(process 7\) has not stopped within 0 s"):
        desk.programs.stop(timeout_s=0.0)
    assert desk.events.list()[0].message == "stop asked for"


def test_where_nothing_runs_there_is_nothing_to_stop(desk: Desk, hand: Hand) -> None:
    hand.program(age_ms=60_000)
    with pytest.raises(ConfigError, match="nothing to stop"):
        desk.programs.stop()


def test_removing_a_connection_takes_its_engine_state_and_lease_along(
    desk: Desk, hand: Hand
) -> None:
    hand.engine()
    connection_id = hand.connection_id("demo")
    with desk.database.write() as transaction:
        leases.acquire(transaction, connection_id, "me", NOW, NOW + timedelta(seconds=6))
    desk.connections.remove("demo")
    with desk.database.read() as transaction:
        for table in ("engine_states", "leases"):
            query = f"SELECT count(*) FROM {table} WHERE connection_id = ?"
            assert transaction.exec_driver_sql(query, (connection_id,)).scalar_one() == 0
