"""Recognises the PySide6 builds that end the interpreter.

PySide6 6.12.0 on Python before 3.12 gives back None without counting the reference; after some thousand calls the
interpreter stops with "none_dealloc". Two hundred harmless calls show it.
"""

import sys

CALLS = 200


def qt_is_sound() -> bool:
    """Whether Qt calls leave the reference count of None as it was; about one millisecond."""
    from PySide6.QtCore import QObject

    thing = QObject()
    before = sys.getrefcount(None)
    for _ in range(CALLS):
        thing.setObjectName("x")
    return before - sys.getrefcount(None) <= CALLS // 2
