"""The desk: the one thing a face holds. Operations write desired state; views read actual state.

Calls block for a few milliseconds: a screen makes them in a worker.
"""

import os
import re
from contextlib import suppress
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Final

from cts_tui.clock import Clock, SystemClock
from cts_tui.desk.alerts import AlertDesk
from cts_tui.desk.backups import BackupDesk
from cts_tui.desk.connection_tests import ConnectionTestDesk
from cts_tui.desk.connections import ConnectionDesk
from cts_tui.desk.controls import ControlDesk
from cts_tui.desk.credentials import CredentialDesk
from cts_tui.desk.draft_desk import DraftDesk
from cts_tui.desk.externals import ExternalDesk
from cts_tui.desk.gone import is_interrupted, lost_log, take_up
from cts_tui.desk.health import HealthDesk
from cts_tui.desk.journal import JournalDesk
from cts_tui.desk.lists import (
    EventDesk,
    OrderDesk,
    PositionDesk,
    SignalDesk,
)
from cts_tui.desk.live_figures import live_connections, pending_flattenings
from cts_tui.desk.log_file import LogDesk
from cts_tui.desk.market import MarketDesk
from cts_tui.desk.programs import ProgramDesk
from cts_tui.desk.repairs import RepairDesk
from cts_tui.desk.reports import ReportDesk
from cts_tui.desk.risk import RiskDesk
from cts_tui.desk.room import Room
from cts_tui.desk.secrets import SecretsDesk
from cts_tui.desk.seed import seed
from cts_tui.desk.strategies import StrategyDesk
from cts_tui.desk.workflow.desk import WorkflowDesk
from cts_tui.errors import ConfigError, CtsError, StoreError
from cts_tui.model.market import Source
from cts_tui.model.trading import Actor, EngineStatus, EventKind
from cts_tui.model.views import DeskSummary
from cts_tui.paths import DataFolder
from cts_tui.private_files import make_data_private
from cts_tui.store import alerts, history, sums
from cts_tui.store.database import BUSY_TIMEOUT_MS, Database
from cts_tui.store.heard import connection_views
from cts_tui.store.inspection import needs_opening
from cts_tui.store.key_files import make_keys_private
from cts_tui.store.occupancy import Occupancy
from cts_tui.store.running_sums import RunningSums
from cts_tui.store.schema import open_store
from cts_tui.store.vault import Vault

_DATABASE_URL: Final = re.compile(r"(sqlite(\+pysqlite)?|postgresql(\+(psycopg2?|pg8000))?)://")
_LOOK_WAIT_MS: Final = 1_500
"""How long a look waits for a program that locks out readers: no engine does."""
_URL_FORM: Final = (
    "expected sqlite:////FOLDER/FILE or postgresql+psycopg://USER@HOST/NAME; correct or unset it"
)


