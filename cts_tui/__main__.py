"""The way in: `cts-tui`, `python -m cts_tui`."""

import logging
import os
import sys

from cts_tui.errors import ConfigError, CtsError
from cts_tui.redaction import redacted

_LOG = logging.getLogger("cts_tui")
_DATA_DIR = "--data-dir"


class _UsageError(Exception):
    """The command line cannot be understood: exit code 2."""


def main() -> None:
    """Run one command; a refusal is one line on stderr and exit code 1, never a traceback."""
    os.umask(0o077)  # what the desk writes is for its owner's eyes (S10)
    _LOG.addHandler(logging.NullHandler())  # stderr is for the one line
    try:
        code = _run(_with_data_dir(sys.argv[1:]))
    except _UsageError as error:
        _fail(str(error))
        code = 2
    except CtsError as error:
        _fail(str(error))
        code = 1
    except BrokenPipeError:
        _forget_output()
        code = 1
    except KeyboardInterrupt:
        _fail("interrupted")
        code = 130
    except Exception as error:  # noqa: BLE001 - the outermost edge: told, logged, exit 1
        _fail(f"unexpected {type(error).__name__}: {error}; please report it{_log_fault()}")
        code = 1
    sys.exit(code)


def _run(arguments: list[str]) -> int:
    if not arguments:  # the desk, without the time it takes to load the commands
        from cts_tui.cli.run import open_or_run

        return open_or_run()
    from cts_tui.cli.main import app

    try:
        app(arguments, prog_name="cts-tui")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(bool(end.code))
    return 0


def _with_data_dir(arguments: list[str]) -> list[str]:
    """Take `--data-dir DIR` from wherever it stands (the last one counts) into the environment.

    Raises _UsageError when its folder is missing, so that no other folder is used by mistake.
    """
    rest: list[str] = []
    left = iter(arguments)
    for argument in left:
        name, has_value, value = argument.partition("=")
        if argument == "--":
            return [*rest, argument, *left]
        if name != _DATA_DIR:
            rest.append(argument)
            continue
        folder = value if has_value else next(left, "")
        if not folder:
            raise _UsageError("--data-dir names no folder: expected --data-dir FOLDER")
        os.environ["CTS_DATA_DIR"] = folder
    return rest


def _fail(message: str) -> None:
    sys.stderr.write(f"cts-tui: {redacted(' '.join(message.split()))}\n")


def _log_fault() -> str:
    """Write the exception at hand to the log file, if there is one; return where it is."""
    from cts_tui.desk.log_file import log_to
    from cts_tui.paths import data_folder

    file = data_folder().log
    try:
        log_to(file)
    except ConfigError:
        return ""
    _LOG.exception("unexpected error")
    return f" with what stands in {file}"


def _forget_output() -> None:
    """Point stdout at nothing, so that flushing it at exit does not fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
