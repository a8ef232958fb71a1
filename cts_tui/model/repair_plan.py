"""What a repair would do beside open desks: what may be mended now, and what needs what first."""

from dataclasses import dataclass

from cts_tui.model.verification import Finding

Findings = tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class RepairPlan:
    """What was found wrong with the store, by what its repair needs; each gravest first."""

    is_engine_running: bool
    ready: Findings = ()
    """What may be mended now, beside what runs."""
    stopped_only: Findings = ()
    """What may be mended once no engine runs."""
    trading: Findings = ()
    """What needs the trader's word for orders, fills and positions."""
    impossible: Findings = ()
    """What no program can know to mend."""
    damaged_file: Findings = ()
    """What no open store can be mended of: the file itself."""

    @property
    def findings(self) -> Findings:
        """Everything that was found."""
        return (
            *self.ready, *self.damaged_file, *self.stopped_only, *self.trading, *self.impossible
        )  # fmt: skip
