"""Every template opens, is laid out, and names its source."""

import pytest

from core.errors import UsageError
from core.templates import TEMPLATES, template


@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_template(name):
    project = template(name)
    chosen = TEMPLATES[name]
    assert project.network.name == chosen.title
    assert chosen.about.endswith(".")
    assert chosen.source
    assert len(project.network.finals()) == 1
    assert len({node.position for node in project.network.nodes.values()}) == len(project.network.nodes)


def test_a_wrong_name_gets_a_hint():
    with pytest.raises(UsageError, match="Did you mean lenet5"):
        template("lenet-5")


def test_lenet_defaults_are_those_of_the_contract():
    options = template("lenet5").options
    assert (options.optimizer, options.learning_rate, options.batch_size, options.epochs) == ("adam", 0.002, 64, 5)
