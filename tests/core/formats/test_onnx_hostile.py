"""Damaged and hostile ONNX files: refused in one sentence, before anything large is made or a strange file is read."""

import os
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import FormatError
from core.formats import open_file
from core.formats.onnx import to_onnx
from core.formats.onnx_reading.operators import OPERATORS
from core.graph.shapes import infer
from core.project import Project
from core.templates import template
from tests.core.networks import small_cnn

onnx = pytest.importorskip("onnx")
helper, numpy_helper = onnx.helper, onnx.numpy_helper
X, Y = (helper.make_tensor_value_info(name, 1, ["N", 4]) for name in "xy")


def _model(nodes, tensors=(), *, opset=17, inputs=(X,), outputs=(Y,)):
    graph = helper.make_graph(list(nodes), "g", list(inputs), list(outputs), list(tensors))
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def _gemm(tensor):
    return _model([helper.make_node("Gemm", ["x", "w"], ["y"], transB=1, name="fc")], [tensor])


def _tensor(dims=(3, 4), data=b"\0" * 48, kind=1, name="w"):
    tensor = onnx.TensorProto(name=name, data_type=kind, raw_data=data)
    tensor.dims.extend(dims)
    return tensor


def _outside(location, offset=None, length=None, dims=(3, 4)):
    tensor = onnx.TensorProto(name="w", data_type=1, data_location=onnx.TensorProto.EXTERNAL)
    tensor.dims.extend(dims)
    for key, value in (("location", location), ("offset", offset), ("length", length)):
        if value is not None:
            tensor.external_data.add(key=key, value=str(value))
    return _gemm(tensor)


def _refused(tmp_path, model, words):
    path = tmp_path / "sub" / "m.onnx"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(model if isinstance(model, bytes) else model.SerializeToString())
    tracemalloc.start()
    try:
        with pytest.raises(FormatError) as found:
            open_file(path)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()
    message = found.value.message
    assert words in message
    assert "\n" not in message
    assert found.value.exit_status == 3


def test_cut_off_at_fifty_places(tmp_path):
    data = to_onnx(Project(small_cnn()))
    for place in np.linspace(1, len(data) - 1, 50).astype(int):
        path = tmp_path / "cut.onnx"
        path.write_bytes(data[:place])
        with pytest.raises(FormatError):
            open_file(path)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_flipped_bytes_never_surprise(tmp_path_factory, data):
    content = bytearray(to_onnx(Project(small_cnn())))
    head = st.integers(0, 900) | st.integers(0, len(content) - 1)
    for place in data.draw(st.lists(head, min_size=1, max_size=4)):
        content[place] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("flipped") / "m.onnx"
    path.write_bytes(content)
    assert "\n" not in _message(path)


def _message(path):
    """What is said where a file is refused; empty where it opens."""
    try:
        infer(open_file(path).network)
    except FormatError as error:
        return error.message
    return ""


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("any") / "m.onnx"
    path.write_bytes(content)
    with pytest.raises(FormatError):
        open_file(path)


@pytest.mark.parametrize(("dims", "data", "kind", "words"), [
    ((2**40,), b"\0" * 48, 1, "claims"), ((2**20, 2**20), b"\0" * 48, 1, "claims"), ((2**62, 2**62), b"", 1, "claims"),
    ((-1, 4), b"\0" * 48, 1, "impossible sizes"), ((3, 4), b"\0" * 47, 1, "claims 48 bytes but has 47"),
    ((1,) * 9, b"\0" * 4, 1, "impossible sizes"), ((3, 4), b"\0" * 48, 8, "kind (type 8)"),
    ((3, 4), b"\0" * 48, 99, "kind (type 99)"), ((3, 4), np.full(12, np.nan, np.float32).tobytes(), 1, "not finite"),
    ((3, 4), np.full(12, np.inf, np.float32).tobytes(), 1, "not finite"),
], ids=str)
def test_tensors_that_lie(tmp_path, dims, data, kind, words):
    _refused(tmp_path, _gemm(_tensor(dims, data, kind)), words)


@pytest.mark.parametrize("location", ["../secret.bin", "/etc/hostname", "a/../../secret.bin", "..\\secret.bin", "C:x",
                                      "", ".", "./w.bin", "sub//w.bin", "w\0.bin", "missing.bin", "link.bin",
                                      "linked/w.bin", "hard.bin", "folder", "pipe"])
