"""The door of the worker process: light enough for the window to import, it loads the engine only over there."""

import importlib
from multiprocessing.connection import Connection


def serve(connection: Connection) -> None:
    """Run the worker until the pipe closes. The name of the module is a text so that the window never imports it."""
    importlib.import_module("core.worker.main").main(connection)