class Desk:
    """Everything a face may ask for, by noun."""

    def __init__(
        self,
        database: Database,
        actor: Actor,
        clock: Clock | None = None,
        *,
        data_root: Path | None = None,
        occupancy: Occupancy | None = None,
    ) -> None:
        """`data_root` is the data folder: no key file may lie in it, backups do.

        `occupancy` keeps a restore off while this desk is open.
        """
        self.database = database
        self._occupancy = occupancy
        self.vault = Vault(database, data_root=data_root)
        self._room = Room(database, actor, clock or SystemClock())
        self._sums = RunningSums()
        self.credentials = CredentialDesk(self._room, self.vault)
        self.secrets = SecretsDesk(self._room, self.vault)
        self.connections = ConnectionDesk(self._room, self.credentials)
        self.tests = ConnectionTestDesk(self._room, self.credentials)
        self.drafts = DraftDesk(self._room, self.connections)
        self.positions = PositionDesk(self._room)
        self.externals = ExternalDesk(self._room)
        self.signals = SignalDesk(self._room)
        self.orders = OrderDesk(self._room)
        self.events = EventDesk(self._room)
        self.alerts = AlertDesk(self._room, self.vault)
        self.journal = JournalDesk(self._room, data_root)
        self.strategies = StrategyDesk(self._room)
        self.controls = ControlDesk(self._room)
        self.risk = RiskDesk(self._room)
        self.market = MarketDesk(self._room)
        self.reports = ReportDesk(self._room)
        self.programs = ProgramDesk(self._room)
        self.backups = BackupDesk(self._room, data_root and DataFolder(data_root).backups)
        self.health = HealthDesk(self._room, self._sums)
        self.repairs = RepairDesk(self._room, self.backups.folder)
        self.workflow = WorkflowDesk(self._room, self.vault)
        self.log = LogDesk(DataFolder(data_root).log if data_root else Path(os.devnull))

    @classmethod
    def open(cls, folder: DataFolder, actor: Actor, clock: Clock | None = None) -> "Desk":
        """Open the store in `folder`, complete it, and fill an empty one.

        Raises ConfigError or StoreError, one line each, when it cannot be used; nothing is changed
        then.
        """
        database = open_database(folder)
        desk = cls(database, actor, clock, data_root=folder.root, occupancy=_occupied(database))
        try:
            settled = take_up(database.file, folder)
            is_new = database.file is not None and not database.file.exists()
            told = settled + open_store(database, folder.backups, desk._room.now())
            folder.furnish()
            opened_up = make_data_private(folder, database.file) + make_keys_private()
            told += [] if is_new else opened_up  # of a new file that is no news
            told += seed(database)
            if told:
                with database.write() as transaction:
                    for line in told:
                        desk._room.tell(transaction, EventKind.STORE, "database", line)
        except CtsError:
            desk.close()
            raise
        return desk

    @classmethod
    def look(cls, folder: DataFolder, actor: Actor) -> "Desk":
        """Open the store in `folder` as it is, whatever is wrong with it: nothing is mended.

        One that is missing is made, and one of an older schema brought up to date, as by `open`.
        """
        database = open_database(folder, wait_ms=_LOOK_WAIT_MS)
        if lost_log(database.file):
            with suppress(CtsError):  # it is looked at as it is, then
                cls.open(folder, actor).close()
        if is_interrupted(database.file) or needs_opening(database):
            database.close()
            return cls.open(folder, actor)
        return cls(database, actor, data_root=folder.root, occupancy=_occupied(database))

    def summary(self) -> DeskSummary:
        """Return the figures of the header and the dashboard."""
        now_ms = self._room.clock.now_ms()
        midnight = datetime.combine(self._room.now().date(), time(), UTC)
        midnight_ms = int(midnight.timestamp() * 1000)
        programs = self.programs.list()
        with self._room.database.read() as transaction:
            views = connection_views(transaction, now_ms)
            held = sums.open_figures(transaction, now_ms)
            today = sums.realized_figures(transaction, since=midnight)
            total = self._sums.realized(transaction)
            signals = history.count_signals(transaction, since_ms=midnight_ms)
            live = live_connections(transaction, views)
            flattening = pending_flattenings(transaction)
            standing = alerts.counts(transaction)
        running = [view for view in views if view.status is not EngineStatus.STOPPED]
        return DeskSummary(
            now_ms=now_ms,
            is_engine_running=any(program.is_alive for program in programs),
            programs=tuple(programs),
            connections=len(views),
            connections_enabled=sum(view.enabled for view in views),
            connections_live=sum(view.live for view in views),
            open_positions=held.count,
            stale_positions=held.stale,
            open_pnl=held.pnl,
            realized_pnl_today=today.pnl,
            realized_pnl_total=total.pnl,
            trades_today=today.trades,
            wins_today=today.wins,
            signals_today=signals,
            is_synthetic=any(view.feed_source == Source.SYNTHETIC for view in running),
            live=live,
            flattening=flattening,
            alerts=standing,
        )

    def close(self) -> None:
        """Let go of the store."""
        self.database.close()
        if self._occupancy is not None:
            self._occupancy.close()


def _occupied(database: Database) -> Occupancy | None:
    """Keep a restore off. Raises StoreError while one is under way.

    A file that is gone is not begun anew beside a program that still has it open.
    """
    file = database.file
    if file is None:
        return None
    folder = file.resolve().parent
    if not file.exists():
        try:
            Occupancy.alone(folder).close()
        except StoreError as error:
            if not file.exists():
                raise StoreError(f"the database {file} is gone, and {error}") from error
    return Occupancy.share(folder)


def open_database(folder: DataFolder, *, wait_ms: int = BUSY_TIMEOUT_MS) -> Database:
    """Return the database of a data folder, or the one that `CTS_DATABASE_URL` names.

    Raises ConfigError where that is none; the address is never shown, it may hold a password.
    """
    folder.create()
    url = os.environ.get("CTS_DATABASE_URL")
    if not url:
        return Database.at(folder.database, wait_ms=wait_ms)
    if not _DATABASE_URL.match(url):
        raise ConfigError(f"CTS_DATABASE_URL names no database that can be used; {_URL_FORM}")
    try:
        return Database(url)
    except ImportError as error:
        raise ConfigError(
            f"the database of CTS_DATABASE_URL needs the Python package {error.name}: install it "
            "beside cts-tui, or unset CTS_DATABASE_URL"
        ) from None
    except ValueError:
        raise ConfigError(f"CTS_DATABASE_URL cannot be read; {_URL_FORM}") from None
