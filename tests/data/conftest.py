"""What many tests of data ask for."""

import pytest

from gradcalc.data import batches


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches of at most 64 rows, so that a small file has many."""
    monkeypatch.setattr(batches, "_MOST_ROWS", 64)
    monkeypatch.setattr(batches, "_LEAST_ROWS", 64)
