"""What another program cannot carry of a project, in sentences; empty where it carries everything."""

from core.graph.expand import expanded
from core.project import Project


def not_in_numpy(project: Project) -> str:
    """The script is for use: what only works in training is not in it."""
    types = _types(project)
    if not types & {"Dropout", "NoisyReLU", "RReLU"}:
        return ""
    return "Dropout and noise are not in the script, because they do nothing at use."


def not_in_keras(project: Project) -> str:
    """Keras answers the same; trained on there, a few things go another way."""
    types, found = _types(project), []
    if "BatchNorm" in types:
        found.append("BatchNorm's running variance grows a little differently when it is trained on in Keras, which "
                     "keeps the biased variance of a batch.")
    if any(node.type == "BatchNorm" and node.layer.frozen for node in expanded(project.network).nodes.values()):
        found.append("A frozen BatchNorm uses its running figures in Keras in training as well.")
    if types & {"Dropout", "NoisyReLU", "RReLU"} or project.data.augments:
        found.append("Random numbers are drawn anew there, so a training goes another way with the same seed.")
    return " ".join(found)


def _types(project: Project) -> set[str]:
    return {node.type for node in expanded(project.network).nodes.values() if not node.layer.bypassed}
