"""Verifying and mending the store, as faces ask for it."""

from cts_tui.desk.room import Room
from cts_tui.model.verification import Verification
from cts_tui.store.verify import results
from cts_tui.store.verify.damage import DAMAGED
from cts_tui.store.verify.passes import Depth, VerifyPass


class RepairDesk:
    """What is wrong with the store, what can be done about it, and doing it."""

    def __init__(self, room: Room) -> None:
        self._room = room

    def verify(self) -> Verification:
        """Look through the whole store now, every page and every row; engines go on meanwhile.

        What is found is stored for the health report, unless the file is damaged.
        """
        found = VerifyPass(self._room.clock.now_ms(), slice_ms=50.0, depth=Depth.FILE)
        found.run(self._room.database)
        verification = found.result(self._room.clock.now_ms())
        if not any(finding.kind == DAMAGED for finding in verification.findings):
            with self._room.database.write() as transaction:
                results.put(transaction, verification)
        return verification
