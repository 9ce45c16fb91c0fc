"""Without compilation the engine runs definitions, and of the kernels only losses and updates, as plain Python."""

import pytest

from core.kernels.jit import COMPILED

_RUN_ANYHOW = ("test_jit", "test_losses", "test_processor", "test_updates")


@pytest.fixture(autouse=True)
def compiled_only(request: pytest.FixtureRequest) -> None:
    """Skip what nobody would run: loops over vectors that Python does not know."""
    if not COMPILED and request.module.__name__.rpartition(".")[2] not in _RUN_ANYHOW:
        pytest.skip("this kernel runs only compiled; without, the layer's definition runs")
