"""The part of a batch that tells of what is on an account and not ours."""

from typing import Final

from sqlalchemy import bindparam, update

from cts_tui.clock import utc_from_ms
from cts_tui.model.external import External, ExternalKey
from cts_tui.store.risk_rows import RiskRows
from cts_tui.store.statements import Statements, always, upsert
from cts_tui.store.tables import EXTERNALS

EXTERNAL_STATEMENTS: Final[dict[str, Statements]] = {
    "externals": upsert(EXTERNALS, "connection_id,kind,venue_key", "first_seen_at", "wish"),
    "answered_externals": always(
        update(EXTERNALS)
        .where(
            EXTERNALS.c.connection_id == bindparam("b_connection_id"),
            EXTERNALS.c.kind == bindparam("b_kind"),
            EXTERNALS.c.venue_key == bindparam("b_venue_key"),
        )
        .values(wish=None)
    ),
}


class ExternalRows(RiskRows):
    """What `Batch` has of externals."""

    def external(self, connection_id: int, external: External) -> None:
        """Record what is known of an external; what is wished of it stays."""
        self._add(
            "externals",
            {
                "connection_id": connection_id,
                "kind": external.kind,
                "venue_key": external.venue_key,
                "symbol": external.symbol,
                "side": external.side,
                "quantity": external.quantity,
                "price": external.price,
                "status": external.status,
                "wish": None,
                "first_seen_at": utc_from_ms(external.first_seen_ms),
                "last_seen_at": utc_from_ms(external.last_seen_ms),
            },
        )

    def external_answered(self, connection_id: int, key: ExternalKey) -> None:
        """Record that a wish was carried out, or refused."""
        row = {"b_connection_id": connection_id, "b_kind": key[0], "b_venue_key": key[1]}
        self._add("answered_externals", row)
