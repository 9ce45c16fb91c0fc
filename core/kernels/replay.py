"""Calls of kernels that were noted once and are made again and again, from machine code: no Python in between.

What the interpreter needs for a call lies cold in memory behind every kernel that streams through the caches; looking
it up takes as long as a small layer. So the arguments of every call are laid out beforehand as 64-bit words, and a
thunk for each kind of signature hands them to the kernel as Numba's own calls would.
"""

import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import llvmlite.binding as llvm
import numpy as np
from llvmlite import ir
from numba import types
from numpy.typing import NDArray

from core.kernels.calls import Call, is_settings
from core.kernels.jit import kernel
from core.kernels.simd import INT, Builder, Value, intrinsic
from core.kernels.waiting import look

Integers = NDArray[np.int64]

_LINE = 8  # int64 numbers in a cache line
_LOOKS = 20_000  # of 25 to 50 ns, after which a thread that waits for others sleeps now and then
_NAP = 50e-6  # seconds
_STATUS, _WORD = ir.IntType(32), INT.as_pointer()


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
            self.words.append(int(value))
        else:
            raise TypeError(f"A call with {kind} cannot be made again.")


class _Thunks:
    """A small function for each kind of signature: it takes the words of a call, and calls."""

    def __init__(self) -> None:
        self._found: dict[str, int] = {}
        self._engines: list[Any] = []
        self._machine: Any = None

    def address(self, kind: Any) -> int:
        """Of the thunk for functions of that LLVM type."""
        name = str(kind)
        if name not in self._found:
            self._found[name] = self._make(kind)
        return self._found[name]

    def _make(self, kind: Any) -> int:
        module = ir.Module()
        function = ir.Function(module, ir.FunctionType(_STATUS, [_WORD]), "thunk")
        builder, words = ir.IRBuilder(function.append_basic_block()), function.args[0]
        # Where the result goes, and what went wrong; nobody looks at them.
        room = [builder.bitcast(builder.alloca(INT), each) for each in kind.args[:2]]

        def word(number: int, wanted: Any) -> Value:
            place = builder.gep(words, [ir.Constant(INT, number)])
            if isinstance(wanted, ir.IntType):
                return builder.trunc(builder.load(place), wanted) if wanted.width < 64 else builder.load(place)
            return builder.load(builder.bitcast(place, wanted.as_pointer()))

        called = builder.inttoptr(builder.load(words), kind.as_pointer())
        given = [word(number, each) for number, each in enumerate(kind.args[2:], 1)]
        builder.ret(builder.call(called, [*room, *given]))
        return self._compiled(module)

    def _compiled(self, module: ir.Module) -> int:
        if self._machine is None:
            llvm.initialize_native_target()
            llvm.initialize_native_asmprinter()
            target = llvm.Target.from_default_triple()
            self._machine = target.create_target_machine(opt=1, jit=True)
        engine = llvm.create_mcjit_compiler(llvm.parse_assembly(str(module)), self._machine)
        engine.finalize_object()
        self._engines.append(engine)
        return int(engine.get_function_address("thunk"))


_thunks = _Thunks()


def _bound(call: Call) -> tuple[int, _Words]:
    """A thunk's address, and the words for it: the function's address and its arguments."""
    compiled = call.compiled
    kinds = tuple(compiled.typeof_pyval(each) for each in call.arguments)
    if kinds not in compiled.overloads:
        compiled.compile(kinds)
    result = compiled.overloads[kinds]
    found = _Words([int(result.library.get_pointer_to_function(result.fndesc.llvm_func_name))])
    for kind, value in zip(result.fndesc.argtypes, call.arguments, strict=True):
        found.add(kind, value)
    convention = result.target_context.call_conv
    return _thunks.address(convention.get_function_type(result.fndesc.restype, result.fndesc.argtypes)), found


