"""Finds the command that was asked for, runs it, and turns what goes wrong into one sentence and an exit status."""

import argparse
import difflib
import importlib
import os
import pkgutil
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import NoReturn

import guibuilder.command_line
from core.errors import CoreError, FileError, UsageError
from core.version import VERSION

DESCRIPTION = "Draw a convolutional network, watch it learn, look inside, take it away."
STATUSES = """"guibuilder COMMAND -h" explains a command; "guibuilder FILE" opens the window with a file.
Exit status: 0 done, 1 the network or the data has errors, 2 wrong usage, 3 a file or a system library is missing,
unreadable or unwritable, 130 interrupted."""
INTERRUPTED = 130
LARGEST_SEED = 2**31 - 1
MOST_THREADS = 256
# argparse's "argument --epochs: must be …".
_ARGUMENT = re.compile(r"^argument (\S+): (must)")
OPENABLE = (".gbnet", ".json", ".onnx")


OpenWindow = Callable[[str | None], int]


def run(arguments: Sequence[str], open_window: OpenWindow | None = None) -> int:
    """Run one command line (without the program's name); returns the exit status of the contract.

    `open_window` is called for no argument or a file, so that no command ever has to know of Qt.
    """
    try:
        return _dispatch(list(arguments), open_window)
    except CoreError as error:
        _complain(error.message)
        return error.exit_status
    except KeyboardInterrupt:
        _complain("interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        # The reader (`head`, a closed pager) has enough; the flush at exit must not complain again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except MemoryError:
        _complain("There is not enough memory for this. Use a smaller batch (--batch-size) or a smaller network.")
        return 1
    except OSError as error:
        if error.filename is None and error.errno is None:
            raise
        _complain(f"{error.filename or 'A file'}: {error.strerror or error}.")
        return FileError.exit_status


def _complain(message: str) -> None:
    print(f"guibuilder: {message}", file=sys.stderr)


def _dispatch(arguments: list[str], open_window: OpenWindow | None) -> int:
    if not arguments:
        return open_window(None) if open_window else _dispatch(["--help"], None)
    first = arguments[0]
    if first.startswith("-") and first != "-":
        _top_parser().parse_args(arguments)
        return 0
    command = _find(first)
    if command is not None:
        return _run_command(command, arguments[1:])
    if open_window is None or len(arguments) > 1 or not (Path(first).exists() or first.lower().endswith(OPENABLE)):
        raise UsageError(_unknown(first))
    if not Path(first).is_file():
        raise FileError(f"There is no file {first}.")
    return open_window(first)


def _run_command(command: ModuleType, arguments: list[str]) -> int:
    parser = _Parser(
        prog=f"guibuilder {command.NAME}", description=command.SUMMARY, conflict_handler="resolve", allow_abbrev=False,
        epilog=getattr(command, "EPILOG", None), formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_common_options(parser)
    command.add_arguments(parser)
    status: int = command.run(parser.parse_args(arguments))
    sys.stdout.flush()
    return status


def _add_common_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seed", type=_whole_number(0, LARGEST_SEED), default=0, metavar="N",
                        help="start of every random stream (0, or a project's own)")
    parser.add_argument("--threads", type=_whole_number(1, MOST_THREADS), default=None, metavar="N",
                        help="kernel threads (all cores)")
    parser.add_argument("--json", action="store_true", help="print one JSON object on standard output, nothing else")


def _whole_number(low: int, high: int) -> Callable[[str], int]:
    """Gives a reader of whole numbers that refuses those outside of its limits."""

    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = low - 1
        if not low <= number <= high:
            raise argparse.ArgumentTypeError(f"must be a whole number from {low:,} to {high:,}, not {text}")
        return number

    return read


class _Parser(argparse.ArgumentParser):
    """Says what is wrong with the options in one sentence; all there is about them is in the help."""

    def error(self, message: str) -> NoReturn:
        self.exit(UsageError.exit_status, f'guibuilder: {self._sentence(message)} "{self.prog} -h" lists what there '
                                          f"is.\n")

    def _sentence(self, message: str) -> str:
        rest = message.removeprefix("unrecognized arguments: ")
        if rest == message:
            return _ARGUMENT.sub(r"\1 \2", message).rstrip(".") + "."
        word = next(iter(rest.split()), "An empty text")
        options = [name for action in self._actions for name in action.option_strings]
        near = difflib.get_close_matches(word.partition("=")[0], options, n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        return f"There is no option {word}.{hint}" if word.startswith("-") else f"{word} is one argument too many."


def commands() -> Iterator[ModuleType]:
    """Every command there is, by name."""
    for name in sorted(_modules()):
        module = importlib.import_module(f"guibuilder.command_line.{name}")
        if hasattr(module, "NAME"):
            yield module


def _modules() -> set[str]:
    return {found.name for found in pkgutil.iter_modules(guibuilder.command_line.__path__)} - {"main"}


def _find(name: str) -> ModuleType | None:
    """The command of this name; its file is called alike (`import_.py` for `import`), so only that one is loaded."""
    plain = name.replace("-", "_")
    for candidate in (plain, f"{plain}_"):
        if candidate in _modules():
            module = importlib.import_module(f"guibuilder.command_line.{candidate}")
            if getattr(module, "NAME", None) == name:
                return module
    return None


def _unknown(name: str) -> str:
    names = [command.NAME for command in commands()]
    near = difflib.get_close_matches(name, names, n=1)
    hint = f" Did you mean \"{near[0]}\"?" if near else " \"guibuilder --help\" lists the commands."
    return f"\"{name}\" is neither a command nor a file.{hint}"


def _top_parser() -> argparse.ArgumentParser:
    lines = [f"  {command.NAME:<12} {command.SUMMARY}" for command in commands()]
    parser = argparse.ArgumentParser(
        prog="guibuilder", usage="guibuilder [FILE]\n       guibuilder COMMAND …", description=DESCRIPTION,
        epilog="\n".join(["commands:", *lines, "", STATUSES]), allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"guibuilder {VERSION}")
    return parser
