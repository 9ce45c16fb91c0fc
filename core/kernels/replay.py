"""Calls of kernels that were noted once and are made again and again, from machine code: no Python in between.

What the interpreter needs for a call lies cold in memory behind every kernel that streams through the caches; looking
it up takes as long as a small layer. So the arguments of every call are laid out beforehand as 64-bit words, and a
thunk for each kind of signature hands them to the kernel as Numba's own calls would.
"""

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
from llvmlite import ir
from numba import typeof, types
from numpy.typing import NDArray

from core.kernels.calls import Call, is_settings
from core.kernels.jit import part
from core.kernels.simd import INT, Builder, Value, intrinsic
from core.kernels.thunks import THUNK, WORD, addresses
from core.kernels.waiting import pause

Integers = NDArray[np.int64]

_LINE = 8  # int64 numbers in a cache line
# What a recording's table begins with: how many phases and threads there are, whether a kernel failed; then the places
# in the table where the counters, the phases, the items and the calls begin.
_PHASES, _THREADS, _FAILED, _COUNTERS, _EDGES, _ITEMS, _CALLS = range(7)


@dataclass
class _Words:
    """The words of a call's arguments, with what must stay alive for them, and which of them point to floats."""

    words: list[int] = field(default_factory=list)
    settings: list[tuple[int, Integers]] = field(default_factory=list)
    arrays: list[tuple[int, NDArray[Any]]] = field(default_factory=list)

    def add(self, kind: Any, value: Any) -> None:
        """An argument of that Numba type, in the order in which Numba passes its members."""
        if isinstance(kind, types.Array):
            place = len(self.words) + 4
            (self.settings if is_settings(value) else self.arrays).append((place, value))
            self.words += [0, 0, value.size, value.itemsize, value.ctypes.data, *value.shape, *value.strides]
        elif isinstance(kind, types.BaseTuple):
            kinds: Any = kind
            for each, member in zip(kinds, value, strict=True):
                self.add(each, member)
        elif isinstance(kind, types.Float):
            self.words.append(*struct.unpack("<q", struct.pack("<d" if kind.bitwidth == 64 else "<fxxxx", value)))
        elif isinstance(kind, types.Integer | types.Boolean):
            number = int(value)
            self.words.append(number if number < 1 << 63 else number - (1 << 64))
        else:
            raise TypeError(f"A call with {kind} cannot be made again.")


_kinds: dict[tuple[Any, ...], Any] = {}


def _bound(call: Call) -> tuple[Any, _Words]:
    """The LLVM type of a call's function, and the words for a thunk: the function's address and its arguments."""
    kinds = tuple(map(_kind_of, call.arguments))
    function, address = _way_to(call.compiled, kinds)
    found = _Words([address])
    for kind, value in zip(kinds, call.arguments, strict=True):
        found.add(kind, value)
    return function, found


def _kind_of(value: Any) -> Any:
    """Numba's type of an argument; for arrays found once for all that are alike."""
    if not isinstance(value, np.ndarray):
        return typeof(value)
    flags = value.flags
    alike = value.dtype, value.ndim, flags.c_contiguous, flags.f_contiguous, flags.writeable, flags.aligned
    if alike not in _kinds:
        _kinds[alike] = typeof(value)
    return _kinds[alike]


@cache
def _way_to(compiled: Any, kinds: tuple[Any, ...]) -> tuple[Any, int]:
    """The LLVM type and the address of the function for arguments of those types.

    Looked up once: a batch has thousands of calls of a few functions.
    """
    if kinds not in compiled.overloads:
        compiled.compile(kinds)
    result = compiled.overloads[kinds]
    kind = result.target_context.call_conv.get_function_type(result.fndesc.restype, result.fndesc.argtypes)
    return kind, int(result.library.get_pointer_to_function(result.fndesc.llvm_func_name))


