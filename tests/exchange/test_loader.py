import json
import subprocess
import sys
from typing import Any

import pytest

from cts_tui.errors import ConfigError
from cts_tui.exchange import loader
from cts_tui.exchange.catalog import exchange_ids

DIGESTS = """
import hashlib, importlib, json, sys
package = sys.argv[2]
if sys.argv[1] == "lean":
    from cts_tui.exchange import loader
    loader.ccxt_errors()
    assert loader.is_lean()

def plain(value):
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    return value if isinstance(value, (str, int, float, bool, type(None))) else repr(type(value))

def digest(found):
    words = json.dumps([
        [f"{base.__module__}.{base.__qualname__}" for base in found.__mro__],
        found.__module__, sorted(vars(found)), sorted(dir(found)),
        plain(found.describe(found())),
    ])
    return hashlib.sha256(words.encode()).hexdigest()

digests = {}
module = importlib.import_module(package)
for name in module.exchanges:
    digests[name] = digest(getattr(module, name))
digests[package] = [module.exchanges, getattr(module, "__all__", None),
                    sorted(name for name in dir(module) if name != "_served")]
print(json.dumps(digests))
"""
PACKAGES = ("ccxt", "ccxt.async_support", "ccxt.pro")


def run(program: str, *arguments: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-W", "error::ImportWarning", "-c", program, *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("package", PACKAGES)
def test_every_class_is_the_same_as_by_the_plain_import(package: str) -> None:
    lean, plain = run(DIGESTS, "lean", package), run(DIGESTS, "plain", package)
    assert len(plain) > 50
    assert [name for name in plain if lean.get(name) != plain[name]] == []
    assert lean.keys() == plain.keys()


LOADED = """
import json, sys
from cts_tui.exchange import loader
from cts_tui.exchange.catalog import exchange_ids
found = loader.load_exchange(sys.argv[1])
exchanges = {name.split(".")[-1] for name in sys.modules if name.startswith("ccxt.")}
print(json.dumps([found.__module__, sorted(exchanges & exchange_ids())]))
"""


@pytest.mark.parametrize(
    ("exchange", "module", "loaded"),
    [
        ("bybit", "ccxt.pro.bybit", ["bybit"]),
        ("bybiteu", "ccxt.pro.bybiteu", ["bybit", "bybiteu"]),
        ("btcbox", "ccxt.async_support.btcbox", ["btcbox"]),
    ],
)
def test_only_the_exchange_asked_for_is_loaded(
    exchange: str, module: str, loaded: list[str]
) -> None:
    assert run(LOADED, exchange) == [module, loaded]


def test_a_ccxt_that_was_imported_before_is_used_as_it_is() -> None:
    found = run(
        "import json, sys, ccxt\n"
        "from cts_tui.exchange import loader\n"
        "found = loader.load_exchange('kraken')\n"
        "print(json.dumps([found.__module__, loader.is_lean(), ccxt.kraken.__name__,"
        " issubclass(found, ccxt.async_support.kraken),"
        " loader.ccxt_errors() is sys.modules['ccxt.base.errors']]))"
    )
    assert found == ["ccxt.pro.kraken", False, "kraken", True, True]


def test_others_may_import_ccxt_afterwards_in_every_way() -> None:
    found = run(
        "import json\n"
        "from cts_tui.exchange import loader\n"
        "loader.load_exchange('okx')\n"
        "import ccxt, ccxt.pro, ccxt.async_support as later\n"
        "from ccxt import kraken\n"
        "from ccxt.async_support import kraken as other\n"
        "import ccxt.async_support.bitso\n"
        "names = {}\n"
        "exec('from ccxt import *', names)\n"
        "print(json.dumps([kraken.__module__, other.__module__, later.bitso.__name__,"
        " hasattr(ccxt, 'nothing'), isinstance(later.bitso, type),"
        " names['okx'] is ccxt.okx, issubclass(ccxt.pro.okx, later.okx)]))"
    )
    assert found == ["ccxt.kraken", "ccxt.async_support.kraken", "bitso", False, True, True, True]


@pytest.mark.parametrize(
    "surprise",
    [
        "loader._imported_exchange = lambda *_: ''",
        "loader.LeanLoader.get_code = lambda *_: 1 / 0",
        "loader.ServingModule = int",
    ],
)
def test_anything_unexpected_leads_to_the_plain_import(surprise: str) -> None:
    found = run(
        "import json, sys\n"
        "from cts_tui.exchange import loader\n"
        f"{surprise}\n"
        "found = loader.load_exchange('bybit')\n"
        "import ccxt\n"
        "print(json.dumps([found.__module__, 'kraken' in vars(ccxt), len(sys.meta_path)]))"
    )
    assert found[:2] == ["ccxt.pro.bybit", True]


def test_an_unknown_exchange_is_refused_with_the_nearest_names() -> None:
    with pytest.raises(ConfigError, match=r"binanse.*did you mean binance"):
        loader.load_exchange("binanse")


def test_every_exchange_with_a_stream_is_known_to_the_catalog() -> None:
    streaming = {name for name in exchange_ids() if loader.has_stream(name)}
    assert {"binance", "bybit", "okx", "kraken"} <= streaming
    assert not loader.has_stream("btcbox")
