"""The only import of ccxt: one exchange by itself, where a plain import would load all of them.

`ccxt`, `ccxt.async_support` and `ccxt.pro` import every exchange in their `__init__`. A finder in
front of Python's own runs these three without those statements and serves the classes when they
are asked for. Anything unexpected in them, and the plain import is used.
"""

import ast
import importlib
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from threading import Lock
from types import CodeType, ModuleType
from typing import Any, Final

from cts_tui.errors import ConfigError
from cts_tui.exchange.catalog import is_known_exchange, nearest

PACKAGES: Final = ("ccxt", "ccxt.async_support", "ccxt.pro")
_LOCK: Final = Lock()


class SurpriseError(ImportError):
    """ccxt does not look as the hook expects: use the plain import."""


class ServingModule(ModuleType):
    """A ccxt package whose exchange classes are imported when they are first asked for."""

    def __getattr__(self, name: str) -> Any:
        if name not in self.__dict__.get("_served", ()):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        importlib.import_module(f"{self.__name__}.{name}")
        return self.__dict__[name]

    def __setattr__(self, name: str, value: Any) -> None:
        # Importing a submodule binds the module to its name here; the plain package has the class.
        if name in self.__dict__.get("_served", ()) and isinstance(value, ModuleType):
            value = getattr(value, name, value)
        super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self.__dict__.get("_served", ())})


class LeanLoader(SourceFileLoader):
    """Runs a ccxt package without its imports of exchanges."""

    served: frozenset[str] = frozenset()

    def get_code(self, fullname: str) -> CodeType:
        """Return the package's code without the imports; nothing is cached in its `__pycache__`."""
        path = self.get_filename(fullname)
        source = ast.parse(self.get_data(path), path)
        folder = Path(path).parent
        kept = [node for node in source.body if not _imported_exchange(node, fullname, folder)]
        self.served = frozenset(
            name for node in source.body if (name := _imported_exchange(node, fullname, folder))
        )
        source.body = kept
        code: CodeType = self.source_to_code(source, path)
        return code

    def exec_module(self, module: ModuleType) -> None:
        """Run the package, check that nothing is missing, and let it serve its exchanges."""
        super().exec_module(module)
        listed = frozenset(module.__dict__.get("exchanges", ()))
        if not listed or listed != self.served:
            raise SurpriseError(f"{module.__name__} lists other exchanges than it imports")
        clashes = self.served & module.__dict__.keys()
        for name in clashes:  # a submodule that something imported while the package ran
            module.__dict__[name] = getattr(sys.modules[f"{module.__name__}.{name}"], name)
        module.__dict__["_served"] = self.served
        module.__class__ = ServingModule


class LeanFinder(MetaPathFinder):
    """Stands before Python's own finder for the three packages, and for nothing else."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Return the spec with the lean loader, None for every other module."""
        if fullname not in PACKAGES:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or not isinstance(spec.loader, SourceFileLoader):
            return None
        spec.loader = LeanLoader(spec.loader.name, spec.loader.path)
        return spec


def load_exchange(exchange_id: str, *, streaming: bool = True) -> type[Any]:
    """Return ccxt's class of an exchange: of ccxt.pro where it has one, else of async_support.

    Raises ConfigError when ccxt does not know the exchange.
    """
    if not is_known_exchange(exchange_id):
        near = ", ".join(nearest(exchange_id))
        hint = f"; did you mean {near}?" if near else ""
        raise ConfigError(f"ccxt knows no exchange {exchange_id!r}{hint}")
    package = "ccxt.pro" if streaming and has_stream(exchange_id) else "ccxt.async_support"
    found: type[Any] = getattr(_package(package), exchange_id)
    return found


def has_stream(exchange_id: str) -> bool:
    """Return whether ccxt.pro has the exchange, without importing anything."""
    folder = _folder() / "pro"
    return (folder / f"{exchange_id}.py").is_file()


def ccxt_errors() -> ModuleType:
    """Return ccxt's module of errors."""
    _package("ccxt")
    return importlib.import_module("ccxt.base.errors")


def is_lean() -> bool:
    """Return whether the loaded ccxt serves its exchanges one by one (False: plain import)."""
    return isinstance(sys.modules.get("ccxt"), ServingModule)


def _package(name: str) -> ModuleType:
    """Return one of the three packages, imported lean where that goes, plain where it does not."""
    with _LOCK:
        before = {found for found in sys.modules if found.split(".")[0] == "ccxt"}
        finder = _installed()
        try:
            return importlib.import_module(name)
        except Exception as error:  # noqa: BLE001 - whatever it was, the plain import decides
            surprise = error
        sys.meta_path.remove(finder)
        for found in [name for name in sys.modules if name.split(".")[0] == "ccxt"]:
            if found not in before:
                del sys.modules[found]
        try:
            return importlib.import_module(name)
        except ImportError as error:
            raise ConfigError(f"ccxt cannot be imported: {error} (after: {surprise})") from None


def _installed() -> LeanFinder:
    """Return the finder that stands in front, put there once."""
    for finder in sys.meta_path:
        if isinstance(finder, LeanFinder):
            return finder
    finder = LeanFinder()
    sys.meta_path.insert(0, finder)
    return finder


def _folder() -> Path:
    spec = importlib.util.find_spec("ccxt")
    if spec is None or not spec.submodule_search_locations:
        raise ConfigError("ccxt is not installed: expected it beside cts-tui; pip install ccxt")
    return Path(spec.submodule_search_locations[0])


def _imported_exchange(node: ast.stmt, package: str, folder: Path) -> str:
    """Return X of a statement `from <package>.X import X` where X is an exchange's file, or ''."""
    if not isinstance(node, ast.ImportFrom) or node.level or len(node.names) != 1:
        return ""
    parent, _, module = (node.module or "").rpartition(".")
    alias = node.names[0]
    is_one = parent == package and alias.name == module and alias.asname in (None, module)
    return module if is_one and (folder / f"{module}.py").is_file() else ""
