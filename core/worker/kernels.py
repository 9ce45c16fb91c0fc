"""Which kernel each layer of a network runs on, for the window, which knows no engine."""

from core.engine.explain import uses
from core.worker.messages import KernelUse, LookAtKernels


def kernels(request: LookAtKernels) -> dict[str, KernelUse]:
    """By the layers' names in the expanded network; NetworkError where it cannot run."""
    found = uses(request.network, request.loss, request.precise)
    return {name: KernelUse(use.title, use.reason, use.about, use.together) for name, use in found.items()}
