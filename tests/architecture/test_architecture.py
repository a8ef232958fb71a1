"""The walls of the house: which room may import what, how large a file may be, what is caught."""

import ast
import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

import cts_tui
from cts_tui import errors
from cts_tui.errors import CtsError

ROOT = Path(cts_tui.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
MODULES = [path.relative_to(ROOT).as_posix() for path in FILES]

ALLOWED = {
    "apprise": ("engine/alerts/messenger.py",),
    "ccxt": ("exchange/loader.py",),
    "cryptography": ("store/",),
    "keyring": ("store/",),
    "talib": ("indicators/",),
    "sqlmodel": ("store/",),
    "sqlalchemy": ("store/",),
    "alembic": ("store/migrating.py", "store/migrations/"),
    "textual": ("tui/",),
    "rich": ("tui/",),
    "typer": ("cli/",),
    "pydantic_settings": ("settings.py",),
}
"""Where each library may be imported: beginnings of paths."""

BROAD_CATCHES = {
    "__main__.py": 1,
    "cli/run.py": 1,
    "desk/doctor/report.py": 1,
    "desk/engine_host.py": 1,
    "desk/workflow/course.py": 1,
    "engine/alerts/messenger.py": 1,
    "engine/beside.py": 1,
    "engine/convergence.py": 1,
    "engine/health/published.py": 1,
    "engine/ledger.py": 1,
    "engine/manager.py": 2,
    "engine/processor.py": 1,
    "engine/sending.py": 1,
    "engine/supervision.py": 3,
    "exchange/caller.py": 1,
    "exchange/check_course.py": 1,
    "exchange/client_setup.py": 1,
    "exchange/loader.py": 1,
    "exchange/streams.py": 1,
    "exchange/watching.py": 1,
    "logs/writer.py": 1,
    "store/journal.py": 2,
    "store/key_ring.py": 1,
    "venue/ccxt_submission.py": 1,
}
"""How often a file may catch whatever comes: at the edge of a task or plug-in, where it counts."""


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line and full name of every import, those inside functions included."""
    package = ("cts_tui", *path.relative_to(ROOT).parts[:-1])
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            yield node.lineno, ".".join((*base, *(node.module or "").split(".")))
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            argument = node.args[0]
            if isinstance(argument, ast.Constant):
                yield node.lineno, str(argument.value)


def catches_everything(handler: ast.ExceptHandler) -> bool:
    """Return whether a handler keeps any exception at all from going on."""
    last = handler.body[-1]
    if isinstance(last, ast.Raise) and last.exc is None:
        return False
    kind = handler.type
    kinds = kind.elts if isinstance(kind, ast.Tuple) else [kind]
    names = {"Exception", "BaseException"}
    return any(one is None or (isinstance(one, ast.Name) and one.id in names) for one in kinds)


def test_every_contract_of_the_import_linter_is_kept(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT.parent)
    monkeypatch.setattr("importlinter.cli.logging_config.dictConfig", lambda _: None)  # ours stay
    status = lint_imports(config_filename=str(ROOT.parent / "pyproject.toml"), no_cache=True)
    assert status == EXIT_STATUS_SUCCESS, capsys.readouterr().out


@pytest.mark.parametrize("library", ALLOWED)
def test_a_library_is_imported_only_in_its_own_room(library: str) -> None:
    strays = [
        f"{name}:{line}"
        for path, name in zip(FILES, MODULES, strict=True)
        for line, target in imported(path)
        if target.split(".")[0] == library and not name.startswith(ALLOWED[library])
    ]
    assert strays == []


def test_the_imports_that_are_looked_at_are_found() -> None:
    libraries = {target.split(".")[0] for path in FILES for _, target in imported(path)}
    assert {"talib", "sqlmodel", "sqlalchemy", "alembic", "textual", "typer"} <= libraries


def test_the_engine_knows_no_face_and_no_desk() -> None:
    faces = ("cts_tui.cli", "cts_tui.tui", "cts_tui.api", "cts_tui.desk")
    rooms = (
        "engine/",
        "market/",
        "venue/",
        "exchange/",
        "store/",
        "rules/",
        "indicators/",
        "backtest/",
    )
    strays = [
        f"{name}:{line} {target}"
        for path, name in zip(FILES, MODULES, strict=True)
        if name.startswith(rooms)
        for line, target in imported(path)
        if target.startswith(faces)
    ]
    assert strays == []


def test_the_words_of_the_model_import_no_other_room() -> None:
    strays = [
        f"{name}:{line} {target}"
        for path, name in zip(FILES, MODULES, strict=True)
        if name.startswith("model/")
        for line, target in imported(path)
        if target.startswith("cts_tui.") and not target.startswith("cts_tui.model")
    ]
    assert strays == []


def test_every_module_can_be_imported_by_itself_and_says_where_it_stands() -> None:
    for info in pkgutil.walk_packages([str(ROOT)], "cts_tui."):
        if info.name.endswith((".__main__", ".env")) or ".migrations.versions" in info.name:
            continue
        module = importlib.import_module(info.name)
        assert module.__doc__, info.name
        assert module.__doc__.strip(), info.name


@pytest.mark.parametrize("name", MODULES)
def test_no_module_is_over_500_lines(name: str) -> None:
    assert len((ROOT / name).read_text("utf-8").splitlines()) <= 500


def test_no_class_is_over_250_lines_and_no_function_over_50() -> None:
    known = {"LiveTable"}
    limits = {ast.ClassDef: 250, ast.FunctionDef: 50, ast.AsyncFunctionDef: 50}
    over = [
        f"{name}:{node.lineno} {node.name}"
        for path, name in zip(FILES, MODULES, strict=True)
        if "migrations" not in name
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= limits[type(node)]
        and node.name not in known
    ]
    assert over == []


def error_classes() -> list[type[CtsError]]:
    """Return every error of the desk, wherever it is defined."""
    for name in MODULES:
        if "Error" in (ROOT / name).read_text("utf-8") and "migrations" not in name:
            importlib.import_module("cts_tui." + name.removesuffix(".py").replace("/", "."))
    found, waiting = [], [CtsError]
    while waiting:
        kind = waiting.pop()
        found.append(kind)
        waiting += kind.__subclasses__()
    return found


def test_every_error_says_what_its_catcher_must_do() -> None:
    classes = error_classes()
    assert len(classes) >= 8
    own = [kind for kind in classes if kind.__module__.startswith("cts_tui")]
    undocumented = [
        kind.__name__ for kind in own if "__doc__" not in vars(kind) or not kind.__doc__
    ]
    assert undocumented == []


def test_the_tree_of_errors_in_the_docstring_is_the_tree_there_is() -> None:
    drawn = {word for word in (errors.__doc__ or "").split() if word[0].isupper()} - {"Every"}
    there = {name for name, kind in vars(errors).items() if isinstance(kind, type)}
    assert drawn == there


def test_nothing_is_caught_blindly_but_where_it_is_counted() -> None:
    found: dict[str, int] = {}
    for path, name in zip(FILES, MODULES, strict=True):
        handlers = [n for n in ast.walk(tree(path)) if isinstance(n, ast.ExceptHandler)]
        broad = sum(map(catches_everything, handlers))
        if broad:
            found[name] = broad
    assert found == BROAD_CATCHES


def test_no_failure_is_passed_over_in_silence() -> None:
    silent = [
        f"{name}:{node.lineno}"
        for path, name in zip(FILES, MODULES, strict=True)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ExceptHandler)
        and catches_everything(node)
        and all(isinstance(step, ast.Pass) for step in node.body)
    ]
    assert silent == []


def test_nothing_is_ever_evaluated_or_executed_as_code() -> None:
    strays = [
        f"{name}:{node.lineno}"
        for path, name in zip(FILES, MODULES, strict=True)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in {"eval", "exec", "compile", "__import__"}
    ]
    assert strays == []