class Recording:
    """Phases of works, each a number of calls for each thread; all works of a phase are done before the next begins.

    A work may be done by any thread, which then makes the calls that were noted for it. Everything is in one `table`.
    What points into the array `given` can be pointed elsewhere; all other arrays are kept alive. Calls are taken one by
    one, so that notes of them need not exist all at once.
    """

    def __init__(self, phases: Iterable[Iterable[Iterable[Iterable[Call]]]], threads: int,
                 given: NDArray[Any] | None = None) -> None:
        edges, items, bound = list[tuple[int, int]](), list[tuple[int, int]](), list[_Bound]()
        self._kept: dict[int, Any] = {}
        for phase in phases:
            first = len(items)
            for work in phase:
                for calls in work:
                    begin = len(bound)
                    bound += [self._bound(call, given) for call in calls]
                    items.append((begin, len(bound)))
            edges.append((first, (len(items) - first) // threads))
        counters, header = np.zeros(2 * _LINE * len(edges), np.int64), np.zeros(_LINE, np.int64)
        parts = [header, counters, *(np.array(each, np.int64).reshape(-1) for each in (edges, items)),
                 self._lay_out(bound)]
        self.table = np.concatenate([_in_lines(each) for each in parts])
        places = np.cumsum([_whole_lines(each.size) for each in parts])
        self.table[:_CALLS + 1] = len(edges), threads, 0, *places[:4]

    def _bound(self, call: Call, given: NDArray[Any] | None) -> "_Bound":
        kind, words = _bound(call)
        begin, end = (0, 0) if given is None else (given.ctypes.data, given.ctypes.data + given.nbytes)
        open_places = []
        for place, array in words.arrays:
            if begin <= words.words[place] < end:
                open_places.append((place, words.words[place] - begin))
            else:
                owner = array
                while isinstance(owner.base, np.ndarray):
                    owner = owner.base
                self._kept[id(owner)] = owner
        settings = [(place, _in_lines(array.reshape(-1))) for place, array in words.settings]
        return _Bound(kind, _in_lines(np.array(words.words, np.int64)), settings, open_places)

    def _lay_out(self, bound: Sequence["_Bound"]) -> Integers:
        """Words and settings one after the other, as they are read; no two calls share a cache line."""
        nothing = np.zeros(0, np.int64)
        self._words = np.concatenate([nothing, *(each.words for each in bound)])
        self._copies = np.concatenate([nothing, *(array for each in bound for _, array in each.settings)])
        names = [str(each.kind) for each in bound]
        thunks = addresses(dict(zip(names, (each.kind for each in bound), strict=True)))
        calls = np.empty((len(bound), 2), np.int64)
        self._places: list[tuple[int, int]] = []
        at = copied = 0
        for number, each in enumerate(bound):
            calls[number] = thunks[names[number]], self._words.ctypes.data + 8 * at
            for place, array in each.settings:
                self._words[at + place] = self._copies.ctypes.data + 8 * copied
                copied += array.size
            self._places += [(at + place, behind) for place, behind in each.places]
            at += each.words.size
        return calls.reshape(-1)

    def point(self, array: NDArray[Any]) -> None:
        """Let what points into `given` point into another array like it, which the caller keeps alive."""
        if self._places:
            begin = array.__array_interface__["data"][0]  # quicker than ctypes
            for place, behind in self._places:
                self._words[place] = begin + behind


@dataclass
class _Bound:
    """A call by the type of its function: words, settings that a word is to point to, and words that may be moved."""

    kind: Any
    words: Integers
    settings: list[tuple[int, Integers]]
    places: list[tuple[int, int]]


def _whole_lines(count: int) -> int:
    return -(-count // _LINE) * _LINE


def _in_lines(numbers: Integers) -> Integers:
    """Numbers with zeros behind them up to whole cache lines."""
    found = np.zeros(_whole_lines(numbers.size), np.int64)
    found[:numbers.size] = numbers
    return found


@intrinsic
def _read(typing: Any, table: Any, place: Any) -> Any:
    """The number at a place of the table at an address."""
    signature = types.int64(types.int64, types.int64)

    def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
        return builder.load_atomic(_place(builder, *arguments), "acquire", 8)

    return signature, generate


@intrinsic
def _write(typing: Any, table: Any, place: Any, value: Any) -> Any:
    """Set the number at a place of the table at an address."""
    signature = types.void(types.int64, types.int64, types.int64)

    def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
        builder.store_atomic(arguments[2], _place(builder, *arguments[:2]), "release", 8)
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def _count(typing: Any, table: Any, place: Any) -> Any:
    """What the number was before it is counted up, however many threads count."""
    signature = types.int64(types.int64, types.int64)

    def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
        return builder.atomic_rmw("add", _place(builder, *arguments), ir.Constant(INT, 1), "seq_cst")

    return signature, generate


def _place(builder: Builder, table: Value, place: Value) -> Value:
    return builder.gep(builder.inttoptr(table, WORD), [place])


@intrinsic
def _make_call(typing: Any, thunk: Any, words: Any) -> Any:
    """Call a thunk with the words at an address; what it gives is not 0 where something went wrong."""
    signature = types.int64(types.int64, types.int64)

    def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
        given = builder.inttoptr(arguments[1], WORD)
        return builder.zext(builder.call(builder.inttoptr(arguments[0], THUNK.as_pointer()), [given]), INT)

    return signature, generate


@part
def rewind(table: int) -> None:
    """Before threads play the recording whose table lies at that address."""
    counters = _read(table, _COUNTERS)
    for place in range(counters, counters + 2 * _LINE * _read(table, _PHASES)):
        _write(table, place, 0)
    _write(table, _FAILED, 0)


@part
def play(table: int, thread: int) -> None:
    """Do what there is to do until all phases are over; each of the threads does this, or some of them."""
    counters, edges, items, calls = (_read(table, _COUNTERS), _read(table, _EDGES), _read(table, _ITEMS),
                                     _read(table, _CALLS))
    for phase in range(_read(table, _PHASES)):
        first, count = _read(table, edges + 2 * phase), _read(table, edges + 2 * phase + 1)
        taken, done = counters + 2 * _LINE * phase, counters + 2 * _LINE * phase + _LINE
        number = _count(table, taken)
        while number < count:
            at = items + 2 * (first + number * _read(table, _THREADS) + thread)
            for each in range(_read(table, at), _read(table, at + 1)):
                if _make_call(_read(table, calls + 2 * each), _read(table, calls + 2 * each + 1)) != 0:
                    _write(table, _FAILED, 1)
            _count(table, done)
            number = _count(table, taken)
        while _read(table, done) < count:
            pause()


@part
def failed(table: int) -> bool:
    """Whether a kernel failed."""
    return bool(_read(table, _FAILED) != 0)
