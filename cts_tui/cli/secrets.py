"""`cts-tui secrets …`: where the key to the stored credentials is kept."""

from typing import Annotated, Any

import typer

from cts_tui.cli.options import JsonOption, open_desk, print_json
from cts_tui.cli.passphrase import ask_new_on_terminal
from cts_tui.cli.tables import print_facts, say
from cts_tui.errors import ConfigError
from cts_tui.model.vault import KeySource, VaultStatus

app = typer.Typer(
    no_args_is_help=True,
    help="The key that encrypts stored credentials: status, use, rotate.",
)


@app.command("status")
def status(as_json: JsonOption = False) -> None:
    """Show where the key is kept and whether credentials can be read; never a secret."""
    with open_desk() as desk:
        found = desk.secrets.status()
    if as_json:
        print_json(_row(found))
    else:
        print_facts(_facts(found))


@app.command("use")
def use(
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="keyring, file, passphrase or env.")
    ],
    forget: Annotated[
        bool,
        typer.Option(
            "--forget", help="Even if the present key is lost: what it encrypts is deleted."
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Keep the key somewhere else from now on; stored credentials are encrypted anew."""
    if source not in list(KeySource):
        raise ConfigError(f"{source!r} is no source: expected keyring, file, passphrase or env")
    with open_desk() as desk:
        chosen = KeySource(source)
        new = ask_new_on_terminal() if chosen is KeySource.PASSPHRASE else ""
        count = desk.secrets.use(chosen, new, forget=forget)
        _tell(desk.secrets.status(), f"the key is kept in: {source}", count, as_json=as_json)


@app.command("rotate")
def rotate(as_json: JsonOption = False) -> None:
    """Encrypt all stored credentials with a new key from the same source."""
    with open_desk() as desk:
        is_asked = desk.secrets.status().source is KeySource.PASSPHRASE
        new = ask_new_on_terminal() if is_asked else ""
        count = desk.secrets.rotate(new)
        found = desk.secrets.status()
    hint = ""
    if found.source is KeySource.ENV:
        hint = "; from now on CTS_MASTER_KEY must be what CTS_MASTER_KEY_NEW is now"
    _tell(found, f"the key is a new one{hint}", count, as_json=as_json)


def _tell(found: VaultStatus, line: str, count: int, *, as_json: bool) -> None:
    if as_json:
        print_json(_row(found) | {"encrypted": count})
    else:
        say(f"{line}; secrets encrypted with it: {count}")


def _row(found: VaultStatus) -> dict[str, Any]:
    return {
        "source": found.source,
        "usable": found.is_usable,
        "fault": found.fault or None,
        "credentials": found.credentials,
        "env": found.has_env,
        "keyring": found.keyring or None,
        "key_file": found.key_file or None,
        "alert_targets": found.targets,
    }


def _facts(found: VaultStatus) -> dict[str, Any]:
    words = {True: "yes", False: "no", None: "with the passphrase, asked for when it is needed"}
    facts = {
        "key kept in": found.source or "nothing chosen yet",
        "usable": words[found.is_usable],
        "credentials": f"of {found.credentials} connections",
        "alert targets": str(found.targets),
        "environment": f"CTS_MASTER_KEY is {'set' if found.has_env else 'not set'}",
        "keyring": found.keyring or "none on this machine that can be trusted",
    }
    if found.key_file:
        facts["key file"] = found.key_file
    if found.fault:
        facts["what to do"] = found.fault
    return facts
