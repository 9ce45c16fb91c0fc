"""A network as one readable script that needs only NumPy: the layers' formulas, then a list of calls."""

from collections.abc import Sequence

from core.export.names import comment, identifiers
from core.export.numpy_calls import CALLS, NOTHING, Call
from core.export.plan import Plan, Step, shape_of_input
from core.export.source import after_mark, pick
from core.layers.base import describe
from core.version import VERSION

WIDTH = 110
_LAYERS, _FRAME = "numpy_layers.py", "numpy_frame.py"
_TAKEN = ("x", "W", "np", "sys", "Path", "forward", "predict", "read", "as_pictures", "CLASSES", "INPUTS",
          "INPUT_SHAPES", "MEAN", "SPREAD")


def numpy_script(plan: Plan, script: str = "model.py", weights: str = "weights.npz") -> str:
    """The script's text; `script` and `weights` are the names of the two files."""
    plan = plan.without(NOTHING)
    calls = {step.node.id: CALLS[step.type](step) for step in plan.steps}
    functions = pick(_LAYERS, sorted({call.function for call in calls.values()}))
    parts = [_head(plan, script, weights), *functions, _forward(plan, calls), after_mark(_FRAME).rstrip("\n")]
    return "\n\n\n".join(parts).replace("Use: python model.py", f"Use: python {_quoted(script)}") + "\n"


def arrays_used(plan: Plan) -> tuple[str, ...]:
    """The names of the arrays that the script reads, `layer.parameter`."""
    return tuple(f"{step.name}.{name}" for step in plan.without(NOTHING).steps
                 for name in CALLS[step.type](step).arrays)


def _quoted(name: str) -> str:
    """The name of a file inside a text between double quotes."""
    return repr(name)[1:-1].replace('"', "'")


def _head(plan: Plan, script: str, weights: str) -> str:
    shapes = " and ".join(describe(shape_of_input(node)) for node in plan.inputs)
    lines = [
        f"# {comment(plan.network.name)}", "#",
        f"# Written by guibuilder {VERSION}. It needs NumPy only, and its weights in {comment(weights)} beside it.",
        f"#     python {comment(script)} PICTURES.npy     prints what pictures of {shapes} (channels × height × width)",
        "#                                  show: float numbers from 0 (black) to 1 (white), or bytes from 0 to 255",
        "", "import sys", "from pathlib import Path", "", "import numpy as np", "",
        f"CLASSES = {list(plan.classes)!r}", f"INPUTS = {[node.name for node in plan.inputs]!r}",
        f"INPUT_SHAPES = {[shape_of_input(node) for node in plan.inputs]!r}",
        f"W = dict(np.load(Path(__file__).with_name({weights!r}), allow_pickle=False))",
    ]
    if plan.normalisation:
        shape = ".reshape(-1, 1, 1)" if len(plan.normalisation.mean) > 1 else ""
        lines += [f"MEAN = np.array({list(plan.normalisation.mean)!r}, np.float32){shape}",
                  f"SPREAD = np.array({list(plan.normalisation.spread)!r}, np.float32){shape}"]
    return "\n".join(lines)


def _forward(plan: Plan, calls: dict[str, Call]) -> str:
    """The function that lists the layers."""
    variables = _variables(plan, calls)
    entries = [variables[node.id] for node in plan.inputs]
    lines = [f"def forward({', '.join(entries)}):",
             '    """The network: every layer with what it puts out (channels × height × width, or numbers)."""']
    if plan.normalisation:
        lines += [f"    {entry} = ({entry} - MEAN) / SPREAD" for entry in entries]
    for step in plan.steps:
        lines += _step(step, calls[step.node.id], variables)
    if not plan.steps and not plan.normalisation:
        lines.append("    # There is nothing between input and output.")
    return "\n".join([*lines, f"    return {', '.join(variables[key] for key in plan.outputs)}"])


def _variables(plan: Plan, calls: dict[str, Call]) -> dict[str, str]:
    """The name that holds what each Input or step puts out: x where only the next line needs it."""
    taken = (*_TAKEN, *(call.function for call in calls.values()), "pad", "windows", "per_channel", "dense")
    names = identifiers([node.name for node in plan.inputs] + [step.name for step in plan.steps], taken, lower=True)
    found = {}
    following = [step.node.id for step in plan.steps]
    for number, step in enumerate(plan.steps):
        passed_on = plan.readers.get(step.node.id, ()) == tuple(following[number + 1:number + 2])
        ends = plan.outputs == (step.node.id,)
        found[step.node.id] = "x" if passed_on and (ends or step.node.id not in plan.outputs) else names[step.name]
    for node in plan.inputs:
        alone = len(plan.inputs) == 1 and (plan.readers.get(node.id, ()) == tuple(following[:1]))
        found[node.id] = "x" if alone else names[node.name]
    return found


def _step(step: Step, call: Call, variables: dict[str, str]) -> list[str]:
    arguments = [variables[source] for source in step.inputs]
    arguments += [f"W[{f'{step.name}.{name}'!r}]" for name in call.arrays]
    said = f"{step.type}, {step.layer.short()}" if step.layer.short() else step.type
    if step.type == "NoisyReLU":
        said += "; there is no noise at use"
    about = f"    # {comment(f'{step.name}: {said} → {describe(step.output)}')}"
    return [about, *called(f"    {variables[step.node.id]} = {call.function}(", [*arguments, *call.values])]


def called(start: str, arguments: Sequence[str]) -> list[str]:
    """A call as lines that are not too long, broken between arguments."""
    lines, line = [], start
    for number, argument in enumerate(arguments):
        piece = argument + (")" if number == len(arguments) - 1 else ", ")
        if len(line) + len(piece) > WIDTH and line.strip() and line != start:
            lines.append(line.rstrip())
            line = " " * len(start)
        line += piece
    return [*lines, line if arguments else f"{start})"]


