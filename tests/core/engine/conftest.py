"""Tests of the engine have little work for their threads, which are to share it all the same."""

import pytest

from core.engine import runner


@pytest.fixture(autouse=True)
def share_everything(monkeypatch):
    """Batches are cut for the threads however small they are."""
    monkeypatch.setattr(runner, "_ALONE", 0)
