"""What the form, the detail and the test of a connection look like, at 80×24 and 160×50."""

import asyncio
from collections.abc import Callable

import pytest
from textual.pilot import Pilot

from cts_tui.model.vault import KeySource
from cts_tui.tui.screens.connection_detail import ConnectionDetailScreen
from cts_tui.tui.screens.connection_form import ConnectionForm
from cts_tui.tui.widgets.connection_test_modal import ConnectionTestModal
from cts_tui.tui.widgets.exchange_picker import ExchangePicker
from cts_tui.tui.widgets.master_key_modal import MasterKeyModal

from .conftest import make_stage
from .fake_desk import FakeDesk
from .frozen_connections import TEMPLATE
from .test_snapshots import SIZES, Compare

_TO_THE_KEYS = ("a", *"by", "enter", "tab", "right", "right", *("tab",) * 4)
_LOCKED = (*_TO_THE_KEYS, *"my-key", "tab", *"my-secret", "ctrl+s")


def look(compare: Compare, size: tuple[int, int], *keys: str, desk: FakeDesk | None = None) -> bool:
    """Compare what is seen after `keys` on screen 2; after each, what it starts has ended."""
    stage = make_stage(desk or FakeDesk(), is_needed=False)
    stage.desk.connections.rows.append(TEMPLATE)

    async def until(is_so: Callable[[], object]) -> None:
        for _ in range(500):
            if is_so():
                return
            await asyncio.sleep(0.01)
        raise AssertionError("it never came to rest")

    def is_at_rest() -> object:
        match stage.app.screen:
            case ConnectionForm() as form:
                note = form.fields.keys_note.said
                is_paper = form.fields.mode.value == "paper"
                is_known = is_paper or ("looking" not in note and note != "-")
                return form.verdict.said and not form._pause and is_known
            case ConnectionDetailScreen() as detail:
                return detail.abilities.rows
            case ConnectionTestModal() as modal:
                return modal.result
            case MasterKeyModal() as modal:
                return "looking" not in modal.explanation.said
            case ExchangePicker() as picker:
                return picker.table.rows
        return stage.table.rows

    async def arrange(pilot: Pilot[None]) -> None:
        stage.pilot = pilot
        await until(lambda: stage.app.session.summary and stage.table.rows)
        for key in ("2", *keys):
            await pilot.press(key)
            await pilot.pause()
            await until(lambda: not stage.app.workers or _idle(stage.app))
            await until(is_at_rest)
        await stage.rest()

    return compare(stage.app, terminal_size=size, run_before=arrange)


def _idle(app: object) -> bool:
    return all(w.is_finished for w in app.workers if w.group not in ("engine", "dialog"))  # type: ignore[attr-defined]


@SIZES
@pytest.mark.parametrize(
    "keys",
    [
        pytest.param(("j",), id="list"),
        pytest.param(("a", *"bit"), id="picker"),
        pytest.param(("a", *"by", "enter", "down", "down", "down"), id="form"),
        pytest.param((*_TO_THE_KEYS, *"my-key", "f8"), id="form-live"),
        pytest.param(("j", "E"), id="form-edit"),
        pytest.param(("t",), id="test"),
        pytest.param(("enter",), id="detail"),
        pytest.param(("j", "enter", "tab", "j"), id="detail-down"),
        pytest.param(("G", "k", "x"), id="remove"),
    ],
)
def test_connections(snap_compare: Compare, size: tuple[int, int], keys: tuple[str, ...]) -> None:
    assert look(snap_compare, size, *keys)


@SIZES
@pytest.mark.parametrize("source", [None, KeySource.PASSPHRASE], ids=["choose", "unlock"])
def test_master_key(snap_compare: Compare, size: tuple[int, int], source: KeySource | None) -> None:
    desk = FakeDesk()
    desk.secrets.lock(source)
    assert look(snap_compare, size, *_LOCKED, desk=desk)
