"""`secrets …`: where the key is kept, moved and rotated; a loss is told, never a surprise."""

import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cts_tui.desk.desk import Desk
from cts_tui.model.credentials import Credentials
from cts_tui.paths import DataFolder, config_folder

from .conftest import Cts, execute

GIVEN = Credentials(api_key="AK-" + "t5z6" * 8, secret="SK-" + "u7i8" * 8)
FIELDS = ["source", "usable", "fault", "credentials", "env", "keyring", "key_file", "alert_targets"]


def status(cts: Cts) -> dict[str, Any]:
    found: dict[str, Any] = cts("secrets", "status", "--json").document
    return found


def stored(folder: DataFolder) -> Credentials | None:
    """The credentials as another process reads them."""
    from cts_tui.model.trading import Actor

    desk = Desk.open(folder, Actor.CLI)
    try:
        return desk.credentials.read("bybit")
    finally:
        desk.close()


def last_event(cts: Cts) -> dict[str, Any]:
    found: dict[str, Any] = cts("events", "list", "--limit", 1, "--json").document[0]
    return found


def test_a_server_without_any_key_is_told_what_to_choose(cts: Cts) -> None:
    found = status(cts)
    assert list(found) == FIELDS
    assert (found["source"], found["usable"], found["credentials"]) == (None, False, 0)
    assert "cts-tui secrets use file" in found["fault"]
    said = cts("secrets", "status")
    assert said.code == 0
    assert "none on this machine" in said.out


def test_the_key_moves_from_a_file_to_the_environment_and_is_rotated(
    cts: Cts, folder: DataFolder, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cts("secrets", "use", "file").code == 0
    desk.credentials.put("bybit", GIVEN)
    first = status(cts)["key_file"]
    assert cts("secrets", "rotate", "--json").document["encrypted"] == 1
    second = status(cts)["key_file"]
    assert (Path(first).exists(), Path(second).exists()) == (False, True)
    assert stored(folder) == GIVEN

    monkeypatch.setenv("CTS_MASTER_KEY", "one key of mine")
    assert cts("secrets", "use", "env").code == 0
    assert not Path(second).exists()
    assert stored(folder) == GIVEN
    assert "expected in CTS_MASTER_KEY_NEW" in cts("secrets", "rotate").refusal
    monkeypatch.setenv("CTS_MASTER_KEY_NEW", "one key of mine")
    assert "is the present one" in cts("secrets", "rotate").refusal
    monkeypatch.setenv("CTS_MASTER_KEY_NEW", "another key of mine")
    said = cts("secrets", "rotate")
    assert "from now on CTS_MASTER_KEY must be" in said.out
    assert "another key of mine" not in said.out + said.err
    assert "is not the key" in cts("secrets", "rotate").refusal
    monkeypatch.setenv("CTS_MASTER_KEY", "another key of mine")
    assert stored(folder) == GIVEN
    event = last_event(cts)
    assert (event["kind"], event["subject"]) == ("setting", "master key")
    assert event["before"].startswith("env ")


def test_rotating_does_not_restart_engines_nor_turn_live_off(cts: Cts, desk: Desk) -> None:
    cts("secrets", "use", "file")
    desk.credentials.put("bybit", GIVEN)
    execute(
        desk, "UPDATE connections SET enabled = 1, mode = 'live', live = 1 WHERE name = 'bybit'"
    )
    before = cts("connections", "show", "bybit", "--json").document
    assert cts("secrets", "rotate").code == 0
    after = cts("connections", "show", "bybit", "--json").document
    assert after == before
    assert after["live"] is True


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["use", "somewhere"], "expected keyring, file, passphrase or env"),
        (["use", "env"], "CTS_MASTER_KEY, which is not set here"),
        (["use", "keyring"], "no keyring that can be used"),
        (["use", "passphrase"], "asked for on a terminal"),
        (["rotate"], "choose one with: cts-tui secrets use"),
    ],
)
@pytest.mark.usefixtures("unchanged")
def test_what_cannot_be_done_is_one_line(cts: Cts, arguments: list[str], said: str) -> None:
    assert said in cts("secrets", *arguments).refusal


def test_the_source_in_use_is_not_chosen_again(cts: Cts) -> None:
    cts("secrets", "use", "file")
    assert "kept there already" in cts("secrets", "use", "file").refusal


