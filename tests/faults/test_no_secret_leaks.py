"""S10: whatever the program prints, writes or leaves behind, no secret is in it. Raw bytes decide.

Real processes on a data folder of their own: every listing command, an engine with an enabled
connection, a crash with secrets at hand, the process list.
"""

import base64
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote_plus

import pytest

KEY, SECRET = "LeakKey+0123456789/abcdef", "LeakSecret=9876543210+/fedcba"
PASSWORD = "LéakPass wörd"

MASTER = "LeakMaster key of the whole store"
TOPIC = "LeakTopic-5551234567"
SECRETS = (KEY, SECRET, PASSWORD, MASTER, TOPIC)
GIVEN = json.dumps({"apiKey": KEY, "secret": SECRET, "password": PASSWORD}).encode()
NOWHERE = json.dumps({"urls": {"api": {"public": "http://127.0.0.1:9", "private": "http://x"}}})

LISTINGS = [
    ["status"],
    ["health"],
    ["connections", "list"],
    ["connections", "show", "mine"],
    ["strategies", "list"],
    ["signals", "list"],
    ["positions", "list"],
    ["orders", "list"],
    ["events", "list"],
    ["secrets", "status"],
    ["alerts", "list", "--all"],
    ["alerts", "targets", "list"],
    ["alerts", "test"],
]

_EACH = """
import json, sys
from cts_tui.__main__ import main
for arguments in json.loads(sys.argv[1]):
    sys.argv = ["cts-tui", *arguments]
    try:
        main()
    except SystemExit as end:
        print(arguments, "ended with", end.code)
"""
_CRASH = """
import sys
from cts_tui.desk.health import HealthDesk
from cts_tui.model.trading import Actor
from cts_tui.desk.desk import Desk
from cts_tui.paths import data_folder

def report(self):
    held = Desk.open(data_folder(), Actor.CLI).credentials.read("mine")
    api_key, secret = held.api_key, held.secret
    raise RuntimeError(f"refused {held!r} {api_key} signed with {secret!r}, {held.password}")

HealthDesk.report = report
sys.argv = ["cts-tui", "health"]
from cts_tui.__main__ import main
main()
"""


def spellings(secret: str) -> Iterator[bytes]:
    raw = secret.encode()
    yield raw
    yield json.dumps(secret)[1:-1].encode()
    yield quote_plus(secret).encode()
    yield base64.b64encode(raw)
    yield raw.hex().encode()
    yield secret.encode("utf-16-le")


def leaks(content: bytes) -> list[str]:
    return [secret for secret in SECRETS if any(form in content for form in spellings(secret))]


class World:
    """A data folder, and commands on it; all that they say is kept."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.said = b""
        self.environment = {
            name: value for name, value in os.environ.items() if not name.startswith("CTS_")
        } | {
            "CTS_DATA_DIR": str(root / "data"),
            "CTS_CONFIG_DIR": str(root / "config"),
            "CTS_MASTER_KEY": MASTER,
        }

    def call(self, *arguments: str, given: bytes = b"") -> int:
        return self.python("-m", "cts_tui", *arguments, given=given)

    def python(self, *arguments: str, given: bytes = b"") -> int:
        done = subprocess.run(
            [sys.executable, *arguments],
            input=given, env=self.environment, capture_output=True, check=False,
        )  # fmt: skip
        self.said += done.stdout + done.stderr
        return done.returncode

    def files(self) -> Iterator[Path]:
        yield from (path for path in self.root.rglob("*") if path.is_file())


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A connection with credentials, as a first command has stored it."""
    world = World(tmp_path_factory.mktemp("leaks"))
    code = world.call(
        "connections", "add", "mine", "--exchange", "okx", "--mode", "testnet",
        "--ccxt-config", NOWHERE, "--credentials-stdin", given=GIVEN,
    )  # fmt: skip
    assert code == 0, world.said
    address = f"json://127.0.0.1:9/{TOPIC}".encode()
    assert world.call("alerts", "targets", "add", "phone", given=address) == 0, world.said
    return world


def test_no_listing_shows_one(world: World) -> None:
    commands = [[*command, *ending] for command in LISTINGS for ending in ([], ["--json"])]
    assert world.python("-c", _EACH, json.dumps([*commands, ["secrets", "rotate"]])) == 0
    assert b"okx" in world.said
    assert world.said.count(b"ended with") == len(commands) + 1
    assert b"Traceback" not in world.said
    assert leaks(world.said) == []


def test_no_refused_input_is_echoed(world: World) -> None:
    edit = ("connections", "edit", "mine", "--credentials-stdin")
    for given in (GIVEN[:-1], b"[" + GIVEN + b"]", GIVEN.replace(b"apiKey", KEY.encode()), b"{}"):
        assert world.call(*edit, given=given) == 1
    assert world.call("connections", "edit", "mine", "--ccxt-config", GIVEN.decode()) == 1
    for address in (TOPIC, f"json:/{TOPIC}", f"nothing://{TOPIC}", f"json://a/b json://{TOPIC}"):
        assert world.call("alerts", "targets", "add", "other", given=address.encode()) == 1
    assert leaks(world.said) == []


def test_no_crash_shows_one_nor_does_its_traceback_in_the_log(world: World) -> None:
    assert world.python("-c", _CRASH) == 1
    assert b"please report it" in world.said
    log = world.root / "data" / "logs" / "cts.log"
    assert b"RuntimeError: refused" in log.read_bytes()
    assert leaks(world.said + log.read_bytes()) == []


def test_no_engine_writes_one_and_no_process_list_shows_one(world: World) -> None:
    assert world.call("connections", "enable", "mine") == 0
    engine = subprocess.Popen(
        [sys.executable, "-m", "cts_tui", "run"],
        env=world.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            world.said += Path(f"/proc/{engine.pid}/cmdline").read_bytes()
            if world.call("connections", "show", "mine") == 0 and b"degraded" in world.said:
                break
    finally:
        engine.terminate()
        said, _ = engine.communicate(timeout=30)
    world.said += said
    assert b"stopped in order" in said
    assert leaks(world.said) == []


def test_no_file_holds_one(world: World) -> None:
    found = {str(path): leaks(path.read_bytes()) for path in world.files()}
    assert any(path.endswith("cts.db") for path in found)
    assert {path: secrets for path, secrets in found.items() if secrets} == {}


def test_every_file_is_private(world: World) -> None:
    assert {path.stat().st_mode & 0o077 for path in world.files()} == {0}


def test_the_search_would_find_one() -> None:
    for secret in SECRETS:
        for form in spellings(secret):
            assert leaks(b"\x00..." + form + b"...") == [secret]
