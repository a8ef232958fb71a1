"""The manager converges on what is desired; no failure of one engine reaches another."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

import cts_tui.engine.manager as manager_module
from cts_tui.engine.desired import DesiredState
from cts_tui.engine.manager import TradeEngineManager
from cts_tui.engine.steering import Wishes
from cts_tui.errors import ConfigError, StoreError
from cts_tui.model.connection import ConnectionSetup
from cts_tui.model.limits import LimitBook, RiskLimits
from cts_tui.model.trading import MarketType, Mode

Until = Callable[..., Awaitable[None]]


def setup(number: int, **changes: Any) -> ConnectionSetup:
    values: dict[str, Any] = {
        "id": number,
        "name": f"c{number}",
        "exchange": "simulated",
        "mode": Mode.PAPER,
        "market": MarketType.SPOT,
        "symbols": ("BTC/USDT",),
        "timeframe": "1m",
        "enabled": True,
        "live": False,
    }
    return ConnectionSetup(**(values | changes))


def desire(*setups: ConnectionSetup, **changes: Any) -> DesiredState:
    state = DesiredState(setups, (), {}, is_killed=False, is_stop_requested=False)
    return replace(state, **changes)


class StandIn:
    """An engine that runs until it is told to crash, and keeps what happened to it."""

    def __init__(self, own: ConnectionSetup, specs: Sequence[Any]) -> None:
        self.setup = own
        self.specs = specs
        self.context = SimpleNamespace(is_killed=None, lease_until=None)
        self.crash: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.is_stopped = False
        self.killed_at_start: bool | None = None
        self.closed: list[str] = []
        self.wishes: Wishes | None = None
        self.tied_up = {False: Decimal(0), True: Decimal(0)}

    async def run(self) -> None:
        self.killed_at_start = self.context.is_killed
        try:
            await self.crash
        finally:
            self.is_stopped = True

    def steer(self, wishes: Wishes) -> None:
        self.wishes = wishes
        self.context.is_killed = wishes.is_killed

    def exposure(self, currency: str, *, is_live: bool) -> Decimal:
        return self.tied_up[is_live] if currency == "USDT" else Decimal(0)

    def set_strategies(self, specs: Sequence[Any]) -> None:
        if "poison" in specs:
            raise KeyError("poison")
        self.specs = specs

    def close_position(self, key: str) -> None:
        self.closed.append(key)


@dataclass
class Clock:
    """Time, moved by hand."""

    now: float = 1_000.0

    def monotonic(self) -> float:
        return self.now


@dataclass
class Stage:
    """A manager, its engines in order of their making, and what it was told and tells."""

    clock: Clock
    made: list[StandIn] = field(default_factory=list)
    leases: dict[int, bool | Exception] = field(default_factory=dict)
    released: list[int] = field(default_factory=list)
    failures: list[tuple[str, str, float]] = field(default_factory=list)
    unbuildable: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.manager = TradeEngineManager(
            make=self.make,  # type: ignore[arg-type]
            acquire=self.acquire,
            release=self.release,
            lease_s=6.0,
            on_failure=lambda own, reason, wait: self.failures.append((own.name, reason, wait)),
        )

    def make(self, own: ConnectionSetup, specs: Sequence[Any]) -> StandIn:
        if own.name in self.unbuildable:
            raise KeyError("cannot be built")
        self.made.append(StandIn(own, specs))
        return self.made[-1]

    async def acquire(self, connection_id: int) -> bool:
        answer = self.leases.get(connection_id, True)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def release(self, connection_id: int) -> None:
        self.released.append(connection_id)

    async def converge(self, *setups: ConnectionSetup, **changes: Any) -> None:
        await self.manager.converge(desire(*setups, **changes))
        await asyncio.sleep(0)

    @property
    def running(self) -> list[str]:
        return [engine.setup.name for engine in self.manager.engines]

    async def crash(self, engine: StandIn, error: Exception) -> None:
        engine.crash.set_exception(error)
        for _ in range(5):  # the engine ends, and its task after it
            await asyncio.sleep(0)
        assert engine.is_stopped


@pytest.fixture
async def stage(monkeypatch: pytest.MonkeyPatch) -> Any:
    clock = Clock()
    monkeypatch.setattr(manager_module, "time", clock)
    stage = Stage(clock)
    yield stage
    await stage.manager.stop()


async def test_what_is_enabled_runs_and_what_is_not_does_not(stage: Stage) -> None:
    await stage.converge(setup(1), setup(2, enabled=False), setup(3))
    assert stage.running == ["c1", "c3"]
    await stage.converge(setup(1), setup(2), setup(3, enabled=False))
    assert stage.running == ["c1", "c2"]
    assert stage.made[1].is_stopped
    assert stage.released == [3]
    await stage.converge(setup(1), setup(2))
    assert len(stage.made) == 3, "what runs as desired is left alone"


async def test_a_removed_connection_is_stopped(stage: Stage) -> None:
    await stage.converge(setup(1))
    await stage.converge()
    assert stage.running == []
    assert stage.made[0].is_stopped


async def test_a_changed_connection_gets_a_new_engine_at_once(stage: Stage) -> None:
    await stage.converge(setup(1))
    await stage.converge(setup(1, symbols=("ETH/USDT",)))
    assert stage.made[0].is_stopped
    assert stage.made[1].setup.symbols == ("ETH/USDT",)
    assert stage.running == ["c1"]


async def test_a_crash_is_recorded_and_the_engine_starts_again_later_each_time(
    stage: Stage,
) -> None:
    waits = [1.0, 2.0, 5.0, 15.0, 60.0, 60.0]
    for number, wait in enumerate(waits):
        await stage.converge(setup(1))
        await stage.crash(stage.made[-1], ValueError(f"broken {number}"))
        await stage.converge(setup(1))
        assert stage.failures[-1] == ("c1", f"ValueError: broken {number}", wait)
        assert stage.running == []
        stage.clock.now += wait - 0.01
        await stage.converge(setup(1))
        assert stage.running == []
        stage.clock.now += 0.02
    await stage.converge(setup(1))
    assert stage.running == ["c1"]


async def test_an_engine_that_ran_for_long_begins_with_the_shortest_wait(stage: Stage) -> None:
    for _ in range(3):
        await stage.converge(setup(1))
        stage.clock.now += 61
        await stage.crash(stage.made[-1], ConfigError("no such symbol"))
        await stage.converge(setup(1))
        stage.clock.now += 1.1
    assert [failure[1:] for failure in stage.failures] == 3 * [("no such symbol", 1.0)]


async def test_one_engine_failing_does_not_touch_another(stage: Stage) -> None:
    await stage.converge(setup(1), setup(2))
    await stage.crash(stage.made[0], OSError("gone"))
    await stage.converge(setup(1), setup(2))
    assert stage.running == ["c2"]
    assert not stage.made[1].is_stopped
    stage.clock.now += 1.1
    await stage.converge(setup(1), setup(2))
    assert sorted(stage.running) == ["c1", "c2"]


async def test_the_reason_is_that_of_the_first_failure_in_a_group(stage: Stage) -> None:
    await stage.converge(setup(1))
    group = ExceptionGroup("unhandled", [ExceptionGroup("inner", [ValueError("the cause")])])
    await stage.crash(stage.made[0], group)
    await stage.converge(setup(1))
    assert stage.failures[0][1] == "ValueError: the cause"


async def test_an_engine_that_cannot_be_built_waits_and_stops_no_other(stage: Stage) -> None:
    stage.unbuildable = {"c1"}
    await stage.converge(setup(1), setup(2))
    assert stage.running == ["c2"]
    assert stage.failures == [("c1", "KeyError: 'cannot be built'", 1.0)]
    await stage.converge(setup(1), setup(2))
    assert len(stage.failures) == 1
    stage.unbuildable = set()
    stage.clock.now += 1.1
    await stage.converge(setup(1), setup(2))
    assert sorted(stage.running) == ["c1", "c2"]


async def test_strategies_that_break_an_engine_stop_no_other(stage: Stage) -> None:
    await stage.converge(setup(1), setup(2))
    stage.made[1].set_strategies = lambda specs: None  # type: ignore[method-assign]
    await stage.converge(setup(1), setup(2), specs=("poison",))
    assert stage.running == ["c2"]
    assert stage.failures == [("c1", "KeyError: 'poison'", 1.0)]
    assert stage.made[0].is_stopped


async def test_s9_without_a_lease_no_engine_starts(stage: Stage) -> None:
    stage.leases[1] = False
    await stage.converge(setup(1), setup(2))
    assert stage.running == ["c2"]
    stage.leases[1] = True
    await stage.converge(setup(1), setup(2))
    assert stage.running == ["c2", "c1"]


async def test_a_store_that_cannot_be_written_starts_nothing_and_stops_nothing(
    stage: Stage,
) -> None:
    await stage.converge(setup(1))
    stage.leases[2] = StoreError("locked")
    await stage.converge(setup(1), setup(2))
    assert stage.running == ["c1"]
    assert stage.failures == []
    stage.leases[2] = True
    await stage.converge(setup(1), setup(2))
    assert stage.running == ["c1", "c2"]


async def test_s9_an_engine_may_act_until_a_second_before_its_lease_ends(stage: Stage) -> None:
    await stage.converge(setup(1))
    (engine,) = stage.made
    assert engine.context.lease_until == stage.clock.now + 5.0
    stage.clock.now += 2
    await stage.manager.renew_leases()
    assert engine.context.lease_until == stage.clock.now + 5.0


async def test_s9_an_engine_whose_lease_is_taken_may_not_act_and_is_stopped(stage: Stage) -> None:
    await stage.converge(setup(1), setup(2))
    stage.leases[1] = False
    await stage.manager.renew_leases()
    one, two = stage.made
    assert one.context.lease_until <= stage.clock.now < two.context.lease_until
    await stage.converge(setup(1), setup(2))
    assert stage.running == ["c2"]
    assert one.is_stopped
    assert not two.is_stopped


async def test_s9_an_engine_that_cannot_renew_goes_on_until_its_lease_ends(stage: Stage) -> None:
    await stage.converge(setup(1))
    (engine,) = stage.made
    until = engine.context.lease_until
    stage.leases[1] = StoreError("locked")
    stage.clock.now += 3
    await stage.manager.renew_leases()
    assert engine.context.lease_until == until
    await stage.converge(setup(1))
    assert stage.running == ["c1"], "the store may come back"


async def test_s11_an_engine_knows_of_the_kill_switch_before_it_begins(stage: Stage) -> None:
    await stage.converge(setup(1), setup(2), setup(3), is_killed=True)
    assert [engine.killed_at_start for engine in stage.made] == [True, True, True]
    await stage.converge(setup(1), setup(2), setup(3))
    assert [engine.context.is_killed for engine in stage.made] == [False, False, False]


async def test_strategies_and_close_requests_reach_the_running_engines(stage: Stage) -> None:
    await stage.converge(setup(1), setup(2), specs=("one",))
    await stage.converge(setup(1), setup(2), specs=("two",), close_requests={2: {"a", "b"}})
    one, two = stage.made
    assert (one.specs, two.specs) == (("two",), ("two",))
    assert (one.closed, sorted(two.closed)) == ([], ["a", "b"])


async def test_stopping_stops_every_engine_and_releases_every_lease(stage: Stage) -> None:
    await stage.converge(setup(1), setup(2))
    await stage.manager.stop()
    assert stage.running == []
    assert all(engine.is_stopped for engine in stage.made)
    assert stage.released == [1, 2]


async def test_a_lease_that_cannot_be_released_keeps_no_engine_from_stopping(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def locked(connection_id: int) -> None:
        raise StoreError("locked")

    await stage.converge(setup(1), setup(2))
    monkeypatch.setattr(stage.manager, "_release", locked)
    await stage.manager.stop()
    assert all(engine.is_stopped for engine in stage.made)


async def test_live_trading_goes_on_and_off_without_another_engine(stage: Stage) -> None:
    await stage.converge(setup(1))
    await stage.converge(setup(1, live=True))
    (engine,) = stage.made
    assert not engine.is_stopped
    assert engine.wishes is not None
    assert engine.wishes.is_live
    await stage.converge(setup(1))
    assert len(stage.made) == 1
    assert not engine.wishes.is_live


async def test_a_disabled_connection_has_an_engine_while_everything_of_it_is_closed(
    stage: Stage,
) -> None:
    await stage.converge(setup(1, enabled=False), setup(2), flatten_requests={1: 5})
    assert stage.running == ["c2", "c1"] or stage.running == ["c1", "c2"]
    closing = next(one for one in stage.made if one.setup.name == "c1")
    assert closing.wishes is not None
    assert closing.wishes.flatten_ms == 5
    await stage.converge(setup(1, enabled=False), setup(2))
    assert stage.running == ["c2"]


async def test_s9_an_engine_hears_of_its_wishes_before_it_runs(stage: Stage) -> None:
    book = LimitBook({"max_exposure": "100"}, {1: {"max_open_positions": "3"}})
    await stage.converge(setup(1), limits=book, reset_requests={1: 7}, is_killed=True)
    (engine,) = stage.made
    assert engine.killed_at_start is True
    assert engine.wishes is not None
    assert engine.wishes.limits == RiskLimits(max_exposure=Decimal(100), max_open_positions=3)
    assert engine.wishes.reset_ms == 7


async def test_the_exposure_of_all_others_is_that_of_engines_here_and_of_rows_elsewhere(
    stage: Stage,
) -> None:
    exposures = {
        (2, False, "USDT"): Decimal(999),
        (3, False, "USDT"): Decimal(30),
        (3, False, "EUR"): Decimal(4),
        (3, True, "USDT"): Decimal(7),
    }
    await stage.converge(setup(1), setup(2), exposures=exposures)
    first, second = stage.made
    second.tied_up = {False: Decimal(5), True: Decimal(1)}
    assert first.context.others_exposure("USDT", False) == 35
    assert first.context.others_exposure("USDT", True) == 8
    assert first.context.others_exposure("EUR", False) == 4


async def test_an_engine_that_stops_slowly_keeps_no_other_waiting_and_is_not_started_twice(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, until: Until
) -> None:
    monkeypatch.setattr(manager_module, "_AT_ONCE_S", 0.01)
    may_end = asyncio.Event()

    async def run_and_end_slowly(engine: StandIn) -> None:
        try:
            await engine.crash
        finally:
            await may_end.wait()
            engine.is_stopped = True

    monkeypatch.setattr(StandIn, "run", run_and_end_slowly)
    await stage.converge(setup(1), setup(2))
    await stage.converge(setup(1, enabled=False), setup(2), is_killed=True)
    assert not stage.made[0].is_stopped
    assert stage.made[1].context.is_killed, "the kill switch is heard meanwhile"
    await stage.converge(setup(1), setup(2))
    assert stage.running == ["c2"], "the first one is not over yet"
    assert stage.released == []
    may_end.set()
    await until(lambda: stage.released == [1])
    await stage.converge(setup(1), setup(2))
    assert stage.running == ["c2", "c1"]


async def test_s9_an_engine_that_does_not_stop_is_left_behind_without_its_lease(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, until: Until
) -> None:
    monkeypatch.setattr(manager_module, "_STOP_S", 0.01)
    left_behind: list[StandIn] = []
    may_end = asyncio.Event()

    async def run_on(engine: StandIn) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await may_end.wait()
        await may_end.wait()

    monkeypatch.setattr(StandIn, "run", run_on)

    def leave(engine: StandIn) -> None:
        left_behind.append(engine)

    monkeypatch.setattr(StandIn, "leave_behind", leave, raising=False)
    await stage.converge(setup(1))
    await stage.manager.give_up(1, "its cycle cannot be broken off")
    await until(lambda: stage.released == [1])
    assert left_behind == stage.made
    assert stage.failures == [("c1", "its cycle cannot be broken off", 1.0)]
    stage.clock.now += 1.1
    await stage.converge(setup(1))
    assert stage.running == ["c1"]
    may_end.set()


async def test_an_engine_that_is_given_up_again_and_again_starts_later_each_time(
    stage: Stage,
) -> None:
    for wait in (1.0, 2.0, 5.0):
        await stage.converge(setup(1))
        await stage.manager.give_up(1, "it hangs")
        assert stage.failures[-1] == ("c1", "it hangs", wait)
        stage.clock.now += wait + 0.01
