"""A display without a screen, and what a person would see and do there: window titles, closing a window."""

import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest


@contextmanager
def running_display(size: str = "1400x900x24") -> Iterator[str]:
    """An X server of our own; gives its name, or skips where there is none to start."""
    if sys.platform != "linux" or not shutil.which("Xvfb"):
        pytest.skip("Xvfb is not installed")
    reading, writing = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", size, "-nolisten", "tcp", "-noreset"], pass_fds=[writing],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    try:
        with os.fdopen(reading) as answer:
            number = answer.readline().strip()
        if not number:
            pytest.skip("Xvfb does not start here")
        yield f":{number}"
    finally:
        server.terminate()
        server.wait()


class _ClientMessage(ctypes.Structure):
    """XClientMessageEvent of Xlib, as long as the largest event."""

    _fields_ = (
        ("type", ctypes.c_int), ("serial", ctypes.c_ulong), ("sent", ctypes.c_int), ("display", ctypes.c_void_p),
        ("window", ctypes.c_ulong), ("message_type", ctypes.c_ulong), ("format", ctypes.c_int),
        ("data", ctypes.c_long * 5), ("rest", ctypes.c_long * 12),
    )


class _TextProperty(ctypes.Structure):
    """XTextProperty of Xlib."""

    _fields_ = (
        ("value", ctypes.c_char_p), ("encoding", ctypes.c_ulong), ("format", ctypes.c_int), ("length", ctypes.c_ulong),
    )


class _Attributes(ctypes.Structure):
    """XWindowAttributes of Xlib."""

    _fields_ = (
        ("place", ctypes.c_int * 6), ("visual", ctypes.c_void_p), ("root", ctypes.c_ulong), ("kind", ctypes.c_int * 4),
        ("backing", ctypes.c_ulong * 2), ("save_under", ctypes.c_int), ("colormap", ctypes.c_ulong),
        ("map_installed", ctypes.c_int), ("map_state", ctypes.c_int), ("rest", ctypes.c_long * 8),
    )


VIEWABLE = 2


class Screen:
    """The windows of one display, seen from outside the program."""

    def __init__(self, name: str) -> None:
        self._x = ctypes.CDLL("libX11.so.6")
        self._x.XOpenDisplay.restype = ctypes.c_void_p
        self._x.XDefaultRootWindow.restype = ctypes.c_ulong
        self._x.XInternAtom.restype = ctypes.c_ulong
        self._display = ctypes.c_void_p(self._x.XOpenDisplay(name.encode()))
        assert self._display.value, f"the display {name} does not answer"
        self._root = self._x.XDefaultRootWindow(self._display)
        self._title = self._x.XInternAtom(self._display, b"_NET_WM_NAME", 0)

    def titles(self) -> dict[int, str]:
        """The visible windows that have a name, by their numbers."""
        parent, root, count = ctypes.c_ulong(), ctypes.c_ulong(), ctypes.c_uint()
        children = ctypes.POINTER(ctypes.c_ulong)()
        self._x.XQueryTree(
            self._display, ctypes.c_ulong(self._root), ctypes.byref(root), ctypes.byref(parent),
            ctypes.byref(children), ctypes.byref(count),
        )
        found = {}
        for window in [children[index] for index in range(count.value)]:
            text = _TextProperty()
            self._x.XGetTextProperty(
                self._display, ctypes.c_ulong(window), ctypes.byref(text), ctypes.c_ulong(self._title),
            )
            if text.value and self._is_visible(window):
                found[window] = text.value.decode(errors="replace")
        if children:
            self._x.XFree(children)
        return found

    def _is_visible(self, window: int) -> bool:
        attributes = _Attributes()
        self._x.XGetWindowAttributes(self._display, ctypes.c_ulong(window), ctypes.byref(attributes))
        return attributes.map_state == VIEWABLE

    def ask_to_close(self, window: int) -> None:
        """What the cross in the title bar sends."""
        protocols = self._x.XInternAtom(self._display, b"WM_PROTOCOLS", 0)
        delete = self._x.XInternAtom(self._display, b"WM_DELETE_WINDOW", 0)
        message = _ClientMessage(type=33, window=window, message_type=protocols, format=32)
        message.data[0] = delete
        self._x.XSendEvent(self._display, ctypes.c_ulong(window), 0, ctypes.c_long(0), ctypes.byref(message))
        self._x.XFlush(self._display)

    def close(self) -> None:
        """Leave the display."""
        self._x.XCloseDisplay(self._display)
