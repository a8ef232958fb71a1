"""End to end: a made-up connection trades in a scratch store; every figure is known beforehand."""

import asyncio
import tempfile
from pathlib import Path

from cts_tui.desk.workflow.subject import Finding, Subject
from cts_tui.model.connection_test import StepStatus


def judge(_subject: Subject) -> Finding:
    """Play the trial in a folder that is thrown away; no store of the trader's is touched."""
    from cts_tui.engine.trial.run import run_trial

    try:
        with tempfile.TemporaryDirectory(prefix="cts-tui-trial-") as folder:
            trial = asyncio.run(run_trial(Path(folder)))
    except OSError as error:
        why = f"no scratch folder can be made: {error.strerror or error}"
        return Finding(StepStatus.FAIL, why, "make room in the temporary folder, or set TMPDIR")
    figures = {
        "candles": trial.candles,
        "cycles": trial.cycles,
        "transactions": trial.transactions,
        "rows": {link.name: link.rows for link in trial.links},
        "faults": [f"{link.name}: {link.fault}" for link in trial.links if link.fault],
    }
    if trial.broken is not None:
        what = f"{trial.broken.name}: {trial.broken.fault}"
        advice = "do not trade with this installation; report it with this line"
        return Finding(StepStatus.FAIL, what, advice, figures)
    chain = f"{trial.candles} candles → 4 signals → 6 fills → 3 trades, PnL right to the last digit"
    return Finding(StepStatus.PASS, chain, figures=figures)
