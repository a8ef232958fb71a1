"""A process in the store: that it runs engines here, its heartbeat, the leases it holds (S9)."""

import asyncio
import os
import secrets
import socket
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import psutil

from cts_tui.clock import Clock, utc_from_ms
from cts_tui.engine.processes import is_process_alive
from cts_tui.exchange import limiter
from cts_tui.model.trading import Actor, EventKind
from cts_tui.store import engines, events, leases
from cts_tui.store.database import Database, Transaction

LEASE_S: Final = 6.0


class Registration:
    """One per engine program. Its calls block for a transaction. Each raises StoreError."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.owner: Final = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
        self._database = database
        self._clock = clock

    def enter(self) -> None:
        """Enter this process, and take over from processes of this host that were killed."""
        process = psutil.Process()
        host = socket.gethostname()
        now = self._now()
        with self._database.write() as transaction:
            for program in engines.programs(transaction):
                if program["host"] == host and not is_process_alive(
                    program["pid"], program["pid_started_at"]
                ):
                    leases.release(transaction, program["owner"])
                    engines.deregister(transaction, program["owner"])
            engines.register(
                transaction,
                owner=self.owner,
                pid=process.pid,
                pid_started_at=datetime.fromtimestamp(process.create_time(), UTC),
                host=host,
                now=now,
            )
            self._tell(transaction, "the engine program started", None, "running")

    def leave(self) -> None:
        """Give up every lease, and take this process out."""
        with self._database.write() as transaction:
            leases.release(transaction, self.owner)
            engines.deregister(transaction, self.owner)
            self._tell(transaction, "the engine program stopped in order", "running", "stopped")

    def beat(self, figures: dict[str, Any] | None) -> None:
        """Record that the process is alive, with its figures when they were measured."""
        with self._database.write() as transaction:
            engines.beat(transaction, self.owner, self._now(), figures)

    async def acquire(self, connection_id: int) -> bool:
        """Take or renew the lease of a connection for `LEASE_S`; return whether it is ours."""
        return await asyncio.to_thread(self._acquire, connection_id)

    async def release(self, connection_id: int) -> None:
        """Give up the lease of a connection."""
        await asyncio.to_thread(self._release, connection_id)

    def _acquire(self, connection_id: int) -> bool:
        """Take or renew a lease, and with it this process's part of each exchange's rate limit."""
        now = self._now()
        with self._database.write() as transaction:
            fence = leases.acquire(
                transaction, connection_id, self.owner, now, now + timedelta(seconds=LEASE_S)
            )
            shares = leases.shares(transaction, self.owner, now)
        limiter.share_out(shares)
        return fence is not None

    def _release(self, connection_id: int) -> None:
        with self._database.write() as transaction:
            leases.release(transaction, self.owner, connection_id)

    def _now(self) -> datetime:
        return utc_from_ms(self._clock.now_ms())

    def _tell(self, transaction: Transaction, message: str, before: str | None, after: str) -> None:
        events.add(
            transaction,
            time=self._now(),
            who=Actor.ENGINE,
            kind=EventKind.ENGINE,
            subject=self.owner,
            message=message,
            before=before,
            after=after,
        )
