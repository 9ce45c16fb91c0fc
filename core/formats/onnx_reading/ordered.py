"""The operators of a model in an order in which each finds its inputs ready."""

from core.errors import FormatError
from core.formats.onnx_reading.model import OnnxModel, OnnxNode
from core.formats.onnx_reading.wire import shown


def in_order(model: OnnxModel, what: str) -> list[OnnxNode]:
    """The nodes, sources first; FormatError for values made twice, made by nobody, or out of themselves."""
    made = _makers(model, what)
    given = {name for name, _ in model.inputs} | model.tensors.keys() | {""}
    for node in model.nodes:
        for name in node.inputs:
            if name not in given and name not in made:
                raise FormatError(f"{what}: {title(node)} takes {name[:80]!r}, which nothing in the file makes; the "
                                  f"file is damaged.")
    waiting = {id(node): {name for name in node.inputs if name not in given} for node in model.nodes}
    takers: dict[str, list[OnnxNode]] = {}
    for node in model.nodes:
        for name in waiting[id(node)]:
            takers.setdefault(name, []).append(node)
    ready = [node for node in model.nodes if not waiting[id(node)]]
    done: list[OnnxNode] = []
    for node in ready:
        done.append(node)
        for name, taker in ((each, taker) for each in node.outputs for taker in takers.get(each, ())):
            waiting[id(taker)].discard(name)
            if not waiting[id(taker)]:
                ready.append(taker)
    if len(done) < len(model.nodes):
        left = next(node for node in model.nodes if waiting[id(node)])
        raise FormatError(f"{what}: {title(left)} lies on a cycle or behind one, so it can never be computed; the file "
                          f"is damaged.")
    return done


def title(node: OnnxNode) -> str:
    """A node for sentences: operator, name, place in the file."""
    named = f" {shown(node.name)!r}" if node.name else ""
    return f"{shown(node.operator)}{named} (number {node.number} in the file)"


def _makers(model: OnnxModel, what: str) -> dict[str, OnnxNode]:
    made: dict[str, OnnxNode] = {}
    given = {name for name, _ in model.inputs} | model.tensors.keys()
    for node in model.nodes:
        for name in node.outputs:
            if name and (name in made or name in given):
                raise FormatError(f"{what}: {name[:80]!r} is made twice; the file is damaged.")
            if name:
                made[name] = node
    return made
