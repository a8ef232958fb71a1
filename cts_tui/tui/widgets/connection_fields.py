"""The fields of a connection: they make a draft of what is typed, and show its faults."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.message import Message
from textual.suggester import SuggestFromList
from textual.widgets import Input

from cts_tui.model.capabilities import Capabilities
from cts_tui.model.connection import ConnectionDraft
from cts_tui.model.connection_view import DraftFault
from cts_tui.model.credentials import CCXT_NAMES, Credentials
from cts_tui.model.trading import MarketType, Mode
from cts_tui.model.vault import StoredCredentials
from cts_tui.tui.connection_facts import keys_text
from cts_tui.tui.widgets.choice import Choice
from cts_tui.tui.widgets.form_field import FormField
from cts_tui.tui.widgets.notice import Notice
from cts_tui.tui.widgets.text_input import TextInput

_MODE_HINT = "paper: real prices, no orders · live: real money, but only once it is armed"
_SYMBOLS_HINT = "BTC/USDT,ETH/USDT, or a filter: quote=USDT volume>10M top=20 exclude=USDC/USDT"
_OVERLAY_HINT = (
    "JSON that is merged into ccxt, for a proxy or another address; kept in plain text, so no keys"
)
_HIDDEN = "hidden while you type, stored encrypted"


class ConnectionFields(VerticalScroll, can_focus=False):
    """All fields in one column; those for credentials are seen where the exchange wants them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "app.focus_next", "Next field", show=False),
        Binding("up", "app.focus_previous", "Previous field", show=False),
    ]

    class Changed(Message):
        """Something was typed or chosen."""

    def __init__(
        self,
        draft: ConnectionDraft,
        *,
        is_new: bool,
        stored: StoredCredentials | None = None,
        exchanges: Sequence[str] = (),
    ) -> None:
        """Begin with `draft`; `stored` tells of credentials that are there already."""
        super().__init__(id="fields")
        self._before = draft
        self._is_new = is_new
        self._stored = stored
        self._able: Capabilities | None = None
        self.exchange = TextInput(draft.exchange, suggester=SuggestFromList(exchanges))
        self.connection_name = TextInput(draft.name, disabled=not is_new)
        self.mode = Choice([*Mode], draft.mode, id="mode")
        self.market = Choice([*MarketType], draft.market, id="market")
        self.symbols = TextInput(draft.symbols_filter or ",".join(draft.symbols))
        self.timeframe = TextInput(draft.timeframe)
        self.overlay = TextInput("", placeholder=_overlay_note(draft))
        self.keys_note = Notice()
        self.secrets = {name: TextInput("", password=True) for name in CCXT_NAMES.values()}

    def compose(self) -> ComposeResult:
        """Compose the fields in the order in which they are asked."""
        name_hint = "letters, digits, - and _" if self._is_new else "a name stays as it is"
        yield FormField("exchange", "Exchange", self.exchange, "as ccxt calls it; → completes")
        yield FormField("name", "Name", self.connection_name, name_hint)
        yield FormField("mode", "Mode", self.mode, _MODE_HINT)
        yield FormField("market", "Market", self.market, "← → chooses; a swap is a perpetual")
        yield FormField("symbols", "Symbols", self.symbols, _SYMBOLS_HINT)
        yield FormField("timeframe", "Timeframe", self.timeframe, "candles to trade on: 1m 5m 1h")
        yield FormField("keys", "Credentials", self.keys_note)
        for name, field in self.secrets.items():
            yield FormField(name, f"  {name}", field, _HIDDEN)
        yield FormField("ccxt_config", "Overlay", self.overlay, _OVERLAY_HINT)

    def on_mount(self) -> None:
        """Show the credentials that are wanted."""
        self._show_credentials()

    # -- what is typed ------------------------------------------------------------------------

    @property
    def draft(self) -> ConnectionDraft:
        """What the fields say. An overlay that is no JSON object is left as it was."""
        text = self.symbols.value.strip()
        is_filter = is_symbols_filter(text)
        symbols = () if is_filter else tuple(p.strip() for p in text.split(",") if p.strip())
        if is_filter and text == self._before.symbols_filter:
            symbols = self._before.symbols
        overlay, _ = parsed_overlay(self.overlay.value, self._before.ccxt_config)
        return replace(
            self._before,
            name=self.connection_name.value.strip(),
            exchange=self.exchange.value.strip(),
            mode=Mode(self.mode.value),
            market=MarketType(self.market.value),
            symbols=symbols,
            symbols_filter=text if is_filter else None,
            timeframe=self.timeframe.value.strip(),
            ccxt_config=overlay,
        )

    @property
    def credentials(self) -> Credentials:
        """What was typed into the fields for credentials that are seen."""
        typed = {name: self.secrets[name].value.strip() for name in self.wanted}
        return Credentials.from_ccxt({name: value for name, value in typed.items() if value})

    @property
    def wanted(self) -> tuple[str, ...]:
        """The credentials that the exchange wants, as ccxt spells them; none on paper."""
        if self._able is None or self.mode.value == Mode.PAPER:
            return ()
        return tuple(name for name in self._able.credentials if name in self.secrets)

    @property
    def is_changed(self) -> bool:
        """Whether leaving now would lose something."""
        typed = any(field.value for field in (*self.secrets.values(), self.overlay))
        return typed or self.draft != self._before

    def local_faults(self) -> list[DraftFault]:
        """Return what is wrong that a check of the draft cannot see, one fault a field at most."""
        faults = []
        if reason := parsed_overlay(self.overlay.value, None)[1]:
            faults.append(DraftFault("ccxt_config", reason))
        able, given = self._able, self.credentials.given
        if able and able.exchange == self.exchange.value.strip():
            missing = [name for name in self.wanted if name not in given] if given else []
            together = f"{able.exchange} wants {_listed(self.wanted)} together"
            faults += [DraftFault(name, together) for name in missing]
            if not able.has_market:
                text = f"{able.exchange} has no {able.market} market that the desk trades"
                faults.append(DraftFault("market", text))
            if self.mode.value == Mode.TESTNET and not (able.sandbox or self.draft.ccxt_config):
                text = f"ccxt knows no testnet of {able.exchange}: try it on paper"
                faults.append(DraftFault("mode", text))
        return faults

    def suggest(self, before: ConnectionDraft, now: ConnectionDraft) -> None:
        """Change the fields that still say what was usual `before` to what is usual `now`."""
        usual = [
            (self.symbols, ",".join(before.symbols), ",".join(now.symbols)),
            (self.timeframe, before.timeframe, now.timeframe),
        ]
        if self._is_new:
            usual.append((self.connection_name, before.name, now.name))
        for field, old, new in usual:
            if field.value == old:
                field.value = new

    def forget_secrets(self) -> None:
        """Empty the fields for credentials."""
        for field in self.secrets.values():
            field.value = ""

    # -- what is shown ------------------------------------------------------------------------

    def show_faults(self, faults: Iterable[DraftFault]) -> None:
        """Show each fault at its field, and none where there is none any more."""
        by_field = {fault.field: fault.message for fault in reversed([*faults])}
        for field in self.query(FormField):
            field.fault = by_field.get(field.field, "")

    def focus_fault(self) -> None:
        """Go to the next field with a fault, after the last one to the first."""
        fields = [*self.query(FormField)]
        at = next((i for i, field in enumerate(fields) if field.control.has_focus), -1)
        for field in (*fields[at + 1 :], *fields[: at + 1]):
            if field.fault:
                field.control.focus()
                return

    def show_capabilities(self, able: Capabilities | None, note: str = "") -> None:
        """Ask for the credentials that the exchange wants; `note` stands where none are known."""
        self._able = able
        self._show_credentials(note)

    def _show_credentials(self, note: str = "") -> None:
        wanted = self.wanted
        for name in self.secrets:
            self.query_one(f"#field-{name}", FormField).set_class(name not in wanted, "-hidden")
        self.keys_note.tell(note or self._keys_text(wanted))

    def _keys_text(self, wanted: Sequence[str]) -> str:
        if self.mode.value == Mode.PAPER:
            return "paper needs none" + ("; those stored stay" if self._stored else "")
        if self._stored and self.exchange.value.strip() != self._before.exchange:
            return f"those stored are for {self._before.exchange}, saving forgets them"
        if self._stored:
            return f"{keys_text(self._stored)}; enter new ones to replace them"
        if self._able and not wanted:
            return f"{self._able.exchange} wants none"
        return f"wanted: {_listed(wanted)}" if wanted else "-"

    @on(Input.Changed)
    @on(Choice.Changed)
    def tell_changed(self, event: Message) -> None:
        """Tell the form, which checks."""
        event.stop()
        if isinstance(event, Choice.Changed):
            self._show_credentials()
        self.post_message(self.Changed())

    @on(Input.Submitted)
    def go_on(self, event: Input.Submitted) -> None:
        """Go to the next field."""
        event.stop()
        self.screen.focus_next()


def is_symbols_filter(text: str) -> bool:
    """Return whether `text` is a filter, not a list of symbols."""
    return any(sign in text for sign in "=<>")


def parsed_overlay(text: str, kept: dict[str, Any] | None) -> tuple[dict[str, Any] | None, str]:
    """Return the overlay that `text` spells and what is wrong with it; empty text keeps `kept`."""
    if not text.strip():
        return kept, ""
    try:
        overlay = json.loads(text)
    except ValueError as error:
        return kept, f'no JSON: {error}; expected an object like {{"options": {{}}}}'
    if not isinstance(overlay, dict):
        return kept, 'expected a JSON object like {"options": {}}'
    return overlay or None, ""


def _overlay_note(draft: ConnectionDraft) -> str:
    if not draft.ccxt_config:
        return "none; optional"
    return f"stored: {', '.join(draft.ccxt_config)}; JSON replaces it, {{}} removes it"


def _listed(names: Sequence[str]) -> str:
    return " and ".join(names) if len(names) < 3 else f"{', '.join(names[:-1])} and {names[-1]}"
