"""The documents say what the program does: commands, keys, settings, rules, figures and links."""

import json
import re
import tomllib
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer.main

from cts_tui.backtest.metrics import measure
from cts_tui.backtest.report import result_document
from cts_tui.cli import main
from cts_tui.engine.alerts.rules import ALERT_RULES
from cts_tui.errors import RuleError
from cts_tui.indicators.registry import indicator
from cts_tui.model.columns import CandleColumns
from cts_tui.model.strategy import StrategySpec
from cts_tui.model.trade import Trade
from cts_tui.model.trading import Direction, ExitReason
from cts_tui.rules.builtin import builtin_strategies
from cts_tui.rules.parser import parse_expression, parse_rule
from cts_tui.rules.spec import CHECKS, strategy_from_mapping
from cts_tui.rules.warmup import warmup
from cts_tui.settings import Settings
from cts_tui.tui.actions import ACTIONS, Action, keys_text, unknown_actions
from cts_tui.tui.themes import read_theme
from cts_tui.tui.tones import DOMAIN_DEFAULTS

_ROOT = Path(__file__).parents[1]
_DOCS = sorted((_ROOT / "docs").glob("*.md"))
_TEXTS = [_ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")] + _DOCS
_GUIDE = _ROOT / "docs" / "guide.md"
_RULES = _ROOT / "docs" / "rules.md"
_METRICS = _ROOT / "docs" / "metrics.md"


@cache
def text_of(path: Path) -> str:
    return path.read_text("utf-8")


def blocks(path: Path, language: str) -> list[str]:
    """The fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", text_of(path), re.MULTILINE | re.DOTALL)


def prose(path: Path) -> str:
    """The text without its fenced blocks."""
    return re.sub(r"^```.*?^```", "", text_of(path), flags=re.MULTILINE | re.DOTALL)


def section(path: Path, heading: str) -> str:
    """What stands below a heading, up to the next one that is not deeper; empty without it."""
    depth, lines, taken = len(heading) - len(heading.lstrip("#")), prose(path).splitlines(), []
    if heading not in lines:
        return ""
    for line in lines[lines.index(heading) + 1 :]:
        if line.startswith("#") and len(line) - len(line.lstrip("#")) <= depth:
            break
        taken.append(line)
    return "\n".join(taken)


def rows(text: str) -> list[list[str]]:
    """The cells of every row of every table, headings left out."""
    found = [
        [cell.strip() for cell in line.strip("|").split(" | ")]
        for line in text.splitlines()
        if line.startswith("|")
    ]
    return [row for row in found if row[0].startswith("`")]


def ticked(text: str) -> list[str]:
    """What stands in back ticks."""
    return re.findall(r"`([^`]+)`", text)


def commands(command: Any, path: str = "cts-tui") -> Iterator[tuple[str, Any]]:
    """Every command that does something, with its whole name."""
    if not getattr(command, "commands", None) or path == "cts-tui":
        yield path, command
    for name, child in getattr(command, "commands", {}).items():
        yield from commands(child, f"{path} {name}")


_COMMANDS = dict(commands(typer.main.get_command(main.app)))


# -- the guide: commands, JSON, keys, settings, messages ------------------------------------------


@pytest.mark.parametrize("path", _COMMANDS)
def test_every_command_has_a_section_that_names_its_options_and_no_others(path: str) -> None:
    written = section(_GUIDE, f"### {path}")
    assert written, f"docs/guide.md has no section `### {path}`"
    options = {name for p in _COMMANDS[path].params for name in p.opts if name.startswith("--")}
    named = {option for row in rows(written) for option in re.findall(r"--[a-z-]+", row[0])}
    assert named - {"--help"} == options - {"--help"}


def test_the_guide_has_no_section_of_a_command_that_does_not_exist() -> None:
    assert set(re.findall(r"^### (cts-tui.*)$", prose(_GUIDE), re.MULTILINE)) == set(_COMMANDS)


def test_every_command_in_a_shell_block_exists() -> None:
    for path in _TEXTS:
        for line in "".join(blocks(path, "sh")).splitlines():
            asked = line.partition("#")[0]
            for called in re.findall(r"(?:^|/|\s)cts-tui((?: [a-z][a-z-]*)*)", asked):
                words = f"cts-tui{called}".split()
                assert any(" ".join(words[:n]) in _COMMANDS for n in (1, 2, 3, 4)), line
                groups = {name.split()[1] for name in _COMMANDS if " " in name}
                assert len(words) == 1 or words[1] in groups, line


def test_every_key_of_a_json_row_is_named() -> None:
    source = text_of(_ROOT / "cts_tui" / "cli" / "rows.py")
    named = set(ticked(section(_GUIDE, "## JSON")))
    assert set(re.findall(r'^ +"(\w+)": ', source, re.MULTILINE)) - named == set()


def test_every_figure_of_a_result_is_explained() -> None:
    source = text_of(_ROOT / "cts_tui" / "backtest" / "report.py")
    named = {name for row in rows(prose(_METRICS)) for name in ticked(row[0])}
    figures = set(re.findall(r'^        "(\w+)": ', source, re.MULTILINE))
    assert figures - {"trade_list"} - named == set()


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.id)
def test_every_key_is_in_the_table(action: Action) -> None:
    table = {row[0].strip("`"): row[1] for row in rows(section(_GUIDE, "## Keys"))}
    assert ticked(table[action.id]) == keys_text(action, {}).split()


def test_the_table_of_keys_has_no_other_actions() -> None:
    table = [row[0].strip("`") for row in rows(section(_GUIDE, "## Keys"))]
    assert table == [action.id for action in ACTIONS]


def test_every_setting_is_in_the_table_with_its_default() -> None:
    table = {row[0].strip("`"): row[1] for row in rows(section(_GUIDE, "## Settings"))}
    fields = Settings.model_fields
    assert table == {name: str(field.default) for name, field in fields.items()}


def test_the_table_of_alerts_says_how_long_each_rule_waits() -> None:
    table = [row for row in rows(section(_GUIDE, "## Alerts")) if len(row) == 4]
    said = {ticked(row[0])[0]: row[1:] for row in table}
    assert said == {
        name: [
            f"{rule.raise_after_s:g} s",
            f"{rule.clear_after_s:g} s",
            "yes" * rule.is_told or "no",
        ]
        for name, rule in ALERT_RULES.items()
    }


def test_every_environment_variable_is_named() -> None:
    used = {
        name
        for path in (_ROOT / "cts_tui").rglob("*.py")
        for name in re.findall(r'environ[^\n]*"(CTS_[A-Z_]+)"', text_of(path))
    }
    settings = {f"CTS_{name.upper()}" for name in Settings.model_fields}
    assert used - settings - set(re.findall(r"CTS_[A-Z_]+", text_of(_GUIDE))) == set()


def test_every_message_of_the_troubleshooting_table_is_one_of_the_program() -> None:
    lines = [text_of(path) for path in (_ROOT / "cts_tui").rglob("*.py")]
    source = re.sub(r'"\s*\n\s*f?"', "", "\n".join(lines))  # a message over several lines
    fragments = [ticked(row[0])[0] for row in rows(section(_GUIDE, "## Troubleshooting"))]
    assert len(fragments) > 20
    assert [fragment for fragment in fragments if fragment not in source] == []


# -- examples load --------------------------------------------------------------------------------


def tables(path: Path) -> list[dict[str, Any]]:
    return [tomllib.loads(block, parse_float=Decimal) for block in blocks(path, "toml")]


def test_every_toml_block_is_a_strategy_settings_or_a_theme(tmp_path: Path) -> None:
    kinds = []
    for path in _TEXTS:
        for block, table in zip(blocks(path, "toml"), tables(path), strict=True):
            if "colors" in table:
                file = tmp_path / "theme.toml"
                file.write_text(block, "utf-8")
                kinds.append(read_theme(file).name)
            elif "name" in table:
                kinds.append(strategy_from_mapping(table).name)
            else:
                settings = Settings(**table)
                assert unknown_actions(settings.keys) == []
                kinds.append(settings.theme)
    assert len(kinds) >= 4


def test_every_domain_colour_is_named() -> None:
    assert set(DOMAIN_DEFAULTS) - set(ticked(section(_GUIDE, "## Themes"))) == set()


def test_every_rule_parses() -> None:
    rules = [line for path in _DOCS for block in blocks(path, "rule") for line in block.split("\n")]
    assert len([parse_rule(rule) for rule in rules if rule]) >= 12


def first_side(spec: StrategySpec) -> list[str]:
    """Entry and exit of the long side, of the short one where there is no other."""
    long, short = [spec.entry_long, spec.exit_long], [spec.entry_short, spec.exit_short]
    return long if spec.entry_long else short


def test_every_built_in_strategy_is_described_with_the_rules_of_one_side() -> None:
    text = section(_RULES, "## The built-in strategies")
    described = re.findall(r"^\*\*([a-z-]+)\*\*", text, re.MULTILINE)
    specs = {spec.name: spec for spec in builtin_strategies()}
    assert set(described) == set(specs)
    written = [block.split("\n")[:2] for block in blocks(_RULES, "rule")[1:]]
    assert written == [first_side(specs[name]) for name in described]


def test_every_error_in_the_table_is_what_the_parser_says() -> None:
    table = [
        (row[0].strip("`"), row[1]) for row in rows(section(_RULES, "## Errors")) if len(row) == 2
    ]
    assert len(table) >= 10
    for rule, message in table:
        with pytest.raises(RuleError) as refused:
            parse_rule(rule)
        assert str(refused.value) == message


def test_every_warm_up_in_the_table_is_right() -> None:
    table = rows(section(_RULES, "## Missing values"))
    assert table
    for rule, candles in table:
        assert str(warmup(parse_rule(rule.strip("`")), "5m")) == candles, rule


def test_every_indicator_in_the_table_is_as_talib_has_it() -> None:
    table = [row for row in rows(section(_RULES, "## TA-Lib")) if len(row) == 5]
    assert len(table) > 20
    for name, parameters, reads, outputs, _ in table:
        this = indicator(name.strip("`"))
        listed = ", ".join(f"{p.name} {p.default:g}" for p in this.parameters) or "–"
        assert (parameters, reads) == (listed, ", ".join(this.inputs)), name
        short = [f".{output}" for output in this.outputs] if len(this.outputs) > 1 else []
        assert [output for output in ticked(outputs) if output != "–"] == short, name


def test_every_field_of_a_strategy_is_explained() -> None:
    named = {
        name for row in rows(section(_RULES, "## The strategy file")) for name in ticked(row[0])
    }
    assert named == set(CHECKS)


def test_equal_spellings_in_the_text_are_equal() -> None:
    pairs = [
        ("rsi()", "rsi(14)"),
        ("bbands(20).upper", "bbands(20,2,2,0).upper"),
        ("ema(close, 50)", "ema(50)"),
        ("close[2][3]", "close[5]"),
        ("macd().macdhist", "macd(12,26,9).hist"),
    ]
    assert [parse_expression(a) for a, _ in pairs] == [parse_expression(b) for _, b in pairs]


def test_the_worked_example_is_what_the_program_computes() -> None:
    day_ms, start_ms = 86_400_000, 1_735_689_600_000
    example = section(_METRICS, "## A worked example").splitlines()
    days = [line.strip("|").split("|") for line in example if line.startswith("| 2025-")]
    prices = np.array([[float(cell) for cell in day[1:]] for day in days])
    times = start_ms + day_ms * np.arange(len(days), dtype=np.int64)
    candles = CandleColumns(times, *prices.T.copy(), np.ones(len(days)))

    def trade(side: Direction, entry: tuple[int, int], exit_: tuple[int, int], why: str) -> Trade:
        (entered, bought), (left, sold) = entry, exit_
        fees = Decimal(bought + sold) / 1000
        gross = side.sign * (sold - bought)
        return Trade(
            side, int(times[entered]), Decimal(bought), int(times[left]), Decimal(sold),
            Decimal(1), fees, gross - fees, ExitReason(why),
        )  # fmt: skip

    trades = [
        trade(Direction.LONG, (1, 101), (1, 104), "take_profit"),
        trade(Direction.SHORT, (2, 104), (3, 99), "rule"),
        trade(Direction.LONG, (4, 102), (4, 98), "end"),
    ]
    result = result_document(
        symbol="X", timeframe="1d", strategy="s", candles=candles, trades=trades,
        metrics=measure(trades, candles, Decimal(1000)),
    )  # fmt: skip
    figures = json.loads(blocks(_METRICS, "json")[0])
    assert {name: result[name] for name in figures} == pytest.approx(figures)


# -- links, and what must not stand in a document -------------------------------------------------


def anchors(path: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", prose(path), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", _TEXTS, ids=lambda path: path.name)
def test_every_relative_link_resolves(path: Path) -> None:
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(path)):
        name, _, anchor = target.partition("#")
        file = path.parent / name if name else path
        if re.match(r"[a-z]+:", target):
            continue
        if not file.exists() or (anchor and anchor not in anchors(file)):
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize("path", _TEXTS, ids=lambda path: path.name)
def test_no_document_names_a_machine_or_a_package_index(path: Path) -> None:
    machine = r"(?<![\w.~%])/(?:root|work|home|Users|tmp|opt|mnt)/|[A-Z]:\\|localhost|127\.0\.0\.1"
    index = r"pypi\.|pythonhosted|index-url|artifactory|conda\.io|devpi"
    assert re.findall(f"{machine}|{index}", text_of(path)) == []
