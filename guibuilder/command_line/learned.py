"""What the commands that use a network's weights share."""

from core.data.normalisation import Normalisation
from core.layers.base import Array
from core.project import Project, complete_weights, fitting
from guibuilder.command_line.common import say


def all_weights(project: Project) -> dict[str, Array]:
    """Every array the network needs; those that were not learned are drawn from the seed, which is said."""
    complete = complete_weights(project)
    learned = fitting(project.network, project.weights)
    if complete and not learned:
        say(f"{project.network.name} is not trained; its weights are drawn from seed {project.options.seed}.")
    elif len(learned) < len(complete):
        layers = dict.fromkeys(name.partition(".")[0] for name in complete if name not in learned)
        say(f"{', '.join(layers)} changed since the training; what is new is drawn from seed {project.options.seed}.")
    return complete


def say_untrained(project: Project) -> None:
    """Say once where answers come from chance."""
    all_weights(project)


def own_normalisation(project: Project) -> Normalisation:
    """How the pictures of a project are shifted and scaled, by the figures of its training."""
    mean, spread = project.progress.get("mean", ()), project.progress.get("spread", ())
    return Normalisation(tuple(mean), tuple(spread)) if project.data.normalise else Normalisation()
