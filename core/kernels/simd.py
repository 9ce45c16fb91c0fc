"""Vectors of float32 for code that is written in LLVM's own terms through Numba's `@intrinsic`.

Numba's loops are left to the compiler to vectorise; the inner tiles are too important to leave that to chance.
Every function takes the LLVM builder first. `Address` is a pointer to float32.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from llvmlite import ir
from numba.core import cgutils
from numba.extending import intrinsic as numba_intrinsic

from core.kernels.processor import LANES

Builder = Any
Value = Any

LINE = 16  # float32 in a cache line of most processors; other lengths only cost or spare some requests

FLOAT = ir.FloatType()
INT = ir.IntType(64)
_INT32 = ir.IntType(32)
_BIT = ir.IntType(1)
VECTOR = ir.VectorType(FLOAT, LANES)
_MASK = ir.VectorType(_BIT, LANES)
_INDICES = ir.VectorType(_INT32, LANES)


def intrinsic(function: Callable[..., Any]) -> Callable[..., Any]:
    """Numba's decorator for functions that write LLVM code.

    The function gets Numba's types and gives a signature with a generator of code.
    """
    made: Callable[..., Any] = numba_intrinsic(function)
    return made


def members(builder: Builder, kinds: Any, arguments: tuple[Value, ...]) -> list[list[Value]]:
    """The members of arguments that are tuples."""
    return [cgutils.unpack_tuple(builder, value, len(kind)) for kind, value in zip(kinds, arguments, strict=True)]


def whole(number: int) -> Value:
    """A constant 64-bit integer."""
    return ir.Constant(INT, number)


def constant(number: float) -> Value:
    """A vector with the same number in every lane."""
    return ir.Constant(VECTOR, [float(number)] * LANES)


def address(context: Any, builder: Builder, array_type: Any, array: Value, offset: Value) -> Value:
    """Where element `offset` of a flat array lies; no check of the index, no wrap-around."""
    data = context.make_array(array_type)(context, builder, array).data
    return builder.gep(data, [offset])


def load(builder: Builder, pointer: Value) -> Value:
    """The vector that begins at a pointer, at any alignment of 4 bytes."""
    return builder.load(builder.bitcast(pointer, VECTOR.as_pointer()), align=4)


def unknown(builder: Builder, pointer: Value) -> Value:
    """The same pointer, of which the compiler no longer knows what it points to.

    It turns a choice between a pointer and known numbers into a branch, which costs far more than reading them.
    """
    same = ir.InlineAsm(ir.FunctionType(pointer.type, [pointer.type]), "", "=r,0")
    return builder.call(same, [pointer])


def fetch(builder: Builder, pointer: Value, *, write: bool = False, soon: bool = False) -> None:
    """Ask for memory to be brought into the second-level cache; any address will do, and nothing waits for it.

    What is needed `soon` comes into the first level, where it pushes out something else.
    """
    byte = ir.IntType(8).as_pointer()
    kind = ir.FunctionType(ir.VoidType(), [byte, _INT32, _INT32, _INT32])
    function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
    near, data = ir.Constant(_INT32, 3 if soon else 2), ir.Constant(_INT32, 1)
    builder.call(function, [builder.bitcast(pointer, byte), ir.Constant(_INT32, int(write)), near, data])


def store(builder: Builder, vector: Value, pointer: Value) -> None:
    """Write a whole vector."""
    builder.store(vector, builder.bitcast(pointer, VECTOR.as_pointer()), align=4)


def stream(builder: Builder, vector: Value, pointer: Value) -> None:
    """Write a whole vector past the caches, at an address that is a multiple of its size.

    What was there need not be read first, and what is in the caches stays. Other threads see it after `settle` only.
    """
    written = builder.store(vector, builder.bitcast(pointer, VECTOR.as_pointer()), align=4 * LANES)
    written.set_metadata("nontemporal", builder.module.add_metadata([ir.Constant(_INT32, 1)]))


def spread(builder: Builder, scalar: Value) -> Value:
    """A vector with one number in every lane."""
    return _spread(builder, scalar, VECTOR)


def _spread(builder: Builder, scalar: Value, kind: Any) -> Value:
    empty = ir.Constant(kind, ir.Undefined)
    first = builder.insert_element(empty, scalar, ir.Constant(_INT32, 0))
    return builder.shuffle_vector(first, empty, ir.Constant(ir.VectorType(_INT32, LANES), [0] * LANES))


def multiply_add(builder: Builder, a: Value, b: Value, c: Value) -> Value:
    """a·b + c, rounded once where the processor can do that."""
    kind = ir.FunctionType(VECTOR, [VECTOR] * 3)
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, f"llvm.fmuladd.v{LANES}f32"), [a, b, c])


def not_below(builder: Builder, vector: Value, floor: Value) -> Value:
    """The larger of each lane; NaN goes through.

    Said this way round it is one instruction where processors have a maximum, which takes the second of two if unsure.
    """
    return builder.select(builder.fcmp_ordered(">", floor, vector), floor, vector)


def total(builder: Builder, vector: Value) -> Value:
    """The sum of all lanes, in the order the processor likes, which is always the same."""
    kind = ir.FunctionType(FLOAT, [FLOAT, VECTOR])
    function = cgutils.get_or_insert_function(builder.module, kind, f"llvm.vector.reduce.fadd.v{LANES}f32")
    return builder.call(function, [ir.Constant(FLOAT, -0.0), vector], fastmath=("reassoc",))


def totals(builder: Builder, vectors: list[Value]) -> Value:
    """The sum of all lanes of each of `LANES` vectors, as one vector in their order.

    Each round adds halves, two vectors at a time: half as many vectors stay, with the halves of both in turn.
    """
    order = sorted(range(LANES), key=_mirrored)
    found, half = [vectors[number] for number in order], LANES // 2
    while half:
        low = [part * 2 * half + lane for part in range(LANES // (2 * half)) for lane in range(half)]
        found = [_added_halves(builder, pair, low, half) for pair in zip(found[::2], found[1::2], strict=True)]
        half //= 2
    return found[0]


def _added_halves(builder: Builder, pair: tuple[Value, Value], low: list[int], half: int) -> Value:
    """For each part of 2 · half lanes: the sums of its halves in the first vector, then those in the second."""
    lanes = []
    for start in range(0, len(low), half):
        lanes += [*low[start:start + half], *(LANES + lane for lane in low[start:start + half])]
    first, second = (builder.shuffle_vector(*pair, ir.Constant(_INDICES, [lane + shift for lane in lanes]))
                     for shift in (0, half))
    return builder.fadd(first, second)


def _mirrored(number: int) -> int:
    """The number with its bits in the opposite order."""
    return int(format(number, f"0{LANES.bit_length() - 1}b")[::-1], 2)


@contextmanager
def counted(builder: Builder, count: Value) -> Iterator[Value]:
    """A loop from 0 to `count`; gives the counter.

    The compiler is to leave it as it is: unrolled, it would need more pointers than there are registers.
    """
    before = builder.block
    head, body, end = (builder.append_basic_block(name) for name in ("loop", "loop.body", "loop.end"))
    builder.branch(head)
    builder.position_at_end(head)
    number = builder.phi(INT)
    number.add_incoming(whole(0), before)
    builder.cbranch(builder.icmp_signed("<", number, count), body, end)
    builder.position_at_end(body)
    yield number
    following = builder.add(number, whole(1))
    number.add_incoming(following, builder.block)
    back = builder.branch(head)
    back.set_metadata("llvm.loop", _keep_rolled(builder.module))
    builder.position_at_end(end)


def _keep_rolled(module: Any) -> Any:
    """Loop metadata; LLVM wants its first member to be itself."""
    found = module.add_metadata([ir.MetaDataString(module, "llvm.loop.unroll.disable")])
    loop = module.add_metadata([ir.MetaDataString(module, "guibuilder.loop"), found])
    loop.operands = (loop, found)
    return loop


def first_lanes(builder: Builder, count: Value) -> Value:
    """A mask of the first `count` lanes; none for a negative count, all for a large one."""
    numbers = ir.Constant(_INDICES, list(range(LANES)))
    short = builder.trunc(count, _INT32)
    return builder.icmp_signed("<", numbers, _spread(builder, short, _INDICES))


def masked_store(builder: Builder, vector: Value, pointer: Value, mask: Value) -> None:
    """Write the lanes whose mask is set, and touch no other memory."""
    kind = ir.FunctionType(ir.VoidType(), [VECTOR, VECTOR.as_pointer(), _INT32, _MASK])
    function = cgutils.get_or_insert_function(builder.module, kind, f"llvm.masked.store.v{LANES}f32.p0")
    place = builder.bitcast(pointer, VECTOR.as_pointer())
    builder.call(function, [vector, place, ir.Constant(_INT32, 4), mask])


def masked_load(builder: Builder, pointer: Value, mask: Value) -> Value:
    """The lanes whose mask is set, zero in the others."""
    kind = ir.FunctionType(VECTOR, [VECTOR.as_pointer(), _INT32, _MASK, VECTOR])
    function = cgutils.get_or_insert_function(builder.module, kind, f"llvm.masked.load.v{LANES}f32.p0")
    place = builder.bitcast(pointer, VECTOR.as_pointer())
    return builder.call(function, [place, ir.Constant(_INT32, 4), mask, constant(0)])
