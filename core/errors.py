"""What goes wrong because of what was asked, each in one sentence that says what to do next.

A `CoreError` is for the person at the screen; anything else that is raised is a bug and must surface.
"""


class CoreError(Exception):
    """Something asked for cannot be done; the message says why and what to do. `exit_status` is the command line's."""

    exit_status = 1

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class UsageError(CoreError):
    """A command, option or setting that does not exist or does not fit."""

    exit_status = 2


class SettingError(UsageError):
    """A value outside the limits of its setting."""


class FileError(CoreError):
    """A file that is missing, unreadable, damaged, foreign, too new or unwritable."""

    exit_status = 3


class FormatError(FileError):
    """A file whose content is not what its format promises, or a format that cannot carry a layer."""


class SystemLibraryError(CoreError):
    """A library of the operating system is missing."""

    exit_status = 3


class DataError(CoreError):
    """Pictures or labels that do not fit together or do not fit the network."""


class NetworkError(CoreError):
    """A network that cannot run yet; the problems are listed in the message."""


class TrainingError(CoreError):
    """A training that cannot start or had to stop."""


class MemoryRefused(TrainingError):
    """A training that would not fit into memory; `batch` is the largest power of two that would, 0 where none does."""

    def __init__(self, message: str, batch: int = 0) -> None:
        super().__init__(message)
        self.batch = batch


class EdgeRefused(CoreError):
    """A wire that may not be drawn. `code` names the reason: cycle, taken, duplicate, port, self, missing."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
