"""What is on the frozen accounts and not the desk's own: nothing, until a test puts it there."""

from decimal import Decimal
from typing import Any

from cts_tui.model.external import ExternalKind, ExternalStatus, ExternalView

from .frozen_time import HOUR, MINUTE, NOW_MS

POSITION = ExternalView(
    id=7,
    connection="kraken-main",
    kind=ExternalKind.POSITION,
    venue_key="ETH/USD/short",
    symbol="ETH/USD",
    side="short",
    quantity=Decimal("2.5"),
    price=Decimal("1789.4"),
    status=ExternalStatus.EXTERNAL,
    wish=None,
    first_seen_ms=NOW_MS - 3 * HOUR,
    last_seen_ms=NOW_MS - 12_000,
)
ORDER = ExternalView(
    id=8,
    connection="kraken-main",
    kind=ExternalKind.ORDER,
    venue_key="OQ7-1",
    symbol="BTC/USD",
    side="buy",
    quantity=Decimal("0.1"),
    price=Decimal("71000"),
    status=ExternalStatus.EXTERNAL,
    wish=None,
    first_seen_ms=NOW_MS - 5 * MINUTE,
    last_seen_ms=NOW_MS - 12_000,
)


class FakeExternals:
    def __init__(self, calls: list[Any]) -> None:
        self.rows: list[ExternalView] = []
        self._calls = calls

    def list(self) -> list[ExternalView]:
        return list(self.rows)

    def adopt(self, external_id: int) -> None:
        self._calls.append(("adopt", external_id))

    def ignore(self, external_id: int) -> None:
        self._calls.append(("ignore", external_id))
