"""Help and usage: every command says what it does, in words."""

import re
from collections.abc import Iterator

import pytest
import typer

from cts_tui import __version__
from cts_tui.cli.main import app

from .conftest import Cts


def commands(group: typer.Typer, *path: str) -> Iterator[tuple[str, ...]]:
    """Yield the way to every command."""
    for command in group.registered_commands:
        assert command.name
        yield (*path, command.name)
    for inner in group.registered_groups:
        assert inner.name
        assert inner.typer_instance
        yield from commands(inner.typer_instance, *path, inner.name)


ALL = sorted(commands(app))


def test_every_command_of_the_issue_exists() -> None:
    wanted = {"run", "stop", "status", "demo", "replay", "health", "positions close"}
    own = ("list", "show", "add", "edit", "remove", "enable", "disable", "live on", "live off")
    wanted |= {f"connections {name}" for name in own}
    wanted |= {
        f"strategies {name}"
        for name in (
            "list",
            "show",
            "check",
            "add",
            "edit",
            "export",
            "remove",
            "enable",
            "disable",
        )
    }
    wanted |= {f"{noun} list" for noun in ("signals", "positions", "orders", "events")}
    assert wanted <= {" ".join(path) for path in ALL}


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_the_help_of_a_command_says_what_it_does(cts: Cts, path: tuple[str, ...]) -> None:
    said = cts(*path, "--help")
    assert (said.code, said.err) == (0, "")
    assert f"Usage: cts-tui {' '.join(path)}" in said.out
    description = said.out.splitlines()[3].strip()
    assert re.match(r"[A-Z].*[.;:,\w]$", description)
    assert "range" not in said.out


@pytest.mark.parametrize("noun", ["connections", "strategies", "positions", "connections live"])
def test_a_noun_alone_shows_its_commands(cts: Cts, noun: str) -> None:
    said = cts(*noun.split())
    assert said.code in (0, 2)
    assert "Commands" in said.out + said.err


@pytest.mark.parametrize(
    "arguments", [["nope"], ["connections", "nope"], ["connections", "add"], ["status", "--nope"]]
)
def test_what_is_not_understood_is_a_usage_error(cts: Cts, arguments: list[str]) -> None:
    said = cts(*arguments)
    assert (said.code, said.out) == (2, "")
    assert "Usage: cts-tui" in said.err
    assert "Traceback" not in said.err


def test_the_version_is_told(cts: Cts) -> None:
    assert cts("--version").out == f"cts-tui {__version__}\n"
