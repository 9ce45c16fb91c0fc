"""Which kernel the selected layer runs on: asked once for the whole network, without any training."""

import re
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from core.errors import NetworkError
from core.templates import template
from core.worker.kernels import kernels
from core.worker.messages import LookAtKernels
from guibuilder.kernel_part import KernelPart
from tests.mouse import body, click

SETTLED = 300
# Which of them depends on the lanes that a batch fills.
FOR_FIVE_BY_FIVE = ("direct convolution – ", "Winograd 5×5 – ")


@pytest.fixture
def part(document, selection, theme, worker, qtbot):
    """The part in a window of its own, with LeNet."""
    part = KernelPart(document, selection, theme, worker)
    qtbot.addWidget(part)
    part.resize(300, 300)
    return part


def answer(worker, qtbot):
    """Answer what was asked last, as the worker does; gives that question."""
    count = worker.count("LookAtKernels")
    qtbot.waitUntil(lambda: bool(worker.count("LookAtKernels")))
    request = worker.last("LookAtKernels")
    assert count <= worker.count("LookAtKernels")
    worker.answer(request, kernels(request))
    return request


def lines(part):
    text = re.sub(r"<style>.*?</style>", "", part.block.text(), flags=re.DOTALL)
    return [re.sub(r"<[^>]+>", "", line) for line in re.findall(r"<p .*?</p>", text, flags=re.DOTALL)]


def test_it_says_kernel_reason_and_company(part, document, selection, worker, qtbot):
    assert part.isHidden(), "nothing is selected"
    selection.set([document.network.names["C1"]])
    assert lines(part) == ["the engine gets ready …"]
    answer(worker, qtbot)
    kernel = "direct convolution – register tiles: each row of a filter covers neighbouring numbers"
    assert lines(part) == [kernel, "in one step with A1 and S2"]
    assert "in the processor's registers" in part.block.toolTip()
    assert "cache" in part.block.toolTip()
    selection.set([document.network.names["S2"]])
    assert lines(part) == ["in one step with C1 and A1", f"C1: {kernel}"]
    selection.set([document.network.names["Flatten"]])
    assert lines(part)[0].startswith("nothing to do – ")
    qtbot.wait(SETTLED)
    assert worker.count("LookAtKernels") == 1, "one answer for all layers"
    for ids in ([document.network.names["Input"]], [document.network.names[name] for name in ("C1", "C3")], []):
        selection.set(ids)
        assert part.isHidden()


def test_a_click_explains_it(part, document, selection, worker, qtbot):
    document.load(template("vgg-small"))
    selection.set([document.network.names["S1_conv2"]])
    answer(worker, qtbot)
    assert lines(part)[0].startswith("Winograd 3×3 – ")
    assert "36 products" not in part.block.text()
    QTest.mouseClick(part.why, Qt.MouseButton.LeftButton)
    assert "36 products" in part.block.text()
    QTest.keyClick(part.why, Qt.Key.Key_Space)
    assert "36 products" not in part.block.text()


def test_it_follows_edits_and_the_settings_of_the_training(part, document, selection, worker, qtbot):
    document.load(template("vgg-small"))
    key = document.network.names["S1_conv2"]
    selection.set([key])
    answer(worker, qtbot)
    assert lines(part)[0].startswith("Winograd 3×3 – ")
    document.edit("Precise", options=replace(document.project.options, precise=True))
    qtbot.waitUntil(lambda: worker.count("LookAtKernels") == 2)
    assert answer(worker, qtbot).precise
    assert lines(part)[0].startswith("direct convolution – ")
    document.undo_stack.undo()
    qtbot.waitUntil(lambda: worker.count("LookAtKernels") == 3)
    answer(worker, qtbot)
    assert lines(part)[0].startswith("Winograd 3×3 – ")
    document.edit("Dilate", network=document.network.change(key, dilation=2, padding=2))
    qtbot.waitUntil(lambda: worker.count("LookAtKernels") == 4)
    answer(worker, qtbot)
    assert lines(part)[0].startswith("convolution in parts – ")


def test_moving_a_layer_asks_nothing(part, document, selection, worker, qtbot):
    key = document.network.names["C1"]
    selection.set([key])
    answer(worker, qtbot)
    document.edit("Move", network=document.network.move({key: (5.0, 5.0)}))
    qtbot.wait(SETTLED)
    assert worker.count("LookAtKernels") == 1


def test_an_answer_to_an_earlier_question_is_passed_over(part, document, selection, worker, qtbot):
    key = document.network.names["C1"]
    selection.set([key])
    qtbot.waitUntil(lambda: worker.count("LookAtKernels") == 1)
    early = worker.last("LookAtKernels")
    document.edit("Dilate", network=document.network.change(key, dilation=2, padding=4))
    qtbot.waitUntil(lambda: worker.count("LookAtKernels") == 2)
    worker.answer(early, kernels(early))
    assert lines(part) == ["the engine gets ready …"]
    answer(worker, qtbot)
    assert lines(part)[0].startswith("convolution in parts – ")


def test_layers_in_blocks_and_blocks_themselves(part, document, selection, worker, qtbot):
    document.load(template("resnet20-cifar"))
    block = document.network.names["S1B1"]
    selection.set([block])
    answer(worker, qtbot)
    assert lines(part) == ["Winograd 3×3 conv1, conv2", "batch normalisation conv1_norm, conv2_norm"]
    document.open((block,))
    selection.set([document.network.names["conv1_relu"]])
    assert lines(part)[0] == "in one step with conv1_norm"
    for port in (node for node in document.network.nodes.values() if node.layer.ports[1] == 0):
        selection.set([port.id])
        assert part.isHidden()


def test_a_network_that_does_not_run_yet(part, document, selection, worker, qtbot):
    key = document.network.names["C3"]
    selection.set([key])
    answer(worker, qtbot)
    document.edit("Too large", network=document.network.change(key, kernel=15))
    assert lines(part) == ["known once the network can run"]
    document.undo_stack.undo()
    assert lines(part)[0].startswith(FOR_FIVE_BY_FIVE)


def test_a_refusal_is_said_and_another_worker_is_asked_again(part, document, selection, worker, qtbot):
    selection.set([document.network.names["C1"]])
    qtbot.waitUntil(lambda: worker.count("LookAtKernels") == 1)
    worker.refuse(worker.last("LookAtKernels"), "There must be one Input.")
    assert lines(part) == ["There must be one Input."]
    worker.die("The engine ended.")
    selection.set([document.network.names["C3"]])
    answer(worker, qtbot)
    qtbot.waitUntil(lambda: worker.count("LookAtKernels") == 2)
    answer(worker, qtbot)
    assert lines(part)[0].startswith(FOR_FIVE_BY_FIVE)


def test_the_worker_refuses_what_cannot_run(document):
    network = document.network.change(document.network.names["C3"], kernel=15)
    with pytest.raises(NetworkError):
        kernels(LookAtKernels(1, network))


def test_it_stands_in_the_window_between_shape_and_cost(lenet, qtbot):
    parts = lenet.commands
    part = lenet.findChild(KernelPart)
    click(parts.canvas, body(parts.canvas, "C1"))
    qtbot.waitUntil(part.isVisible)
    answer(parts.worker, qtbot)
    assert lines(part)[0].startswith("direct convolution – ")
    page = parts.properties.node_page
    shape, own, cost = (widget.mapToGlobal(widget.rect().topLeft()).y() for widget in (page.shape, part, page.cost))
    assert shape < own < cost
    assert not part.visibleRegion().isEmpty(), "a click on the layer is all it takes"
