"""The way in: `cts-tui`, `python -m cts_tui`."""

import logging
import os
import sys

from cts_tui.errors import CtsError


def main() -> None:
    """Run one command; a refusal is one line on stderr and exit code 1, never a traceback."""
    try:
        code = _run(_with_data_dir(sys.argv[1:]))
    except CtsError as error:
        _fail(str(error))
        code = 1
    except (BrokenPipeError, KeyboardInterrupt):
        _forget_output()
        code = 130
    except Exception as error:
        logging.getLogger("cts_tui").exception("unexpected error")
        _fail(f"unexpected {type(error).__name__}: {error}; please report it")
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
    """Take `--data-dir DIR` from wherever it stands and put it into the environment."""
    rest = list(arguments)
    for index, argument in enumerate(arguments):
        name, has_value, value = argument.partition("=")
        if name == "--data-dir" and (has_value or index + 1 < len(arguments)):
            os.environ["CTS_DATA_DIR"] = value if has_value else arguments[index + 1]
            del rest[index : index + (1 if has_value else 2)]
            return rest
        if argument == "--":
            return rest
    return rest


def _fail(message: str) -> None:
    sys.stderr.write(f"cts-tui: {' '.join(message.split())}\n")


def _forget_output() -> None:
    """Point stdout at nothing, so that flushing it at exit does not fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