class Recording:
    """Phases of works, each a number of calls for each thread; all works of a phase are done before the next begins.

    A work may be done by any thread, which then makes the calls that were noted for it.
    """

    def __init__(self, phases: Sequence[Sequence[Sequence[Sequence[Call]]]], threads: int) -> None:
        self._threads, self._kept = threads, list[NDArray[Any]]()
        edges, items, bound = list[tuple[int, int]](), list[tuple[int, int]](), list[tuple[int, _Words]]()
        for phase in phases:
            edges.append((len(items), len(phase)))
            for work in phase:
                for calls in work:
                    items.append((len(bound), len(bound) + len(calls)))
                    bound += [_bound(call) for call in calls]
        self._phases = np.array(edges, np.int64).reshape(-1, 2)
        self._items = np.array(items, np.int64).reshape(-1, 2)
        self._lay_out(bound)
        self._state = np.zeros(2 * _LINE * len(edges) + _LINE, np.int64)

    def _lay_out(self, bound: Sequence[tuple[int, _Words]]) -> None:
        """Words and settings one after the other, as they are read; no two calls share a cache line."""
        self._words = np.concatenate([np.zeros(0, np.int64), *(_in_lines(np.array(each.words, np.int64))
                                                               for _, each in bound)])
        settings = [array for _, each in bound for _, array in each.settings]
        copies = np.concatenate([np.zeros(0, np.int64), *(_in_lines(each.reshape(-1)) for each in settings)])
        self._kept.append(copies)
        self._calls = np.empty((len(bound), 2), np.int64)
        self._pointers: list[tuple[int, NDArray[Any]]] = []
        at = copied = 0
        for number, (thunk, each) in enumerate(bound):
            self._calls[number] = thunk, self._words.ctypes.data + 8 * at
            for place, array in each.settings:
                self._words[at + place] = copies.ctypes.data + 8 * copied
                copied += _whole_lines(array.size)
            self._pointers += [(at + place, array) for place, array in each.arrays]
            at += _whole_lines(len(each.words))

    def pointers_into(self, array: NDArray[Any]) -> list[tuple[int, int]]:
        """Which words point into an array, and how far behind its beginning."""
        begin, end = array.ctypes.data, array.ctypes.data + array.nbytes
        return [(place, each.ctypes.data - begin) for place, each in self._pointers
                if begin <= each.ctypes.data < end]

    def point(self, places: Sequence[tuple[int, int]], array: NDArray[Any]) -> None:
        """Let words point into another array of the same length, which the caller keeps alive."""
        begin = array.__array_interface__["data"][0]  # quicker than ctypes
        for place, behind in places:
            self._words[place] = begin + behind

    def begin(self) -> None:
        """Before the threads play."""
        self._state[:] = 0

    def play(self, thread: int) -> None:
        """Do what there is to do until all phases are over; each of the threads calls this, or some of them."""
        phase, state = 0, self._state
        while phase < len(self._phases):
            phase = _play(state, self._phases, self._items, self._calls, thread, self._threads, phase, _LOOKS)
            if phase < len(self._phases):
                time.sleep(_NAP)
        if state[-1]:
            raise RuntimeError("a kernel failed")


def _whole_lines(count: int) -> int:
    return -(-count // _LINE) * _LINE


def _in_lines(numbers: Integers) -> Integers:
    """Numbers with zeros behind them up to whole cache lines."""
    return np.pad(numbers, (0, _whole_lines(numbers.size) - numbers.size))


@intrinsic
def _next(typing: Any, state: Any, place: Any) -> Any:
    """What state[place] was before it is counted up, however many threads count."""
    signature = types.int64(state, types.int64)

    def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        return builder.atomic_rmw("add", builder.gep(data, [arguments[1]]), ir.Constant(INT, 1), "seq_cst")

    return signature, generate


@intrinsic
def _make_call(typing: Any, thunk: Any, words: Any) -> Any:
    """Call a thunk with the words at an address; what it gives is not 0 where something went wrong."""
    signature = types.int64(types.int64, types.int64)

    def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
        kind = ir.FunctionType(_STATUS, [_WORD]).as_pointer()
        given = builder.inttoptr(arguments[1], _WORD)
        return builder.zext(builder.call(builder.inttoptr(arguments[0], kind), [given]), INT)

    return signature, generate


@kernel
def _play(state: Integers, phases: Integers, items: Integers, calls: Integers, thread: int, threads: int, begin: int,
          looks: int) -> int:
    """Make the calls from phase `begin` on; gives the phase that others are still at after so many looks."""
    for phase in range(begin, phases.shape[0]):
        first, count, place = phases[phase, 0], phases[phase, 1], 2 * _LINE * phase
        number = _next(state, place)
        while number < count:
            at = first + number * threads + thread
            for each in range(items[at, 0], items[at, 1]):
                if _make_call(calls[each, 0], calls[each, 1]) != 0:
                    state[state.size - 1] = 1
            _next(state, place + _LINE)
            number = _next(state, place)
        looked = 0
        while look(state, place + _LINE) < count:
            looked += 1
            if looked > looks:
                return phase
    return int(phases.shape[0])
