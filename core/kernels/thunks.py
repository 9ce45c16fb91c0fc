"""Small functions between recorded calls and kernels: each takes the words of a call from memory, and calls."""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir

from core.kernels.jit import CACHE_FOLDER
from core.kernels.simd import INT, Value

# What every thunk is: it takes the address of the words, and gives what is not 0 where something went wrong.
WORD = INT.as_pointer()
THUNK = ir.FunctionType(ir.IntType(32), [WORD])

_known: dict[str, int] = {}
# Recordings call what lies in these; the same few kinds come again and again.
_engines: list[Any] = []


def addresses(kinds: Mapping[str, Any]) -> dict[str, int]:
    """Where the thunks for functions of these LLVM types lie, by name; new ones are compiled in one go.

    The first word is the function's address, the others are its arguments as Numba passes them.
    """
    missing = [name for name in kinds if name not in _known]
    if missing:
        module = ir.Module()
        for number, name in enumerate(missing):
            _write(ir.Function(module, THUNK, f"thunk{number}"), kinds[name])
        engine = _compiled(module)
        for number, name in enumerate(missing):
            _known[name] = int(engine.get_function_address(f"thunk{number}"))
    return {name: _known[name] for name in kinds}


def _write(function: ir.Function, kind: Any) -> None:
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


def _compiled(module: ir.Module) -> Any:
    """The module as machine code, from disk where it was compiled before: a compiler at work takes megabytes."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    # Each engine owns a machine of its own.
    machine = llvm.Target.from_default_triple().create_target_machine(opt=1, jit=True)
    text = str(module)
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(text), machine)
    if CACHE_FOLDER is not None:
        path = CACHE_FOLDER / f"thunks-{hashlib.sha256(text.encode()).hexdigest()[:32]}.o"
        engine.set_object_cache(lambda _, code: _keep(path, code), lambda _: _kept(path))
    engine.finalize_object()
    _engines.append(engine)
    return engine


def _keep(path: Path, code: bytes) -> None:
    """Write machine code with its digest in front, or leave it; other processes see all of it or nothing."""
    passing = path.with_suffix(f".{os.getpid()}")
    try:
        passing.write_bytes(hashlib.sha256(code).digest() + code)
        passing.replace(path)
    except OSError:
        passing.unlink(missing_ok=True)


def _kept(path: Path) -> bytes | None:
    """Machine code from disk, if it is there and whole."""
    try:
        whole = path.read_bytes()
    except OSError:
        return None
    digest, code = whole[:32], whole[32:]
    return code if hashlib.sha256(code).digest() == digest else None
