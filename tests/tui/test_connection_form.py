"""The form of a connection: what it asks, what it refuses, and that secrets are never seen."""

from dataclasses import replace

import pytest

from cts_tui.errors import CtsError
from cts_tui.model.trading import Mode
from cts_tui.tui.screens.connection_form import ConnectionForm
from cts_tui.tui.widgets.confirm_modal import ConfirmModal
from cts_tui.tui.widgets.connection_fields import parsed_overlay
from cts_tui.tui.widgets.connection_test_modal import ConnectionTestModal
from cts_tui.tui.widgets.exchange_picker import ExchangePicker
from cts_tui.tui.widgets.form_field import FormField

from .conftest import NARROW, WIDE, Play, Stage, make_stage
from .fake_desk import FakeDesk
from .frozen_connections import CAPABLE, TEMPLATE

SECRET = "hunter2hunter2SECRET"


async def form_of(stage: Stage) -> ConnectionForm:
    """Wait for the form and its first check."""
    await stage.until(lambda: isinstance(stage.app.screen, ConnectionForm), "the form")
    form = stage.app.screen
    assert isinstance(form, ConnectionForm)
    await stage.until(lambda: form.verdict.said, "a check")
    return form


async def adding(stage: Stage, exchange: str = "bybit") -> ConnectionForm:
    """Add a connection by keys, as far as its form."""
    await stage.go("2")
    await stage.press("a")
    await stage.until(lambda: isinstance(stage.app.screen, ExchangePicker), "the picker")
    await stage.press(*exchange, "enter")
    return await form_of(stage)


async def with_credentials(stage: Stage) -> ConnectionForm:
    """A form on a live connection, with an API key and a secret typed in."""
    form = await adding(stage)
    form.fields.mode.value = Mode.LIVE
    await stage.until(lambda: form.fields.wanted, "which credentials are wanted")
    form.fields.secrets["apiKey"].focus()
    await stage.press(*"my-key", "enter", *SECRET)
    return form


def fault_at(form: ConnectionForm, field: str) -> str:
    return form.query_one(f"#field-{field}", FormField).fault


def seen_fields(form: ConnectionForm) -> list[str]:
    return [field.field for field in form.query(FormField) if field.display]


async def test_typing_narrows_the_exchanges_those_that_begin_so_first(play: Play) -> None:
    async with play() as stage:
        await stage.go("2")
        await stage.press("a")
        await stage.until(lambda: isinstance(stage.app.screen, ExchangePicker))
        picker = stage.app.screen
        assert isinstance(picker, ExchangePicker)
        assert [row.id for row in picker.table.rows][:4] == ["binance", "bybit", "okx", "kraken"]
        await stage.press(*"bit")
        await stage.until(lambda: len(picker.table.rows) == 3)
        assert [row.id for row in picker.table.rows] == ["bitbank", "bitbns", "bybit"]
        await stage.press(*"xyz")
        await stage.until(lambda: not picker.table.rows)
        await stage.press("enter")
        assert stage.app.screen is picker
        await stage.press("escape")
        await stage.until(lambda: stage.app.screen is stage.screen)


async def test_a_new_connection_begins_with_what_is_usual_on_paper(play: Play) -> None:
    async with play() as stage:
        form = await adding(stage)
        draft = form.fields.draft
        assert (draft.name, draft.mode, draft.market) == ("bybit", "paper", "spot")
        assert (draft.symbols, draft.timeframe) == (("BTC/USDT", "ETH/USDT"), "5m")
        await stage.press("ctrl+s")
        await stage.told("bybit is added, disabled")
        await stage.until(lambda: stage.table.cursor_row.view.name == "bybit")
        assert ("save", "bybit", ()) in stage.desk.calls


async def test_another_market_or_exchange_changes_what_was_suggested_and_no_more(
    play: Play,
) -> None:
    async with play() as stage:
        form = await adding(stage)
        await stage.press("tab", "tab", "right")
        fields = form.fields
        await stage.until(lambda: fields.symbols.value == "BTC/USDT:USDT,ETH/USDT:USDT")
        fields.connection_name.value = "mine"
        fields.exchange.value = "hyperliquid"
        await stage.until(lambda: fields.symbols.value == "BTC/USDC:USDC,ETH/USDC:USDC")
        assert fields.connection_name.value == "mine"


