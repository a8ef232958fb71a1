"""Where the key to the credentials is kept: explained, chosen, or its passphrase asked for."""

from cts_tui.model.vault import KeySource
from cts_tui.tui.widgets.master_key_modal import MasterKeyModal

from .conftest import Play, make_stage
from .fake_desk import FakeDesk
from .test_connection_form import with_credentials


async def test_without_a_key_the_choice_is_explained_and_then_saved(play: Play) -> None:
    desk = FakeDesk()
    desk.secrets.lock()
    async with play(make_stage(desk)) as stage:
        await with_credentials(stage)
        await stage.press("ctrl+s")
        await stage.until(lambda: isinstance(stage.app.screen, MasterKeyModal))
        modal = stage.app.screen
        assert isinstance(modal, MasterKeyModal)
        await stage.until(lambda: "you choose once" in modal.explanation.said)
        assert "only you can read" in modal.meaning.said
        await stage.press("right")
        await stage.until(lambda: "asked once at each start" in modal.meaning.said)
        await stage.press("tab", *"short", "enter", *"shorz", "enter")
        await stage.until(lambda: "the two passphrases differ" in modal.refusal.said)
        await stage.press("backspace", "t", "enter")
        await stage.until(lambda: "at least 8 characters" in modal.refusal.said)
        await stage.press("shift+tab", "shift+tab", "left", "enter")
        await stage.told("bybit is added")
        assert ("use", KeySource.FILE) in desk.calls


async def test_a_passphrase_that_is_not_known_is_asked_for(play: Play) -> None:
    desk = FakeDesk()
    desk.secrets.lock(KeySource.PASSPHRASE)
    async with play(make_stage(desk)) as stage:
        await with_credentials(stage)
        await stage.press("ctrl+s")
        await stage.until(lambda: isinstance(stage.app.screen, MasterKeyModal))
        modal = stage.app.screen
        assert isinstance(modal, MasterKeyModal)
        await stage.until(lambda: "locked by your passphrase" in modal.explanation.said)
        await stage.press(*"wrong", "enter")
        await stage.until(lambda: "not the passphrase" in modal.refusal.said)
        modal.passphrase.value = "correct horse"
        assert "correct" not in stage.app.export_screenshot()
        await stage.press("enter")
        await stage.told("bybit is added")