def test_weights_are_read_from_the_own_folder_alone(tmp_path, location):
    folder = tmp_path / "sub"
    folder.mkdir()
    secret = tmp_path / "secret.bin"
    secret.write_bytes(b"\0" * 48)
    (tmp_path / "w.bin").write_bytes(b"\0" * 48)
    (folder / "folder").mkdir()
    (folder / "link.bin").symlink_to(secret)
    (folder / "linked").symlink_to(tmp_path, target_is_directory=True)
    os.link(secret, folder / "hard.bin")
    os.mkfifo(folder / "pipe")
    _refused(tmp_path, _outside(location), "")


@pytest.mark.parametrize(("offset", "length", "dims"), [
    (-4, None, (3, 4)), (4, None, (3, 4)), (0, 44, (3, 4)), (10**30, None, (3, 4)), (0, -48, (3, 4)),
    ("0x10", None, (3, 4)), (0, 2**40, (2**19, 2**19)), (None, None, (2**20, 2**20)),
], ids=str)
def test_places_in_the_second_file_that_lie(tmp_path, offset, length, dims):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "w.bin").write_bytes(b"\0" * 48)
    _refused(tmp_path, _outside("w.bin", offset, length, dims), "damaged")


def test_a_second_file_in_its_place_is_read(tmp_path):
    weights = np.arange(12, dtype=np.float32).reshape(3, 4)
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "w.bin").write_bytes(b"\1" * 8 + weights.tobytes())
    (tmp_path / "m.onnx").write_bytes(_outside("deep/w.bin", 8, 48).SerializeToString())
    project = open_file(tmp_path / "m.onnx")
    assert np.array_equal(next(iter(project.weights.values())), weights)


def _relu(*pairs):
    return [helper.make_node("Relu", [source], [target], name=f"r{number}")
            for number, (source, target) in enumerate(pairs)]


@pytest.mark.parametrize(("nodes", "words"), [
    (_relu(("b", "a"), ("a", "b"), ("b", "y")), "cycle"), (_relu(("y", "y")), "cycle"),
    (_relu(("nothing", "y")), "which nothing in the file makes"), (_relu(("x", "y"), ("x", "y")), "made twice"),
    (_relu(("x", "x"), ("x", "y")), "made twice"), ([], "no operator"),
    ([helper.make_node("Relu", ["w"], ["y"])], "computes nothing from its inputs"),
], ids=str)
def test_graphs_that_cannot_be(tmp_path, nodes, words):
    _refused(tmp_path, _model(nodes, [_tensor()]), words)


@pytest.mark.parametrize(("model", "words"), [
    (_model(_relu(("x", "y")), opset=5), "operator set 5; 6 to 27 are read"),
    (_model(_relu(("x", "y")), opset=99), "operator set 99"),
    (_model(_relu(("x", "y")), inputs=[helper.make_tensor_value_info("x", 1, ["N", 2, 3, 4, 5])]), "the input 'x'"),
    (_model(_relu(("x", "y")), inputs=[helper.make_tensor_value_info("x", 1, ["N", "M"])]), "fixed size"),
    (_model(_relu(("x", "y")), inputs=[helper.make_tensor_value_info("x", 1, ["N", 2**40])]), "out of limits"),
    (_model([helper.make_node("Shape", ["x"], ["s"])], inputs=[]), "no input for pictures"),
    (_model([helper.make_node("Constant", [], ["y"], value=_tensor())], inputs=[]), "no input for pictures"),
    (b"PK\3\4" + b"\0" * 100, "damaged"), (b"\x08", "no"), (b"<html></html>", "no proper ONNX file"), (b"", "empty"),
], ids=lambda each: str(each)[:30])
def test_files_that_are_none(tmp_path, model, words):
    _refused(tmp_path, model, words)


@pytest.mark.parametrize(("shape", "more"), [((2**20, 2**20), ()), ((2**40,), ()), ((-5,), ()),
                                             ((2**13, 2**13), ("Add", "Transpose"))], ids=str)
