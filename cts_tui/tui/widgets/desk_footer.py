"""The line at the bottom: the keys of the screen in front, as many as fit."""

from typing import NamedTuple

from textual import events
from textual.binding import Binding
from textual.screen import Screen

from cts_tui.tui.cells import Cell, Tone
from cts_tui.tui.key_names import key_name
from cts_tui.tui.widgets.live_lines import LiveLines

_ALWAYS = ("help", "quit")
"""Actions that stay in the footer however narrow it is."""


class FooterKey(NamedTuple):
    """One key of the footer."""

    action_id: str
    key: str
    description: str

    @property
    def text(self) -> str:
        """The key and what it does."""
        return f"{key_name(self.key)} {self.description}"


class DeskFooter(LiveLines):
    """The keys that work here and now; a click presses them."""

    DEFAULT_CSS = """
    DeskFooter { dock: bottom; height: 1; background: $panel; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._shown: list[tuple[int, int, str]] = []

    def on_mount(self) -> None:
        """Follow the keys of the screen."""
        self.screen.bindings_updated_signal.subscribe(self, self._update)

    def on_resize(self) -> None:
        """Fit the keys to the new width."""
        self._update(self.screen)

    def _update(self, screen: Screen[object]) -> None:
        active = screen.active_bindings.values()
        keys = footer_keys([entry.binding for entry in active])
        shown = choose(keys, self.size.width - 2)
        cells: list[Cell] = [Cell(" ")]
        self._shown = []
        x = 1
        for key in shown:
            self._shown.append((x, x + len(key.text), key.key))
            cells += [Cell(key_name(key.key), Tone.KEY), Cell(f" {key.description}  ", Tone.MUTED)]
            x += len(key.text) + 2
        self.show([tuple(cells)])

    def on_click(self, event: events.Click) -> None:
        """Press the key that was clicked."""
        for start, end, key in self._shown:
            if start <= event.x < end:
                self.app.simulate_key(key)


def footer_keys(bindings: list[Binding]) -> list[FooterKey]:
    """Return the keys to show, once per action: what belongs to the screen before the rest."""
    shown: dict[str, FooterKey] = {}
    screens: list[str] = []
    for binding in bindings:
        name = binding.id or binding.action
        if name.startswith("go."):
            screens.append(binding.key)
        elif binding.show:
            key = FooterKey(name, binding.key, binding.description)
            shown[name] = min(shown.get(name, key), key, key=lambda each: len(each.text))
    keys = sorted(shown.values(), key=lambda key: _rank(key.action_id))
    if screens:
        go = FooterKey("go", _spans(screens), "screens")
        keys.insert(len(keys) - sum(key.action_id in _ALWAYS for key in keys), go)
    return keys


def _rank(action_id: str) -> int:
    if action_id in _ALWAYS:
        return 9
    return {"table": 2, "chart": 2, "filter": 3, "kill": 4, "flatten": 4, "engine": 0}.get(
        action_id.partition(".")[0], 1
    )


def choose(keys: list[FooterKey], room: int) -> list[FooterKey]:
    """Return the keys that fit into `room` characters; help and quit always do."""
    left = room - sum(len(k.text) + 2 for k in keys if k.action_id in _ALWAYS)
    shown = []
    for key in keys:
        if key.action_id in _ALWAYS:
            shown.append(key)
        elif len(key.text) + 2 <= left:
            shown.append(key)
            left -= len(key.text) + 2
    return shown


def _spans(keys: list[str]) -> str:
    """Return keys with runs of digits joined: 1, 2, 3, 4, 8 → `1-4 8`."""
    runs: list[list[str]] = []
    for key in sorted(keys):
        last = runs[-1][-1] if runs else ""
        if key.isdigit() and last.isdigit() and int(key) == int(last) + 1:
            runs[-1].append(key)
        else:
            runs.append([key])
    return " ".join(run[0] if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)
