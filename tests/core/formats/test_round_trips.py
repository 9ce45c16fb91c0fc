"""Every template and two hundred random networks leave and come back: the same bytes, and elsewhere the same answers.

Large templates are opened and answered by `pytest tests/benchmarks/test_large_templates.py`.
"""

import io
from collections import Counter

import pytest

from core.formats.native import read_project, write_project
from core.formats.onnx import FORMAT, to_onnx
from core.graph.cost import cost
from core.graph.expand import expanded
from core.graph.shapes import infer
from core.layers import LAYERS
from core.project import Project
from core.templates import TEMPLATES, template
from tests.core.random_networks import apart, engine_answers, random_pictures, random_weights, two_hundred

onnxruntime = pytest.importorskip("onnxruntime")
COUNT, LIMIT = 200, 1e-4
SMALL = [name for name in TEMPLATES if cost(infer(template(name).network)).parameters < 2_000_000]


def saved(project):
    """The project's file."""
    buffer = io.BytesIO()
    write_project(project, buffer)
    return buffer.getvalue()


def answer(project, x):
    """The main output by the engine."""
    (found,) = engine_answers(project.network, project.weights, {"x": x}).values()
    return found


def answer_elsewhere(content, x):
    """The only output by onnxruntime."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level, options.intra_op_num_threads, options.inter_op_num_threads = 3, 1, 1
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {session.get_inputs()[0].name: x})
    return found


def there_and_back(project, x):
    """Refuse a project that any of the ways changes."""
    content = saved(project)
    assert saved(read_project(io.BytesIO(content), "a.gbnet")) == content
    expected, written = answer(project, x), to_onnx(project)
    assert apart(answer_elsewhere(written, x), expected) <= LIMIT
    returned = FORMAT.read(io.BytesIO(written), "a.onnx")
    assert apart(answer(returned, x), expected) <= LIMIT


@pytest.mark.parametrize("name", SMALL)
def test_templates(name):
    project = template(name)
    (x,) = random_pictures(project.network).values()
    there_and_back(Project(project.network, random_weights(project.network), options=project.options,
                           data=project.data), x)


@pytest.mark.parametrize("name", TEMPLATES)
def test_templates_without_weights(name):
    content = saved(template(name))
    assert saved(read_project(io.BytesIO(content), "a.gbnet")) == content


@pytest.mark.parametrize("tens", range(COUNT // 10))
def test_random_networks(tens):
    for number, network in enumerate(two_hundred()[10 * tens:10 * tens + 10]):
        (x,) = random_pictures(network, seed=number).values()
        there_and_back(Project(network, random_weights(network, seed=number)), x)


def test_the_random_networks_have_every_type_of_layer_many_times():
    layers = Counter(node.type for network in two_hundred() for node in expanded(network).nodes.values())
    assert len(two_hundred()) == COUNT
    assert layers.keys() == LAYERS.keys()
    assert min(layers.values()) >= 20
    assert sum(any(node.type == "Block" for node in network.nodes.values()) for network in two_hundred()) >= 50
