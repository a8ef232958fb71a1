"""A connection by keys on a real desk, against an exchange on loopback: add, test, edit, remove."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cts_tui.desk.desk import Desk
from cts_tui.model.connection_test import StepStatus
from cts_tui.model.trading import Actor, Mode
from cts_tui.model.vault import KeySource
from cts_tui.paths import DataFolder
from cts_tui.tui.widgets.connection_test_modal import ConnectionTestModal
from tests.loopback import LoopbackExchange

from .conftest import Play, Stage, make_stage
from .test_connection_form import adding, form_of


@pytest.fixture
async def exchange() -> AsyncIterator[LoopbackExchange]:
    async with LoopbackExchange() as exchange:
        yield exchange


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk.open(DataFolder(tmp_path / "data"), Actor.TUI)
    desk.secrets.use(KeySource.FILE)
    return desk


def real_stage(desk: Desk) -> Stage:
    stage = make_stage(is_needed=False)
    host = stage.host
    stage.app._open_desk = lambda: (desk, host)  # type: ignore[assignment, return-value]
    return stage


async def run_test(stage: Stage, key: str) -> ConnectionTestModal:
    """Run a test by `key` to its end."""
    await stage.press(key)
    await stage.until(lambda: isinstance(stage.app.screen, ConnectionTestModal), "the test")
    modal = stage.app.screen
    assert isinstance(modal, ConnectionTestModal)
    async with asyncio.timeout(40):  # real sockets: longer than a stage waits
        while not (modal.result or modal._failure):
            await stage.pilot.pause(0.02)
    return modal


def assert_nowhere(secret: str, *folders: Path) -> None:
    """No file below `folders` holds the secret."""
    for folder in folders:
        for file in folder.rglob("*"):
            assert not file.is_file() or secret.encode() not in file.read_bytes(), file


async def test_a_connection_is_added_tested_edited_and_removed_by_keys(
    play: Play, desk: Desk, exchange: LoopbackExchange, tmp_path: Path
) -> None:
    key, secret = exchange.credentials.api_key, exchange.credentials.secret
    seen: list[str] = []
    async with play(real_stage(desk)) as stage:
        form = await adding(stage, "binance")
        fields = form.fields
        assert fields.connection_name.value == "binance-2"
        fields.overlay.value = json.dumps(exchange.overlay("spot"))
        fields.mode.value = Mode.LIVE
        await stage.until(lambda: fields.wanted == ("apiKey", "secret"), "credentials")
        fields.secrets["apiKey"].focus()
        await stage.press(*key, "enter", *secret)
        seen.append(stage.app.export_screenshot())

        modal = await run_test(stage, "f5")
        seen.append(stage.app.export_screenshot())
        assert modal.result, modal.lines.text
        status = {step.name: step.status for step in modal.result.steps}
        assert status["authentication"] is StepStatus.PASS, modal.lines.text
        await stage.press("escape", "ctrl+s")
        await stage.told("binance-2 is added, disabled")
        await stage.until(lambda: stage.table.cursor_row.view.name == "binance-2")
        view = desk.connections.get("binance-2")
        assert (view.enabled, view.live, view.last_test) == (False, False, None)
        assert view.credentials
        assert view.credentials.fields == ("apiKey", "secret")

        modal = await run_test(stage, "t")
        assert modal.result, modal.lines.text
        assert desk.connections.get("binance-2").last_test == modal.result
        await stage.press("escape")
        await stage.until(lambda: stage.table.cursor_row.view.last_test, "the stored test")
        await stage.press("enter")
        await stage.pilot.pause()
        seen.append(stage.app.export_screenshot())
        await stage.press("E")
        form = await form_of(stage)
        await stage.until(lambda: form.fields.wanted)
        form.fields.symbols.value = "ETH/USDT"
        seen.append(stage.app.export_screenshot())
        await stage.press("ctrl+s")
        await stage.told("binance-2 is changed: symbols")
        assert desk.connections.get("binance-2").symbols == ("ETH/USDT",)
        await stage.press("escape")
        await stage.until(lambda: stage.app.screen is stage.screen)
        await stage.press("x", "y")
        await stage.told("binance-2 is removed")
        seen += stage.notices
        events = [str(event) for event in desk.events.list(limit=50)]
    for text in (*seen, *events):
        assert secret not in text
        assert key not in text
    assert_nowhere(secret, tmp_path)


async def test_a_template_is_completed_and_its_filter_taken_away_again(
    play: Play, desk: Desk
) -> None:
    async with play(real_stage(desk)) as stage:
        await stage.go("2")
        await stage.press("slash", *"okx", "enter", "enter")
        form = await form_of(stage)
        form.fields.symbols.value = "quote=USDT top=20"
        await stage.press("ctrl+s")
        await stage.told("okx is changed: symbols, symbols filter")
        assert desk.drafts.stored("okx").symbols_filter == "quote=USDT top=20"
        await stage.press("E")
        form = await form_of(stage)
        assert form.fields.symbols.value == "quote=USDT top=20"
        assert not form.fields.is_changed
        form.fields.symbols.value = "BTC/USDT"
        await stage.press("ctrl+s")
        await stage.until(lambda: desk.drafts.stored("okx").symbols_filter is None)
        assert desk.drafts.stored("okx").symbols == ("BTC/USDT",)
