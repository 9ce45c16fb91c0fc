"""Every template leaves and comes back, the large ones too: the same bytes, and the same answers in every program.

The large ones are hundreds of megabytes each and take minutes, so this is not in every run; `-s` shows the table:
the largest difference of a probability to the engine, for each template and format.
"""

import gc
import importlib.util
import io

import numpy as np
import pytest

from core.engine.engine import Engine
from core.formats import save_file
from core.formats.native import read_project, write_project
from core.formats.onnx import FORMAT
from core.graph.goals import main_of
from core.graph.shapes import infer
from core.project import Project, complete_weights
from core.templates import TEMPLATES, template
from core.worker.exporting import OUTSIDE
from tests.core.random_networks import apart

PICTURES, LIMIT = 2, 1e-4
NEEDS = {"onnx": "onnxruntime", "pytorch": "torch", "keras": "keras", "numpy": "numpy"}
pytestmark = pytest.mark.skipif(not all(importlib.util.find_spec(each) for each in NEEDS.values()),
                                reason="needs onnxruntime, torch and keras")


@pytest.fixture(scope="module", autouse=True)
def heading(pytestconfig):
    """The first line of the table."""
    print("\n" + "".join(f"{each:>18}" for each in ("template", "megabytes", "onnxruntime", "ONNX, opened", "PyTorch",
                                                    "Keras", "NumPy")))


def answer(project, x):
    """The main output by the engine."""
    engine = Engine(project.network, project.weights, len(x), training=False)
    try:
        return engine.predict(x)
    finally:
        engine.close()


def weighed(project, x):
    """The project with initial values, running figures and biases other than they begin, and what it answers.

    The scores at the end are made so small that no probability is near 1, where all programs would agree.
    """
    rng = np.random.default_rng(0)
    weights = {}
    for name, array in complete_weights(project).items():
        around = 1.0 if name.endswith(("weight", "running_var")) else 0.0
        drawn = rng.uniform(around - 0.3, around + 0.3, array.shape).astype(np.float32) if array.ndim == 1 else array
        weights[name] = drawn
    flat = infer(project.network).flat.network
    source = main_of(flat)
    while flat.nodes[source].type != "Dense":
        source = flat.inputs_of(source)[0]
    last = f"{flat.nodes[source].name}.weight"
    made = Project(project.network, weights, data=project.data, options=project.options)
    found = answer(made, x)
    while found.max() > 0.5:
        weights[last] = weights[last] * np.float32(0.25)
        found = answer(made, x)
    return made, found


def saved(project):
    """The project's file."""
    buffer = io.BytesIO()
    write_project(project, buffer)
    return buffer.getvalue()


@pytest.mark.parametrize("name", TEMPLATES)
def test_out_and_back(name, tmp_path):
    project = template(name)
    shape = project.network.nodes["n1"].layer.shape
    x = np.random.default_rng(1).random((PICTURES, *shape), np.float32)
    project, expected = weighed(project, x)
    content = saved(project)
    assert saved(read_project(io.BytesIO(content), "a.gbnet")) == content
    row = {"megabytes": len(content) / 1e6}
    del content
    for key, outside in OUTSIDE.items():
        place = tmp_path / ("a.onnx" if key == "onnx" else key)
        save_file(project, place, key)
        row[key] = apart(outside.run(place, project, x), expected)
        if key == "onnx":
            with place.open("rb") as file:
                row["opened"] = apart(answer(FORMAT.read(file, "a.onnx"), x), expected)
        gc.collect()
    print(f"\n{name:>18}{row.pop('megabytes'):>18,.1f}" + "".join(
        f"{row[each] / expected.max():>18.1e}" for each in ("onnx", "opened", "pytorch", "keras", "numpy")), end="")
    assert max(row.values()) <= LIMIT * expected.max()
