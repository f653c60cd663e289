"""The card of these tests."""

from collections.abc import Iterator

import pytest

from gradcalc.arithmetic.cuda import arrays, code, kernel
from gradcalc.arithmetic.cuda.driver import Driver
from tests.arithmetic.cuda.card import Card


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> Iterator[Card]:
    """A card that runs IR, with the driver on it."""
    card = Card()
    driver = Driver(card)
    for module in (arrays, kernel):
        monkeypatch.setattr(module, "driver", lambda: driver)
    monkeypatch.setattr(code, "assembled", lambda text: text)
    return card