def test_a_lost_key_is_given_up_only_when_asked_for(
    cts: Cts, folder: DataFolder, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    cts("secrets", "use", "file")
    desk.credentials.put("bybit", GIVEN)
    execute(
        desk, "UPDATE connections SET enabled = 1, mode = 'live', live = 1 WHERE name = 'bybit'"
    )
    key = Path(status(cts)["key_file"])
    content = key.read_bytes()
    key.unlink()
    monkeypatch.setenv("CTS_MASTER_KEY", "a new beginning")
    assert "put it back" in cts("secrets", "use", "env").refusal
    assert status(cts)["usable"] is False
    key.write_bytes(content)
    assert stored(folder) == GIVEN
    key.unlink()
    assert cts("secrets", "use", "env", "--forget").code == 0
    assert cts("connections", "show", "bybit", "--json").document["credentials"] is None
    assert cts("connections", "show", "bybit", "--json").document["live"] is False
    assert "1 secrets forgotten" in last_event(cts)["message"]


def test_a_rotation_that_fails_keeps_the_old_key_and_no_new_one(
    cts: Cts, folder: DataFolder, desk: Desk
) -> None:
    cts("secrets", "use", "file")
    desk.credentials.put("bybit", GIVEN)
    execute(
        desk,
        "CREATE TRIGGER full BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'no room'); END",
    )
    assert "no room" in cts("secrets", "rotate").refusal
    execute(desk, "DROP TRIGGER full")
    assert stored(folder) == GIVEN
    assert len(list((config_folder() / "keys").iterdir())) == 1


_KILLED = """
import os, sys
from cts_tui.store import sealed_rows, vault
from cts_tui.desk import secrets as desk_secrets
place = sys.argv.pop(1)
def die(*_, **__): os._exit(9)
if place == "before":
    sealed_rows.save_key_row = die
else:
    desk_secrets.discard = die
from cts_tui.__main__ import main
main()
"""


@pytest.mark.parametrize("place", ["before", "after"])
def test_a_rotation_that_is_killed_leaves_the_old_key_or_the_new_one_wholly(
    cts: Cts, folder: DataFolder, desk: Desk, place: str
) -> None:
    cts("secrets", "use", "file")
    desk.credentials.put("bybit", GIVEN)
    desk.credentials.put("binance", GIVEN)
    first = status(cts)["key_file"]
    command = [sys.executable, "-c", _KILLED, place, "secrets", "rotate"]
    assert subprocess.run(command, check=False).returncode == 9
    assert (status(cts)["key_file"] == first) is (place == "before")
    assert stored(folder) == GIVEN
    assert cts("secrets", "rotate").code == 0
    assert stored(folder) == GIVEN


def on_a_terminal(answers: list[str], *arguments: str) -> tuple[int, str]:
    """Run a command on a terminal of its own and answer what it asks; return what it said."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(sys.executable, [sys.executable, "-m", "cts_tui", *arguments])
    said = b""
    left = list(answers)
    while True:
        try:
            heard = os.read(terminal, 4_096)
        except OSError:  # the other end is closed
            break
        if not heard:
            break
        said += heard
        if said.rstrip(b" ").endswith(b":") and left:
            os.write(terminal, left.pop(0).encode() + b"\n")
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), said.decode()


def test_a_passphrase_is_asked_for_on_the_terminal_and_unlocks(
    cts: Cts, folder: DataFolder, desk: Desk
) -> None:
    phrase, other = "an easy one to type", "a longer one to type"
    code, said = on_a_terminal([phrase, "something else"], "secrets", "use", "passphrase")
    assert (code, "the two passphrases differ" in said) == (1, True), said
    code, said = on_a_terminal(["short", "short"], "secrets", "use", "passphrase")
    assert (code, "at least 8 characters" in said) == (1, True), said
    code, said = on_a_terminal([phrase, phrase], "secrets", "use", "passphrase")
    assert code == 0, said
    assert phrase not in said
    desk.vault.unlock(phrase)
    desk.credentials.put("bybit", GIVEN)
    assert status(cts)["usable"] is None
    code, said = on_a_terminal([other, other, "wrong one", phrase], "secrets", "rotate")
    assert code == 0, said
    assert "That is not it" in said
    assert other not in said
    desk.vault.unlock(other)
    assert desk.credentials.read("bybit") == GIVEN


def test_an_engine_asks_once_and_runs_without_an_answer(
    cts: Cts, folder: DataFolder, desk: Desk
) -> None:
    phrase = "an easy one to type"
    assert on_a_terminal([phrase, phrase], "secrets", "use", "passphrase")[0] == 0
    desk.vault.unlock(phrase)
    desk.credentials.put("bybit", GIVEN)
    for answer in (phrase, ""):
        code, said = on_a_terminal([answer], "run", "--for", "1")
        assert code == 0, said
        assert said.count("Passphrase of the stored") == 1
        assert "stopped in order" in said
        assert phrase not in said
    said = cts("run", "--for", "1").out
    assert "connections that need credentials wait: a passphrase is asked for" in said
    assert "stopped in order" in said
