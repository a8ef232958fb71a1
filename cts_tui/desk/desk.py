"""The desk: the one thing a face holds. Operations write desired state; views read actual state.

Calls block for a few milliseconds: a screen makes them in a worker.
"""

import os
from datetime import UTC, datetime, time

from cts_tui.clock import Clock, SystemClock
from cts_tui.desk.connections import ConnectionDesk
from cts_tui.desk.health import HealthDesk
from cts_tui.desk.lists import (
    ControlDesk,
    EventDesk,
    OrderDesk,
    PositionDesk,
    SignalDesk,
    StrategyDesk,
)
from cts_tui.desk.programs import ProgramDesk
from cts_tui.desk.room import Room
from cts_tui.desk.seed import seed
from cts_tui.model.market import Source
from cts_tui.model.trading import Actor, EngineStatus, EventKind
from cts_tui.model.views import DeskSummary
from cts_tui.paths import DataFolder
from cts_tui.store import connections, history, positions
from cts_tui.store.database import Database
from cts_tui.store.schema import open_store


class Desk:
    """Everything a face may ask for, by noun."""

    def __init__(self, database: Database, actor: Actor, clock: Clock | None = None) -> None:
        self.database = database
        self._room = Room(database, actor, clock or SystemClock())
        self.connections = ConnectionDesk(self._room)
        self.positions = PositionDesk(self._room)
        self.signals = SignalDesk(self._room)
        self.orders = OrderDesk(self._room)
        self.events = EventDesk(self._room)
        self.strategies = StrategyDesk(self._room)
        self.controls = ControlDesk(self._room)
        self.programs = ProgramDesk(self._room)
        self.health = HealthDesk(self._room, self.programs)

    @classmethod
    def open(cls, folder: DataFolder, actor: Actor, clock: Clock | None = None) -> "Desk":
        """Open the store in `folder`, complete it, and fill an empty one.

        Raises ConfigError or StoreError, one line each, when it cannot be used; nothing is changed
        then.
        """
        database = open_database(folder)
        desk = cls(database, actor, clock)
        mended = open_store(database)
        seed(database)
        if mended:
            with database.write() as transaction:
                for line in mended:
                    desk._room.tell(transaction, EventKind.STORE, "database", line)
        return desk

    def summary(self) -> DeskSummary:
        """Return the figures of the header and the dashboard."""
        now = self._room.now()
        midnight = datetime.combine(now.date(), time(), UTC)
        programs = self.programs.list()
        with self._room.database.read() as transaction:
            views = [v for v in connections.views(transaction) if v.enabled or v.live]
            total = len(connections.setups(transaction))
            open_pnl, is_open, is_stale = positions.total_open_pnl(transaction)
            realized_today, trades, wins = positions.realized_pnl(transaction, since=midnight)
            realized, _, _ = positions.realized_pnl(transaction)
            signals = history.count_signals(transaction, since_ms=int(midnight.timestamp() * 1000))
        running = [v for v in views if v.status is not EngineStatus.STOPPED]
        return DeskSummary(
            now_ms=self._room.clock.now_ms(),
            is_engine_running=any(program.is_alive for program in programs),
            programs=tuple(programs),
            connections=total,
            connections_enabled=sum(view.enabled for view in views),
            connections_live=sum(view.live for view in views),
            open_positions=is_open,
            stale_positions=is_stale,
            open_pnl=open_pnl,
            realized_pnl_today=realized_today,
            realized_pnl_total=realized,
            trades_today=trades,
            wins_today=wins,
            signals_today=signals,
            is_synthetic=any(view.feed_source == Source.SYNTHETIC for view in running),
        )

    def close(self) -> None:
        """Let go of the store."""
        self.database.close()


def open_database(folder: DataFolder) -> Database:
    """Return the database of a data folder, or the one that `CTS_DATABASE_URL` names."""
    folder.create()
    url = os.environ.get("CTS_DATABASE_URL")
    return Database(url) if url else Database.at(folder.database)
