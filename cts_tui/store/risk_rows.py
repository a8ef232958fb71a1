"""The part of a batch that loss limits, flattening and the fence of a lease write."""

from typing import Any, Final

from sqlalchemy import Connection, bindparam, select, update

from cts_tui.clock import utc_from_ms
from cts_tui.errors import StoreError
from cts_tui.model.limits import RiskState
from cts_tui.store.statements import Statements, always, upsert
from cts_tui.store.tables import CONNECTIONS, LEASES, RISK_STATES

RISK_STATEMENTS: Final[dict[str, Statements]] = {
    "risk_states": upsert(RISK_STATES, "connection_id,is_live", "reset_requested_at"),
    "answered_resets": always(
        update(RISK_STATES)
        .where(
            RISK_STATES.c.connection_id == bindparam("b_connection_id"),
            RISK_STATES.c.reset_requested_at == bindparam("b_requested_at"),
        )
        .values(reset_requested_at=None)
    ),
    "flattened": always(
        update(CONNECTIONS)
        .where(
            CONNECTIONS.c.id == bindparam("b_connection_id"),
            CONNECTIONS.c.flatten_requested_at == bindparam("b_requested_at"),
        )
        .values(flatten_requested_at=None)
    ),
}


class RiskRows:
    """What `Batch` has beside the rows of trading."""

    def __init__(self) -> None:
        self.rows: dict[str, list[Any]] = {}
        self._fences: list[tuple[int, str]] = []

    def fence(self, connection_id: int, owner: str) -> None:
        """Have the whole transaction fail where `owner` holds the lease no more (S9)."""
        self._fences.append((connection_id, owner))

    def check_fences(self, connection: Connection) -> None:
        """Raise StoreError where another engine has taken over, in the transaction that writes."""
        for connection_id, owner in self._fences:
            query = (
                select(LEASES.c.owner)
                .where(LEASES.c.connection_id == connection_id)
                .with_for_update()
            )
            if connection.execute(query).scalar() != owner:
                raise StoreError("another engine holds the lease of this connection")

    def risk_state(self, connection_id: int, state: RiskState) -> None:
        """Record where a connection stands against its loss limits."""
        halted_ms = state.halted_ms
        self._add(
            "risk_states",
            {
                "connection_id": connection_id,
                "is_live": state.is_live,
                "day": state.day,
                "capital": state.capital,
                "day_equity": state.day_equity,
                "peak_equity": state.peak_equity,
                "halted_at": None if halted_ms is None else utc_from_ms(halted_ms),
                "halt_reason": state.halt_reason,
                "is_halt_daily": state.is_halt_daily,
                "cool_downs": dict(state.cool_downs),
                "reset_requested_at": None,
            },
        )

    def reset_answered(self, connection_id: int, requested_ms: int) -> None:
        """Record that a connection has begun anew against its loss limits, as was asked."""
        row = {"b_connection_id": connection_id, "b_requested_at": utc_from_ms(requested_ms)}
        self._add("answered_resets", row)

    def flattened(self, connection_id: int, requested_ms: int) -> None:
        """Record that everything of a connection is closed, as was asked."""
        row = {"b_connection_id": connection_id, "b_requested_at": utc_from_ms(requested_ms)}
        self._add("flattened", row)

    def _add(self, statement: str, row: dict[str, Any]) -> None:
        self._of(statement).append(row)

    def _of(self, statement: str) -> list[Any]:
        return self.rows.setdefault(statement, [])
