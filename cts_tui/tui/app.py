"""The app: themes, keys, palette and the way between the screens."""

import logging
import sys
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from textual.app import App, SystemCommand
from textual.binding import BindingType
from textual.screen import Screen

from cts_tui.redaction import redacted
from cts_tui.tui.actions import ACTIONS, Where, bindings_for, unknown_actions
from cts_tui.tui.life import LivingApp, OpenDesk
from cts_tui.tui.screens.catalog import SCREENS
from cts_tui.tui.session import Session
from cts_tui.tui.themes import load_themes
from cts_tui.tui.tones import DOMAIN_DEFAULTS

_LOG = logging.getLogger(__name__)
_FALLBACK_THEME = "textual-dark"


class CtsApp(LivingApp):
    """The desk's screens around one desk and, unless another process has it, one engine."""

    TITLE = "cts-tui"
    CSS_PATH = "app.tcss"
    DEFAULT_MODE = "dashboard"
    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Where.EVERYWHERE)
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide")]  # noqa: RUF012 - as Textual has it
    VERTICAL_BREAKPOINTS = [(0, "-short"), (32, "-tall")]  # noqa: RUF012

    def __init__(
        self,
        open_desk: OpenDesk,
        theme: str = "cts-dark",
        theme_folders: Iterable[Path] = (),
        title_note: str = "",
        keymap: Mapping[str, str] | None = None,
    ) -> None:
        """Show the desk that `open_desk` opens; it is called in a thread, after the first frame.

        `title_note` stands in the header (`demo`); `keymap` maps action ids to keys.
        """
        super().__init__(open_desk, Session(title_note, dict(keymap or {})))
        self.animation_level = "none"
        self._faults: list[str] = []
        for name, screen in SCREENS.items():
            self.add_mode(name, partial(screen, self.session))
        self._use_theme(theme, theme_folders)
        self._use_keymap(self.session.keymap)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Return the domain variables for themes that do not name them."""
        return DOMAIN_DEFAULTS

    def _use_theme(self, name: str, folders: Iterable[Path]) -> None:
        """Register the themes and begin with `name`, before any style is parsed."""
        themes, faults = load_themes(folders)
        self._faults += faults
        for theme in themes:
            self.register_theme(theme)
        if name not in self.available_themes:
            self._faults.append(f"there is no theme {name!r}; ctrl+t shows the themes there are")
            name = _FALLBACK_THEME
        self.set_reactive(App.theme, name)
        self.stylesheet.set_variables(self.get_css_variables())

    def _use_keymap(self, keymap: Mapping[str, str]) -> None:
        for unknown in unknown_actions(keymap):
            self._faults.append(f"there is no action {unknown!r} to give a key to; ? lists them")
        self.set_keymap(dict(keymap))

    def on_mount(self) -> None:
        """Tell of themes and keys that could not be used."""
        for fault in self._faults:
            self.notify(fault, severity="warning", timeout=10)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Return what can be done on `screen`, for the palette."""
        here = (Where.EVERYWHERE, Where.SCREEN, getattr(screen, "NAME", ""))
        for action in ACTIONS:
            if action.in_palette and action.where.lower() in [str(w).lower() for w in here]:
                call = partial(screen.run_action, action.call)
                yield SystemCommand(action.description, action.help, call)

    def _fatal_error(self) -> None:
        """Leave with one line. Textual would show the values of variables, secrets too (S10)."""
        from rich.text import Text

        error = sys.exc_info()[1] or self._exception
        _LOG.error("unexpected error", exc_info=error)
        line = f"cts-tui: unexpected {type(error).__name__}: {error}; please report it"
        self._exit_renderables.append(Text(redacted(line)))
        self._close_messages_no_wait()

    # -- actions ------------------------------------------------------------------------------

    def action_go(self, name: str) -> None:
        """Show the screen `name`."""
        self.switch_mode(name)

    def action_help(self) -> None:
        """Show every key."""
        from cts_tui.tui.screens.help import HelpScreen

        self.push_screen(HelpScreen(self.session.keymap))

    def action_kill_switch(self) -> None:
        """Ask about the kill switch."""
        from cts_tui.tui.screens.kill_switch import ask_about_kill_switch

        ask_about_kill_switch(self.desk_screen)

    def action_flatten(self) -> None:
        """Ask what to close at market: one connection, or everything."""
        from cts_tui.tui.screens.flattening import ask_to_flatten

        ask_to_flatten(self.desk_screen, self.desk_screen.connection_at_cursor)

    def action_alerts(self) -> None:
        """Show the alerts."""
        from cts_tui.tui.screens.alerts import AlertsModal

        session = self.session
        if session.desk is None:
            self.notify("the desk is not open yet", severity="warning")
        elif not isinstance(self.screen, AlertsModal):
            now_ms = session.summary.now_ms if session.summary else 0
            self.push_screen(AlertsModal(session.desk, now_ms))

    def action_help_quit(self) -> None:
        """Say how to leave: ctrl+c is pressed by habit."""
        self.notify("q stops the engine in order and leaves", title="ctrl+c does not quit")