def test_constants_that_would_fill_the_memory(tmp_path, shape, more):
    nodes = [helper.make_node("ConstantOfShape", ["s"], ["c0"])]
    for number, operator in enumerate(more):
        inputs = [f"c{number}", f"c{number}"] if operator == "Add" else [f"c{number}"]
        nodes.append(helper.make_node(operator, inputs, [f"c{number + 1}"]))
    for number in range(60 if more else 0):
        nodes.append(helper.make_node("Concat", [f"c{len(more) + number}"] * 4, [f"c{len(more) + number + 1}"], axis=0))
    last = nodes[-1].output[0]
    sizes = numpy_helper.from_array(np.array(shape, np.int64), "s")
    _refused_quickly(tmp_path, _model([*nodes, helper.make_node("MatMul", ["x", last], ["y"])], [sizes]))


def _refused_quickly(tmp_path, model):
    (tmp_path / "m.onnx").write_bytes(model.SerializeToString())
    tracemalloc.start()
    try:
        with pytest.raises(FormatError, match=r"GB|damaged|impossible"):
            open_file(tmp_path / "m.onnx")
        assert tracemalloc.get_traced_memory()[1] < 1_500_000_000
    finally:
        tracemalloc.stop()


def _branch(nodes, gives, tensors=()):
    output = helper.make_tensor_value_info(gives, 1, None)
    return helper.make_graph(list(nodes), "side", [], [output] if gives else [], list(tensors))


def _if(condition, side, more=()):
    node = helper.make_node("If", [condition], ["y"], then_branch=side, else_branch=side, name="choice")
    known = numpy_helper.from_array(np.array(True), "known")
    return _model([*more, node], [known])


def _names(tmp_path, model):
    (tmp_path / "m.onnx").write_bytes(model.SerializeToString())
    project = open_file(tmp_path / "m.onnx")
    assert infer(project.network).errors
    return [(node.layer.kept["onnx"]["operator"], node.layer.kept["onnx"]["why"])
            for node in project.network.nodes.values() if "onnx" in getattr(node.layer, "kept", {})]


RELU = helper.make_node("Relu", ["x"], ["inner"])
SECOND = helper.make_node("Relu", ["inner"], ["second"])


def test_a_choice_that_is_known_is_taken(tmp_path):
    (tmp_path / "m.onnx").write_bytes(_if("known", _branch([RELU, SECOND], "second")).SerializeToString())
    project = open_file(tmp_path / "m.onnx")
    assert [project.network.nodes[key].type for key in project.network.order] == ["Input", "ReLU", "ReLU"]


@pytest.mark.parametrize(("condition", "side", "words"), [
    ("asked", _branch([RELU], "inner"), "depends on the pictures"),
    ("known", _branch([SECOND, RELU], "second"), "it holds Relu: it takes"),
    ("known", _branch([RELU, helper.make_node("Gelu", ["inner"], ["second"])], "second"), "it holds Gelu: there is no"),
    ("known", _branch([helper.make_node("If", ["known"], ["inner"], then_branch=_branch([RELU], "inner"),
                                        else_branch=_branch([RELU], "inner")), RELU], "inner"), "it holds If: "),
    ("known", _branch([RELU], ""), "is not read"),
], ids=str)
def test_choices_that_cannot_be_followed_are_named(tmp_path, condition, side, words):
    more = [helper.make_node("Cast", ["x"], ["asked"], to=9)] if condition == "asked" else []
    (why,) = [why for operator, why in _names(tmp_path, _if(condition, side, more)) if operator == "If"]
    assert words in why


def test_choices_out_of_themselves_and_huge_ones_are_refused(tmp_path):
    own = helper.make_node("Relu", ["y"], ["inner"])
    _refused(tmp_path, _if("known", _branch([own], "inner")), "cycle")
    _refused(tmp_path, _if("known", _branch([helper.make_node("Relu", ["nothing"], ["inner"])], "inner")),
             "which nothing in the file makes")
    many = [helper.make_node("Relu", ["x"], [f"v{number}"]) for number in range(1001)]
    _refused(tmp_path, _if("known", _branch(many, "v0")), "holds more than")


