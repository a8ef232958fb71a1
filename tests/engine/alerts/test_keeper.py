"""The keeper on a real store and a real service: rows, events, notices, one keeper at a time."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

import psutil
import pytest

from cts_tui.clock import ManualClock, utc_from_ms
from cts_tui.engine.alerts.keeper import AlertKeeper
from cts_tui.errors import StoreError
from cts_tui.model.alerts import VERDICT_RULE, Alert, AlertTarget, TargetView
from cts_tui.model.health import Fault, Gravity
from cts_tui.model.vault import KeySource
from cts_tui.model.views import EventView
from cts_tui.settings import Settings
from cts_tui.store import alert_targets, alerts, engines, events
from cts_tui.store.database import Database
from cts_tui.store.vault import Vault

from .conftest import Service, Until

NOW_MS = 1_743_699_900_000
GRAVE = Fault("disk-low", "/data", Gravity.CRITICAL, "1 % is free")
MILD = Fault("feed-stale", "demo", Gravity.WARNING, "10 of 10 are stale")


@dataclass
class Desk:
    """A store, what is wrong on it, and the keepers of one program after another."""

    database: Database
    vault: Vault
    until: Until
    clock: ManualClock = field(default_factory=lambda: ManualClock(NOW_MS))
    faults: Sequence[Fault] = ()
    problem: Exception | None = None
    elapsed_s: float = 0.0

    def keeper(self, owner: str = "a", **options: float) -> AlertKeeper:
        """Return the keeper of a program that has just started."""
        with self.database.write() as transaction:
            if owner not in [program["owner"] for program in engines.programs(transaction)]:
                now = utc_from_ms(self.clock.now_ms())
                engines.register(
                    transaction, owner=owner, pid=1, pid_started_at=now, host="h", now=now
                )
        return AlertKeeper(
            database=self.database,
            settings=Settings(**options),
            clock=self.clock,
            owner=owner,
            vault=self.vault,
            assess=self._assess,
            elapsed_s=lambda: self.elapsed_s,
        )

    def end(self, owner: str) -> None:
        """Take a program out, as the next start of one does after a SIGKILL."""
        with self.database.write() as transaction:
            engines.deregister(transaction, owner)

    def _assess(self, _now_ms: int) -> Sequence[Fault]:
        if self.problem:
            raise self.problem
        return self.faults

    async def pass_time(self, keeper: AlertKeeper, seconds: int) -> None:
        """Let time pass, a look every five seconds."""
        for _ in range(0, seconds, 5):
            self.elapsed_s += 5
            self.clock.advance(5_000)
            await keeper.run_cycle()
        assert keeper.figures.last_error is None

    async def hand_over(self, keeper: AlertKeeper) -> None:
        """Wait until what is on its way has arrived or failed, and let the keeper note it."""
        task = keeper._delivering
        assert task is not None, "nothing is on its way"
        await self.until(task.done, "a delivery")
        await self.pass_time(keeper, 5)

    def add_target(self, target: AlertTarget) -> None:
        with self.database.write() as transaction:
            alert_targets.add(
                transaction, target, self.vault.opened_for_writing(), utc_from_ms(NOW_MS)
            )

    @property
    def rows(self) -> list[Alert]:
        """The alerts but that of the verdict, oldest first."""
        with self.database.read() as transaction:
            found = reversed(alerts.listed(transaction))
            return [alert for alert in found if alert.rule != VERDICT_RULE]

    @property
    def events(self) -> list[EventView]:
        with self.database.read() as transaction:
            return [view for view in reversed(events.views(transaction)) if view.kind == "alert"]

    @property
    def target(self) -> TargetView:
        with self.database.read() as transaction:
            return alert_targets.views(transaction)[0]


@pytest.fixture
def desk(database: Database, until: Until, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setenv("CTS_MASTER_KEY", "ab" * 32)
    vault = Vault(database)
    assert vault.opened_for_writing()[0].source is KeySource.ENV
    return Desk(database, vault, until)


async def test_a_fault_becomes_a_row_and_an_event_and_ends_as_both(desk: Desk) -> None:
    keeper = desk.keeper()
    desk.faults = [GRAVE]
    await desk.pass_time(keeper, 60)
    (row,) = desk.rows
    assert (row.rule, row.subject, row.message) == ("disk-low", "/data", "1 % is free")
    assert (row.severity, row.cleared_ms) == (Gravity.CRITICAL, None)
    desk.faults = []
    await desk.pass_time(keeper, 400)
    (row,) = desk.rows
    assert row.cleared_ms is not None
    own = [event for event in desk.events if event.subject == "disk-low /data"]
    assert [(event.before, event.after) for event in own] == [
        ("clear", "critical"),
        ("critical", "clear"),
    ]
    assert own[0].who == "engine"
    assert own[0].message == "alert raised: 1 % is free"


async def test_a_change_of_the_verdict_is_an_alert_of_its_own(desk: Desk) -> None:
    keeper = desk.keeper()
    desk.faults = [MILD]
    await desk.pass_time(keeper, 100)
    desk.faults = [GRAVE, MILD]
    await desk.pass_time(keeper, 100)
    desk.faults = []
    await desk.pass_time(keeper, 400)
    told = [event for event in desk.events if event.subject == "health desk"]
    assert [(event.before, event.after) for event in told] == [
        ("healthy", "degraded"),
        ("degraded", "unhealthy"),
        ("unhealthy", "healthy"),
    ]
    assert "the desk is unhealthy: 1 % is free (and 1 more)" in told[1].message


async def test_a_notice_is_sent_once_and_the_row_says_so(desk: Desk, service: Service) -> None:
    desk.add_target(service.target())
    keeper = desk.keeper()
    desk.faults = [GRAVE]
    await desk.pass_time(keeper, 60)
    assert desk.rows[0].notified_ms is None
    await desk.hand_over(keeper)
    await desk.pass_time(keeper, 60)
    (got,) = service.got
    assert got["message"].startswith("CRITICAL disk-low, since ")
    assert got["title"].endswith(": 1 critical")
    assert desk.rows[0].notified_ms is not None
    assert desk.target.sent_ms is not None
    desk.faults = []
    await desk.pass_time(keeper, 400)
    await desk.hand_over(keeper)
    assert service.got[-1]["message"].startswith("cleared disk-low, ")
    assert desk.rows[0].notified_ms >= desk.rows[0].cleared_ms  # type: ignore[operator]


async def test_a_storm_is_one_notice_and_one_event(desk: Desk, service: Service) -> None:
    desk.add_target(service.target())
    keeper = desk.keeper()
    desk.faults = [Fault("feed-stale", f"c{n}", Gravity.WARNING, "old") for n in range(200)]
    await desk.pass_time(keeper, 100)
    await desk.hand_over(keeper)
    (got,) = service.got
    assert "feed-stale: 200 times: c0, c1, c2 and 197 more; old" in got["message"]
    assert len(desk.rows) == 200
    assert [event.message for event in desk.events if event.subject == "feed-stale"] == [
        "alert raised: 200 times: c0, c1, c2 and 197 more; old"
    ]


async def test_after_a_restart_it_stands_and_is_neither_raised_nor_told_again(
    desk: Desk, service: Service
) -> None:
    desk.add_target(service.target())
    keeper = desk.keeper()
    desk.faults = [GRAVE]
    await desk.pass_time(keeper, 60)
    await desk.hand_over(keeper)
    desk.end("a")
    keeper = desk.keeper("b")
    await desk.pass_time(keeper, 60)
    assert len(desk.rows) == len(service.got) == 1
    desk.faults = []
    await desk.pass_time(keeper, 400)
    assert desk.rows[0].cleared_ms is not None


async def test_who_is_killed_between_row_and_notice_leaves_it_to_the_next(
    desk: Desk, service: Service
) -> None:
    desk.add_target(service.target())
    service.is_hanging = True
    keeper = desk.keeper()
    desk.faults = [GRAVE]
    await desk.pass_time(keeper, 60)
    assert keeper._delivering is not None
    keeper._delivering.cancel()
    desk.end("a")
    service.is_hanging = False
    keeper = desk.keeper("b")
    await desk.pass_time(keeper, 5)
    await desk.hand_over(keeper)
    assert len(desk.rows) == len(service.got) == 1
    assert desk.rows[0].notified_ms is not None


async def test_of_two_programs_one_raises_and_the_other_takes_over(
    desk: Desk, service: Service
) -> None:
    desk.add_target(service.target())
    first, second = desk.keeper("a"), desk.keeper("b")
    desk.faults = [GRAVE]
    for _ in range(12):
        await desk.pass_time(first, 5)
        await second.run_cycle()
    await desk.hand_over(first)
    assert len(desk.rows) == len(service.got) == 1
    assert second._delivering is None
    desk.end("a")
    desk.faults = [GRAVE, MILD]
    await desk.pass_time(second, 100)
    assert [row.rule for row in desk.rows] == ["disk-low", "feed-stale"]


async def test_a_keeper_that_was_overtaken_writes_nothing_more(desk: Desk) -> None:
    first, second = desk.keeper("a"), desk.keeper("b")
    await desk.pass_time(first, 5)
    desk.clock.advance(60_000)  # the first sleeps through its turn
    desk.elapsed_s += 60
    await second.run_cycle()
    desk.faults = [GRAVE]
    for _ in range(4):
        await desk.pass_time(first, 5)
    assert desk.rows == []
    for _ in range(12):
        await desk.pass_time(first, 5)
        await second.run_cycle()
    assert len(desk.rows) == 1


async def test_a_store_that_takes_nothing_does_not_silence_its_own_alert(
    desk: Desk, service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    desk.add_target(service.target())
    keeper = desk.keeper()
    await desk.pass_time(keeper, 5)
    with desk.database.write() as transaction:
        for table in ("alerts", "settings"):
            transaction.exec_driver_sql(
                f"CREATE TRIGGER full_{table} BEFORE INSERT ON {table} "
                "BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
            )
    desk.faults = [GRAVE]
    with caplog.at_level(logging.WARNING, "cts_tui"):
        await desk.pass_time(keeper, 60)
        await desk.hand_over(keeper)
    assert len(service.got) == 1
    assert desk.rows == []
    logged = [record.message for record in caplog.records if record.levelno == logging.CRITICAL]
    assert "alert raised: disk-low /data: 1 % is free" in logged
    assert sum("alerts cannot be stored" in record.message for record in caplog.records) == 1
    with desk.database.write() as transaction:
        for table in ("alerts", "settings"):
            transaction.exec_driver_sql(f"DROP TRIGGER full_{table}")
    await desk.pass_time(keeper, 5)
    (row,) = desk.rows
    assert row.notified_ms is not None
    assert [event.after for event in desk.events if event.subject == "disk-low /data"] == [
        "critical"
    ]


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (StoreError("the database is damaged; restore a backup"), "the database is damaged"),
        (ValueError("NaN is no amount"), "what is stored cannot be judged (ValueError: NaN"),
    ],
)
async def test_a_store_that_cannot_be_read_is_an_alert_and_clears_no_other(
    desk: Desk, problem: Exception, said: str
) -> None:
    keeper = desk.keeper()
    desk.faults = [GRAVE]
    await desk.pass_time(keeper, 60)
    desk.problem = problem
    await desk.pass_time(keeper, 400)
    assert [(row.rule, row.cleared_ms) for row in desk.rows] == [
        ("disk-low", None),
        ("store-unreadable", None),
    ]
    assert desk.rows[1].message.startswith(said)
    desk.problem = None
    await desk.pass_time(keeper, 400)
    assert [row.cleared_ms is None for row in desk.rows] == [True, False]


async def test_who_starts_on_a_store_that_cannot_be_read_takes_up_what_stands_later(
    desk: Desk,
) -> None:
    keeper = desk.keeper()
    desk.problem = StoreError("locked")
    await desk.pass_time(keeper, 60)
    desk.end("a")
    keeper = desk.keeper("b")
    await desk.pass_time(keeper, 60)
    desk.problem = None
    await desk.pass_time(keeper, 400)
    (row,) = desk.rows
    assert row.cleared_ms is not None


async def test_what_the_trader_acknowledged_is_not_told_again_until_it_is_over(
    desk: Desk, service: Service
) -> None:
    desk.add_target(service.target())
    keeper = desk.keeper(alert_repeat_s=300)
    desk.faults = [GRAVE]
    await desk.pass_time(keeper, 60)
    await desk.hand_over(keeper)
    await desk.pass_time(keeper, 300)
    await desk.hand_over(keeper)
    assert service.got[-1]["message"].startswith("CRITICAL still disk-low, ")
    alert_id = desk.rows[0].id
    assert alert_id is not None
    with desk.database.write() as transaction:
        alerts.ack(transaction, alert_id, utc_from_ms(desk.clock.now_ms()))
    await desk.pass_time(keeper, 900)
    assert len(service.got) == 2
    assert desk.rows[0].acked_ms is not None


async def test_failures_of_a_target_are_counted_and_it_is_tried_again(
    desk: Desk, service: Service
) -> None:
    desk.add_target(service.target())
    service.status = 500
    keeper = desk.keeper()
    desk.faults = [GRAVE]
    await desk.pass_time(keeper, 60)
    await desk.hand_over(keeper)
    assert (desk.target.failures, desk.rows[0].notified_ms) == (1, None)
    assert desk.target.last_error is not None
    assert "500" in desk.target.last_error
    service.status = 200
    await desk.pass_time(keeper, 10)
    await desk.hand_over(keeper)
    assert (desk.target.failures, len(service.got)) == (0, 1)
    assert desk.rows[0].notified_ms is not None


async def test_targets_come_and_go_while_it_runs(desk: Desk, service: Service) -> None:
    keeper = desk.keeper()
    desk.faults = [GRAVE]
    await desk.pass_time(keeper, 60)
    assert keeper._delivering is None
    desk.add_target(service.target())
    await desk.pass_time(keeper, 5)
    await desk.hand_over(keeper)
    assert len(service.got) == 1
    with desk.database.write() as transaction:
        alert_targets.remove(transaction, "phone")
    desk.faults = [GRAVE, MILD]
    await desk.pass_time(keeper, 100)
    assert keeper._delivering is None


async def test_a_key_that_is_out_of_reach_is_told_in_the_figures(
    desk: Desk, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.add_target(service.target())
    monkeypatch.delenv("CTS_MASTER_KEY")
    desk.vault = Vault(desk.database)
    published: list[dict[str, object]] = []
    keeper = desk.keeper()
    keeper._publish = published.append
    await desk.pass_time(keeper, 5)
    assert "CTS_MASTER_KEY, which is not set here" in str(published[-1]["targets_error"])


async def test_it_stops_at_once_and_leaves_no_process(
    desk: Desk, service: Service, until: Until
) -> None:
    desk.add_target(service.target())
    service.is_hanging = True
    keeper = desk.keeper()
    desk.faults = [GRAVE]
    await desk.pass_time(keeper, 60)
    await until(lambda: psutil.Process().children(), "a process")
    task = asyncio.create_task(keeper.run())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert psutil.Process().children() == []
