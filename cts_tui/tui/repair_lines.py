"""A repair's plan and its report as lines: what is done, what needs what first, what stays."""

from collections.abc import Iterator, Sequence
from textwrap import wrap

from cts_tui.model.repair import Deed, RepairReport
from cts_tui.model.repair_plan import RepairPlan
from cts_tui.model.verification import Finding
from cts_tui.tui.cells import Cell, Line, Tone, line
from cts_tui.tui.formats import one_line

_STOPPED = "Needs the engine stopped: cts-tui stop, then cts-tui repair"
_TRADING = "Touches orders, fills or positions: cts-tui stop, then cts-tui repair --trading"
_FILE = "The file itself is damaged: cts-tui stop, then cts-tui repair"
_IMPOSSIBLE = "No program can know what is right"


def plan_lines(plan: RepairPlan, width: int) -> list[Line]:
    """Return what would be done, and what may not be done now and why."""
    if not plan.findings:
        return [line(Cell("✔ there is nothing to repair", Tone.GOOD))]
    lines = [
        *_group("Can be mended now", plan.ready, width, Tone.GOOD),
        *_group(_FILE, plan.damaged_file, width, Tone.ERROR),
        *_group(_STOPPED, plan.stopped_only, width, Tone.WARNING),
        *_group(_TRADING, plan.trading, width, Tone.WARNING),
        *_group(_IMPOSSIBLE, plan.impossible, width, Tone.WARNING),
    ]
    return [*lines, *_wrapped(_what_happens(plan), width, Tone.MUTED)]


def report_lines(report: RepairReport, width: int) -> list[Line]:
    """Return what was done, where the database of before is, and what is left."""
    done = [deed for deed in report.deeds if deed.is_done]
    lines: list[Line] = []
    if not done:
        lines.append(line(Cell("nothing had to be mended any more", Tone.MUTED)))
    for deed in done:
        lines += _wrapped(f"✔ {deed.line}: {_count(deed)}", width, Tone.GOOD, indent=2)
    for note in report.notes:
        lines += _wrapped(f"- {note}", width, Tone.PLAIN, indent=2)
    if report.backup is not None:
        kept = f"the database of before is kept: {report.backup}; cts-tui repair --undo restores it"
        lines += _wrapped(kept, width, Tone.MUTED)
    if report.remaining:
        lines += [(), *_group("Left as it is", report.remaining, width, Tone.WARNING)]
    return lines


def failure_lines(reason: str, width: int) -> list[Line]:
    """Return why there is no plan, or why nothing was mended."""
    return _wrapped(f"✖ not done: {one_line(reason)}", width, Tone.ERROR)


def _group(title: str, findings: Sequence[Finding], width: int, tone: Tone) -> Iterator[Line]:
    if not findings:
        return
    yield from _wrapped(title, width, tone)
    for finding in findings:
        todo = finding.action or "the trader must look"
        example = f" ({finding.example})" if finding.example else ""
        text = f"- {finding.message}{example}"
        yield from _wrapped(one_line(text), width, Tone.PLAIN, indent=2)
        yield from _wrapped(f"  → {todo}", width, Tone.TITLE, indent=4)
    yield ()


def _what_happens(plan: RepairPlan) -> str:
    if not plan.ready:
        return "Nothing of it can be done from here."
    if plan.is_engine_running:
        return (
            "It is done in one transaction. What has to go is kept whole in the table quarantine."
        )
    return (
        "A verified backup is made first, then everything in one transaction; what has to go is "
        "kept whole in the table quarantine."
    )


def _count(deed: Deed) -> str:
    aside = f"{deed.set_aside} set aside in the table quarantine" if deed.set_aside else ""
    return ", ".join(filter(None, [f"{deed.mended} mended" if deed.mended else "", aside]))


def _wrapped(text: str, width: int, tone: Tone, *, indent: int = 0) -> list[Line]:
    """Return `text` wrapped; its first line keeps its own indent, the others have `indent`."""
    first = " " * (len(text) - len(text.lstrip()))
    pieces = wrap(
        text.strip(), max(width, 20), initial_indent=first, subsequent_indent=" " * indent
    )
    return [line(Cell(piece, tone)) for piece in pieces]