async def test_on_paper_no_credentials_are_asked(play: Play) -> None:
    async with play() as stage:
        form = await adding(stage)
        assert "apiKey" not in seen_fields(form)
        assert form.fields.keys_note.said == "paper needs none"


async def test_only_the_credentials_the_exchange_wants_are_asked_once_they_are_known(
    play: Play,
) -> None:
    async with play() as stage:
        stage.desk.tests.gate.clear()
        form = await adding(stage)
        await stage.press("tab", "right")
        await stage.until(lambda: "looking up what bybit wants" in form.fields.keys_note.said)
        assert "apiKey" not in seen_fields(form)
        stage.desk.tests.gate.set()
        await stage.until(lambda: "apiKey" in seen_fields(form))
        assert {"apiKey", "secret"} <= {*seen_fields(form)}
        assert not {"password", "uid", "walletAddress", "privateKey"} & {*seen_fields(form)}


async def test_each_fault_stands_at_its_field_and_saving_goes_there(play: Play) -> None:
    async with play() as stage:
        form = await adding(stage)
        fields = form.fields
        fields.connection_name.value = "bybit-paper"
        fields.symbols.value = "btc"
        fields.timeframe.value = "5x"
        fields.overlay.value = '{"options": '
        fields.exchange.value = "bybitt"
        await stage.until(lambda: form.verdict.said == "✖ 5 faults")
        assert "already" in fault_at(form, "name")
        assert "is no symbol" in fault_at(form, "symbols")
        assert "like 5m" in fault_at(form, "timeframe")
        assert "no JSON" in fault_at(form, "ccxt_config")
        assert "did you mean bybit" in fault_at(form, "exchange")
        fields.mode.focus()
        await stage.press("ctrl+s")
        await stage.told("not yet: 5 faults")
        await stage.until(lambda: fields.symbols.has_focus)
        await stage.press("f8")
        assert fields.timeframe.has_focus
        fields.overlay.value = '{"apiKey": "x"}'
        await stage.until(lambda: "credentials do not belong" in fault_at(form, "ccxt_config"))
        assert not stage.desk.drafts.saved


async def test_a_filter_takes_the_place_of_the_symbols(play: Play) -> None:
    async with play() as stage:
        form = await adding(stage)
        form.fields.symbols.value = "quote=USDT volume>10M top=20"
        draft = form.fields.draft
        assert (draft.symbols, draft.symbols_filter) == ((), "quote=USDT volume>10M top=20")


async def test_half_of_the_credentials_are_refused(play: Play) -> None:
    async with play() as stage:
        form = await with_credentials(stage)
        form.fields.secrets["apiKey"].value = ""
        await stage.press("ctrl+s")
        await stage.until(lambda: "wants apiKey and secret" in fault_at(form, "apiKey"))
        assert not stage.desk.drafts.saved


async def test_an_exchange_without_the_market_or_a_testnet_says_so(play: Play) -> None:
    async with play() as stage:
        able = replace(CAPABLE, has_market=False, sandbox=False)
        stage.desk.tests.able = able
        form = await adding(stage)
        form.fields.mode.value = Mode.TESTNET
        await stage.until(lambda: "no spot market" in fault_at(form, "market"))
        assert "no testnet of bybit" in fault_at(form, "mode")
        form.fields.mode.value = Mode.LIVE
        await stage.until(lambda: not fault_at(form, "mode"))


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_secrets_are_dots_on_screen_and_gone_once_saved(
    play: Play, size: tuple[int, int]
) -> None:
    async with play(size=size) as stage:
        form = await with_credentials(stage)
        shot = stage.app.export_screenshot()
        assert "••••••" in shot.replace("&#160;", " ")
        assert SECRET not in shot
        assert "my-key" not in shot
        await stage.press("ctrl+s")
        await stage.told("bybit is added")
        assert ("save", "bybit", ("apiKey", "secret")) in stage.desk.calls
        assert not any(SECRET in notice for notice in stage.notices)
        assert not [field for field in form.fields.secrets.values() if field.value]


