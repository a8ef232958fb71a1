"""What the trader wants of all engines, as the store says it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from cts_tui.engine.steering import Wishes
from cts_tui.model.connection import ConnectionSetup
from cts_tui.model.external import ExternalKey, ExternalWish
from cts_tui.model.limits import LimitBook
from cts_tui.model.strategy import StrategySpec
from cts_tui.store import connections, engines, externals, positions, risk, setting_rows, strategies
from cts_tui.store.database import Database


@dataclass(frozen=True, slots=True)
class DesiredState:
    """What the trader wants, as read from the store in one transaction."""

    setups: Sequence[ConnectionSetup]
    specs: Sequence[StrategySpec]
    close_requests: dict[int, set[str]]
    """Keys of positions to close, by connection id."""
    is_killed: bool
    is_stop_requested: bool
    external_wishes: Mapping[int, Mapping[ExternalKey, ExternalWish]] = field(default_factory=dict)
    """What is to be adopted or ignored, by connection id."""
    limits: LimitBook = field(default_factory=LimitBook)
    flatten_requests: Mapping[int, int] = field(default_factory=dict)
    """By connection id, since when everything is to be closed."""
    reset_requests: Mapping[int, int] = field(default_factory=dict)
    """By connection id, when the trader asked to begin anew against the loss limits."""
    exposures: Mapping[tuple[int, bool, str], Decimal] = field(default_factory=dict)
    """What open positions cost as stored: by connection id, whether it is real money, currency."""

    def wishes_for(self, setup: ConnectionSetup) -> Wishes:
        """Return what the engine of a connection is to go by."""
        return Wishes(
            is_killed=self.is_killed,
            is_live=setup.live,
            limits=self.limits.of(setup.id),
            flatten_ms=self.flatten_requests.get(setup.id),
            reset_ms=self.reset_requests.get(setup.id),
            externals=self.external_wishes.get(setup.id, {}),
        )


def read_desired(database: Database, owner: str) -> DesiredState:
    """Read what the trader wants of the program `owner`. Raises StoreError."""
    with database.read() as transaction:
        setups = connections.setups(transaction)
        limits = risk.limit_book(transaction)
        is_summed = limits.for_all.max_total_exposure is not None
        return DesiredState(
            setups=setups,
            specs=strategies.specs(transaction),
            close_requests=positions.close_requests(transaction),
            is_killed=bool(setting_rows.get(transaction, setting_rows.KILL_SWITCH)),
            is_stop_requested=engines.is_stop_requested(transaction, owner),
            external_wishes=externals.wishes(transaction),
            limits=limits,
            flatten_requests=risk.flatten_requests(transaction),
            reset_requests=risk.reset_requests(transaction),
            exposures=risk.exposures(transaction) if is_summed else {},
        )