@pytest.mark.parametrize("attribute", ["edge", "node", "operator", "kind", "self", "more"])
def test_attributes_may_have_any_name(tmp_path, attribute):
    shape = helper.make_tensor_value_info("x", 1, ["N", 1, 4, 4])
    pads = numpy_helper.from_array(np.array([0, 0, 0, 0, 0, 0, 1, 1], np.int64), "pads")
    nodes = [helper.make_node("Pad", ["x", "pads"], ["p"], mode="edge"),
             helper.make_node("MaxPool", ["p"], ["y"], kernel_shape=[2, 2])]
    nodes[1].attribute.append(helper.make_attribute(attribute, 1))
    (tmp_path / "m.onnx").write_bytes(_model(nodes, [pads], inputs=(shape,)).SerializeToString())
    project = open_file(tmp_path / "m.onnx")
    assert [project.network.nodes[key].type for key in project.network.order] == ["Input", "MaxPool2D"]
    assert project.network.nodes["n2"].layer.padding == (0, 0, 1, 1)


def test_graphs_in_graphs_are_not_followed_however_deep(tmp_path):
    side = _branch([RELU], "inner")
    for _ in range(20):
        side = _branch([helper.make_node("If", ["known"], ["inner"], then_branch=side)], "inner")
    _refused(tmp_path, _if("known", side), "computes nothing from its inputs")


def test_orders_of_channels_cannot_fill_the_memory(tmp_path):
    shape = helper.make_tensor_value_info("x", 1, ["N", 6000, 1, 1])
    nodes, before = [], "x"
    for number in range(30):
        names = [f"r{number}", f"t{number}", f"b{number}"]
        nodes += [helper.make_node("Reshape", [before, "apart"], names[:1]),
                  helper.make_node("Transpose", names[:1], names[1:2], perm=[0, 2, 1, 3, 4]),
                  helper.make_node("Reshape", [names[1], "back"], names[2:])]
        before = names[2]
    sizes = [numpy_helper.from_array(np.array(values, np.int64), name)
             for name, values in (("apart", (0, 2, 3000, 1, 1)), ("back", (0, 6000, 1, 1)))]
    model = _model([*nodes, helper.make_node("Relu", [before], ["y"])], sizes, inputs=(shape,))
    tracemalloc.start()
    try:
        found = _names(tmp_path, model)
        assert tracemalloc.get_traced_memory()[1] < 1_500_000_000
    finally:
        tracemalloc.stop()
    assert found[0][0] == "Transpose"


def test_a_failed_import_leaves_nothing(tmp_path):
    data = to_onnx(template("mlp"))
    (tmp_path / "m.onnx").write_bytes(data[:-10])
    before = sorted(tmp_path.iterdir())
    with pytest.raises(FormatError):
        open_file(tmp_path / "m.onnx")
    assert sorted(tmp_path.iterdir()) == before


STRANGE = {"kernel_shape": "text", "pads": 1.5, "min": [1, 2], "alpha": "a", "axis": 99, "axes": [7, 7], "split": [-1],
           "starts": [2**62], "ends": [-2**62], "steps": [0], "perm": [0, 0, 9], "beta": 0.0, "keepdims": 7, "size": -3}


@pytest.mark.parametrize("operator", sorted({*OPERATORS, "If", "Split", "Where", "Log", "Pow"}))
@pytest.mark.parametrize("inputs", [[], [""], ["x"], ["x", "x"], ["x", "w"], ["w", "x"], ["x", "", "w"], ["x"] * 5],
                         ids=str)
def test_no_operator_surprises(tmp_path, operator, inputs):
    shape = helper.make_tensor_value_info("x", 1, ["N", 4, 1, 1])
    for attributes in ({}, STRANGE):
        nodes = [helper.make_node("Relu", ["x"], ["r"]), helper.make_node(operator, inputs, ["o"], **attributes),
                 helper.make_node("Log", ["o"], ["l"]), helper.make_node("Pow", ["l", "w"], ["y"])]
        outputs = [helper.make_tensor_value_info(name, 1, None) for name in ("r", "y")]
        (tmp_path / "m.onnx").write_bytes(_model(nodes, [_tensor((4,), b"\0" * 16)], inputs=(shape,),
                                                 outputs=outputs).SerializeToString())
        assert "\n" not in _message(tmp_path / "m.onnx")
