"""Kernels compiled before they are called: the longest first, in this process and in helpers beside it.

Numba compiles one kernel at a time in a process. So helpers compile others meanwhile, each in a process of its own, and
leave them in the common cache on disk, from where they are loaded here.
"""

import types
from collections.abc import Callable, Iterable
from typing import Any

from numba import typeof

from core.kernels.calls import Call
from core.kernels.crew import CREW, Job, Kinds
from core.kernels.jit import COMPILED, is_kept

# Bytes of Python's code that are worth a helper: it takes a second to start, and compiles some seven thousand in one.
_WORTH_A_HELPER = 14_000


def compile_ahead(calls: Iterable[Call], progress: Callable[[int, int], None]) -> None:
    """Compile what these calls need, or load it from disk; `progress` gets (done, total) before each, and may raise."""
    if not COMPILED:
        return
    jobs = _jobs(calls)
    there = [job for job in jobs if all(is_kept(job.compiled, kinds) for kinds in job.kinds)]
    sizes = {job.compiled: code_size(job.compiled) for job in jobs if job not in there}
    missing = sorted((job for job in jobs if job not in there), key=lambda job: -sizes[job.compiled])
    with CREW.at_work(missing, sum(sizes.values()) // _WORTH_A_HELPER):
        for number in range(len(jobs)):
            progress(number, len(jobs))
            job = there.pop() if there else CREW.next()
            job.do()


def _jobs(calls: Iterable[Call]) -> list[Job]:
    """What is not yet in this process, by kernel."""
    found: dict[Any, list[Kinds]] = {}
    for call in calls:
        kinds = tuple(map(typeof, call.arguments))
        known = call.compiled.overloads, found.get(call.compiled, ())
        # Numba knows arguments that are left out by types of their own.
        if not any(kinds in each for each in known) and len(kinds) == call.compiled.py_func.__code__.co_argcount:
            found.setdefault(call.compiled, []).append(kinds)
    return [Job(*each) for each in found.items()]


def code_size(compiled: Any) -> int:
    """Bytes of Python's code of a kernel and of what it calls of ours: about as the time that compiling it takes."""
    return _code_size(compiled, set())


def _code_size(thing: Any, seen: set[Any]) -> int:
    thing = getattr(thing, "compiled", thing)
    function = getattr(thing, "py_func", None) or getattr(thing, "_defn", None) or thing
    if not isinstance(function, types.FunctionType) or function in seen or not function.__module__.startswith("core."):
        return 0
    seen.add(function)
    size, codes = 0, [function.__code__]
    used = [cell.cell_contents for cell in function.__closure__ or ()]
    while codes:
        code = codes.pop()
        size += len(code.co_code)
        used += [function.__globals__.get(name) for name in code.co_names]
        codes += [each for each in code.co_consts if isinstance(each, types.CodeType)]
    return size + sum(_code_size(each, seen) for each in used)