async def test_a_stored_key_is_told_and_never_loaded(play: Play) -> None:
    async with play() as stage:
        await stage.go("2")
        await stage.press("j", "E")
        form = await form_of(stage)
        await stage.until(lambda: form.fields.wanted)
        assert "apiKey, secret stored since 2025-02-22" in form.fields.keys_note.said
        assert "enter new ones to replace" in form.fields.keys_note.said
        assert not [field for field in form.fields.secrets.values() if field.value]
        form.fields.exchange.value = "bybit"
        await stage.until(lambda: "those stored are for kraken" in form.fields.keys_note.said)


async def test_leaving_asks_where_something_was_entered(play: Play) -> None:
    async with play() as stage:
        form = await adding(stage)
        await stage.press("escape")
        await stage.until(lambda: stage.app.screen is stage.screen)
        form = await adding(stage, "okx")
        await stage.press("x", "escape")
        assert isinstance(stage.app.screen, ConfirmModal)
        await stage.press("n")
        assert stage.app.screen is form
        await stage.press("escape", "y")
        await stage.until(lambda: stage.app.screen is stage.screen)
        assert not stage.desk.drafts.saved


async def test_a_refused_save_says_why_and_keeps_what_was_typed(play: Play) -> None:
    async with play() as stage:
        form = await adding(stage)

        def refuse(*_: object, **__: object) -> str:
            raise CtsError("bybit has open positions on ETH/USDT: close them first")

        stage.desk.drafts.save = refuse  # type: ignore[method-assign]
        await stage.press("ctrl+s")
        await stage.until(lambda: "close them first" in form.verdict.said)
        assert form.fields.connection_name.value == "bybit"


async def test_f5_tests_what_is_typed_and_saves_nothing(play: Play) -> None:
    async with play() as stage:
        form = await with_credentials(stage)
        await stage.press("f5")
        await stage.until(lambda: isinstance(stage.app.screen, ConnectionTestModal))
        modal = stage.app.screen
        assert isinstance(modal, ConnectionTestModal)
        await stage.until(lambda: modal.result, "a result")
        assert "Nothing is saved yet" in modal.lines.text
        assert ("try", "bybit", ("apiKey", "secret")) in stage.desk.calls
        await stage.press("escape")
        assert stage.app.screen is form
        assert not stage.desk.drafts.saved


async def test_enter_on_a_template_leads_to_completing_it(play: Play) -> None:
    desk = FakeDesk()
    desk.connections.rows.append(TEMPLATE)
    async with play(make_stage(desk)) as stage:
        await stage.go("2")
        await stage.press("G", "enter")
        form = await form_of(stage)
        assert form.fields.draft.name == "okx"
        assert form.fields.connection_name.disabled


async def test_enter_and_arrows_go_through_the_fields_and_each_is_scrolled_into_view(
    play: Play,
) -> None:
    async with play() as stage:
        form = await with_credentials(stage)
        order: list[object] = []
        form.fields.exchange.focus()
        for _ in range(9):
            await stage.pilot.pause()
            focused = stage.app.focused
            order.append(focused)
            assert focused is not None
            assert form.fields.region.contains_region(focused.region), focused
            await stage.press("down")
        fields = form.fields
        assert order[:4] == [fields.exchange, fields.connection_name, fields.mode, fields.market]
        assert order[8] is fields.overlay


def test_an_overlay_is_read_kept_or_removed() -> None:
    kept = {"options": {"x": 1}}
    assert parsed_overlay(" ", kept) == (kept, "")
    assert parsed_overlay("{}", kept) == (None, "")
    assert parsed_overlay('{"a": {"b": 2}}', kept) == ({"a": {"b": 2}}, "")
    assert "expected a JSON object" in parsed_overlay("[1]", kept)[1]
