"""S2: live trading ends at once, and in its row, when the key fails or could withdraw."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from cts_tui.engine import live_watch as module
from cts_tui.engine.live_watch import LiveWatch
from cts_tui.engine.steering import Steering, Wishes
from cts_tui.errors import AuthenticationError, StoreError
from cts_tui.model.connection_test import Permissions
from cts_tui.model.credentials import Credentials
from cts_tui.store import connections
from cts_tui.store.database import Database
from cts_tui.store.journal import Journal

from .live_world import LiveWorld
from .world import stored


@dataclass
class Session:
    """What is looked at of a session."""

    key_refusals: int = 0
    key_refusal: str = ""

    def refuse(self, words: str) -> None:
        self.key_refusals += 1
        self.key_refusal = words


@dataclass
class Sessions:
    session: Session | None = field(default_factory=Session)
    is_key_refused: bool = False
    last_error: str | None = None


@dataclass
class Rig:
    world: LiveWorld
    database: Database
    sessions: Sessions
    steering: Steering
    watch: LiveWatch
    permissions: Permissions | Exception

    @property
    def is_live(self) -> tuple[bool, bool]:
        """In memory, and in the row."""
        with self.database.read() as transaction:
            setup = connections.find(transaction, self.world.setup.name)
        assert setup is not None
        return self.world.context.setup.live, setup.live

    def events(self) -> list[Any]:
        return [row for row in stored(self.database, "events") if row["kind"] == "connection"]


@pytest.fixture
def rig(database: Database, journal: Journal, monkeypatch: pytest.MonkeyPatch) -> Rig:
    world, sessions = LiveWorld(database, journal), Sessions()
    steering = Steering(world.context, world.pipeline)
    watch = LiveWatch(
        world.context,
        sessions,  # type: ignore[arg-type]
        database,
        turn_off=lambda: steering.set_live(is_live=False),
        read=lambda: Credentials(api_key="k" * 8, secret="s" * 8),
    )
    rig = Rig(world, database, sessions, steering, watch, Permissions(can_withdraw=False))

    async def asked(*_: Any) -> Permissions:
        if isinstance(rig.permissions, Exception):
            assert sessions.session is not None
            sessions.session.refuse("no right to ask")
            raise rig.permissions
        return rig.permissions

    monkeypatch.setattr(module, "asked_permissions", asked)
    return rig


async def test_all_is_well_and_live_goes_on(rig: Rig) -> None:
    await rig.watch.run_cycle()
    await rig.watch.run_cycle()
    assert rig.is_live == (True, True)


async def test_s2_a_refused_key_turns_live_off(rig: Rig) -> None:
    await rig.watch.run_cycle()
    assert rig.sessions.session is not None
    rig.sessions.session.refuse("invalid signature")
    await rig.watch.run_cycle()
    assert rig.is_live == (False, False)
    (event,) = rig.events()
    assert event["message"] == "live trading off: the exchange refuses the key: invalid signature"
    assert (event["who"], event["before"], event["after"]) == ("engine", "live", "not live")
    (row,) = stored(rig.database, "connections")
    assert row["last_test"] is None, "the gate asks for a new test"


async def test_s2_a_session_that_the_exchange_refuses_turns_live_off(rig: Rig) -> None:
    rig.sessions.session = None
    rig.sessions.is_key_refused, rig.sessions.last_error = True, "unknown key"
    await rig.watch.run_cycle()
    assert rig.is_live == (False, False)


async def test_a_refusal_from_before_live_trading_began_is_old_news(rig: Rig) -> None:
    rig.steering.set_live(is_live=False)
    assert rig.sessions.session is not None
    rig.sessions.session.refuse("invalid signature")
    await rig.watch.run_cycle()
    rig.steering.set_live(is_live=True)
    await rig.watch.run_cycle()
    assert rig.is_live == (True, True)


async def test_s2_a_right_to_withdraw_that_appears_turns_live_off(rig: Rig) -> None:
    rig.permissions = Permissions(can_withdraw=True)
    await rig.watch.run_cycle()
    assert rig.is_live == (False, False)
    assert rig.events()[0]["message"] == "live trading off: the key may withdraw"


async def test_a_question_for_the_rights_that_is_refused_is_no_loss_of_the_key(rig: Rig) -> None:
    rig.permissions = AuthenticationError("no right to ask")
    await rig.watch.run_cycle()
    await rig.watch.run_cycle()
    assert rig.is_live == (True, True)
    assert rig.watch.figures.errors == 1


async def test_s2_the_kill_switch_turns_live_off(rig: Rig) -> None:
    rig.world.context.is_killed = True
    await rig.watch.run_cycle()
    assert rig.is_live == (False, False)


async def test_a_row_that_cannot_be_written_is_written_later(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked() -> Any:
        raise StoreError("the database is locked")

    rig.world.context.is_killed = True
    with monkeypatch.context() as patch:
        patch.setattr(rig.database, "write", locked)
        await rig.watch.run_cycle()
        assert rig.is_live == (False, True)
        rig.steering.apply(Wishes(is_live=True))  # the row still says so
        assert rig.is_live == (False, True)
    await rig.watch.run_cycle()
    assert rig.is_live == (False, False)


Live = Callable[..., LiveWorld]


async def test_live_goes_off_and_on_in_place_and_loses_no_order(rig: Rig) -> None:
    world = rig.world
    await world.enter()
    working = list(world.pipeline.execution.working)
    assert working
    rig.steering.apply(Wishes(is_live=False))
    assert not world.context.setup.live
    await world.run()
    assert list(world.pipeline.execution.working) == working
    assert world.position.is_live
    rig.steering.apply(Wishes(is_live=True))
    assert world.context.setup.live
