"""Themes come from files; a broken one is told in one line and never stops the desk."""

from pathlib import Path

import pytest
from textual.color import Color

from cts_tui.tui.themes import load_themes
from cts_tui.tui.tones import DOMAIN_DEFAULTS, tone_styles

from .conftest import THEMES, Play, make_stage


@pytest.mark.parametrize("name", ["cts-dark", "cts-light"])
def test_shipped_themes_name_every_domain_colour(name: str) -> None:
    themes, faults = load_themes([THEMES])
    theme = next(theme for theme in themes if theme.name == name)
    assert faults == []
    assert set(theme.variables) == set(DOMAIN_DEFAULTS)
    assert theme.dark == (name == "cts-dark")


@pytest.mark.parametrize("name", ["cts-dark", "cts-light"])
def test_shipped_themes_are_readable(name: str) -> None:
    themes, _ = load_themes([THEMES])
    theme = next(theme for theme in themes if theme.name == name)
    money = ("profit", "loss", "long", "short", "live", "testnet", "paper")
    texts = (*money, "stale", "muted", "title", "key")
    for ground in (theme.background, theme.panel, theme.variables["row-cursor"]):
        for text in texts:
            contrast = _contrast(theme.variables[text], str(ground))
            assert contrast >= 3.0, (text, ground, contrast)
    for badge in ("live", "testnet", "paper", "demo", "stale"):
        assert _contrast(theme.variables["badge-text"], theme.variables[badge]) >= 4.5, badge


def _contrast(text: str, ground: str) -> float:
    """The contrast ratio of WCAG 2."""
    light, dark = sorted((_luminance(text), _luminance(ground)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(color: str) -> float:
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
             for c in Color.parse(color).normalized]  # fmt: skip
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("name = ", "cannot be read"),
        ('name = "Bad Name"', "use lower-case letters"),
        ('name = "x"', "has no primary"),
        ('name = "x"\ncolors = 3', "make it a table"),
        ('name = "x"\n[colors]\nprimary = "blueish"', "write a colour like"),
        ('name = "x"\n[colors]\nprimary = "#123456"\nprimry = "#123456"', "has no 'primry'"),
        ('name = "x"\n[colors]\nprimary = "#123456"\n[domain]\ngreed = "#111111"', "no 'greed'"),
    ],
)
def test_broken_theme_is_skipped_with_one_line(tmp_path: Path, text: str, fault: str) -> None:
    (tmp_path / "broken.toml").write_text(text)
    themes, faults = load_themes([THEMES, tmp_path])
    assert {"cts-dark", "cts-light"} == {theme.name for theme in themes}
    assert len(faults) == 1
    assert fault in faults[0]
    assert "\n" not in faults[0]


async def test_own_theme_of_the_same_name_wins(play: Play, tmp_path: Path) -> None:
    own = '[colors]\nprimary = "#123456"\n[domain]\nprofit = "#00ff00"\n'
    (tmp_path / "cts-dark.toml").write_text(own)
    (tmp_path / "broken.toml").write_text("name =")
    async with play(make_stage(theme_folders=[THEMES, tmp_path])) as stage:
        assert stage.app.theme_variables["profit"] == "#00ff00"
        assert stage.app.theme_variables["loss"] == DOMAIN_DEFAULTS["loss"]
        await stage.told("broken.toml cannot be read")


async def test_unknown_theme_is_told_and_the_desk_opens_anyway(play: Play) -> None:
    async with play(make_stage(theme="neon")) as stage:
        await stage.told("there is no theme 'neon'")
        await stage.until(lambda: stage.table.rows)


async def test_desk_can_be_seen_in_a_theme_that_knows_nothing_of_trading(play: Play) -> None:
    async with play(make_stage(theme="gruvbox")) as stage:
        assert tone_styles(stage.app.theme_variables)
        assert "LIVE" in stage.header


async def test_no_color_leaves_no_colour(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with play() as stage:
        await stage.until(lambda: stage.table.rows)
        for strip in stage.screen._compositor.render_strips():
            for segment in strip:
                style = segment.style
                for color in (style.color, style.bgcolor) if style else ():
                    if color and color.triplet:
                        assert len(set(color.triplet)) == 1, segment


async def test_changing_the_theme_repaints_what_is_seen(play: Play) -> None:
    async with play() as stage:
        await stage.until(lambda: stage.table.rows)
        stage.app.theme = "cts-light"
        await stage.pilot.pause()
        gain = Color.parse(stage.app.theme_variables["profit"]).rich_color.triplet
        shown = {
            segment.style.color.triplet
            for strip in stage.screen._compositor.render_strips()
            for segment in strip
            if segment.style and segment.style.color
        }
        assert gain in shown
