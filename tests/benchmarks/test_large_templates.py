"""The large templates leave and come back as the small ones do; hundreds of megabytes each, so not in every run."""

import pytest

from core.project import Project
from core.templates import TEMPLATES, template
from tests.core.formats.test_round_trips import SMALL, there_and_back
from tests.core.random_networks import random_pictures, random_weights


@pytest.mark.parametrize("name", [name for name in TEMPLATES if name not in SMALL])
def test_there_and_back(name):
    project = template(name)
    (x,) = random_pictures(project.network, count=1).values()
    there_and_back(Project(project.network, random_weights(project.network), options=project.options,
                           data=project.data), x)
