"""Which remedy belongs to which check."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from cts_tui.model.repair import Deed
from cts_tui.model.verification import Consent
from cts_tui.store.repair import states, trading
from cts_tui.store.repair.aside import Mending, set_all_aside
from cts_tui.store.repair.values import mend_values
from cts_tui.store.verify import state_checks, sum_checks
from cts_tui.store.verify.check import Check, Hit
from cts_tui.store.verify.damage import INDEX_DIFFERS
from cts_tui.store.verify.raw import Key
from cts_tui.store.verify.value_checks import BAD_VALUE

Remedy = Callable[[Mending, Check, Sequence[Key]], Deed]

_REMEDIES: Final[dict[str, Remedy]] = {
    state_checks.LIVE_ON_DISABLED: states.switch_live_off,
    state_checks.LIVE_ON_PAPER: states.switch_live_off,
    state_checks.NO_ENGINE_STATE: states.begin_states,
    state_checks.NO_LEASE: states.begin_states,
    state_checks.LEFT_LEASE: states.release_leases,
    state_checks.CLOSED_WITHOUT_EXIT: partial(trading.mend_rows, mend=trading.close_by_fills),
    state_checks.OPEN_WITH_EXIT: partial(trading.mend_rows, mend=trading.settle_open),
    sum_checks.FILLED_DIFFERS: partial(trading.mend_rows, mend=trading.raise_to_fills),
    sum_checks.POSITION_DIFFERS: partial(trading.mend_rows, mend=trading.sum_up),
    sum_checks.PNL_DIFFERS: partial(trading.mend_rows, mend=trading.realize),
    INDEX_DIFFERS: states.make_indexes_anew,
    BAD_VALUE: mend_values,
}
"""By kind; rows of every other check that has a remedy are set aside."""
_OF_ENGINES: Final = ("engine_states", "leases")


def mend(mending: Mending, check: Check, hits: Sequence[Hit]) -> Deed:
    """Mend what a check has found. Rows that are gone meanwhile count for nothing."""
    if check.consent is Consent.IMPOSSIBLE:
        raise ValueError(f"{check.kind} has no remedy")
    remedy = _REMEDIES.get(check.kind, set_all_aside)
    if check.kind == BAD_VALUE and check.table in _OF_ENGINES:
        remedy = states.begin_anew
    return remedy(mending, check, [hit.key for hit in hits])
