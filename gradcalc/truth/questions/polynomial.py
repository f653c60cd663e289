"""Polynomials in steps from a point, as text: `1 + 2*(x - 1) + (x - 1)**2`. Imports language, show and quantity."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from gradcalc.language.format import quoted
from gradcalc.show import page as pages
from gradcalc.truth.quantity import Quantity

Powers = Mapping[str, int]
"""The power of each variable's step, without those to the power 0."""


def polynomial(terms: Iterable[tuple[Powers, Quantity]], at: Mapping[str, Any]) -> str:
    """A sum of numbers times powers of steps, without what is 0; what no float shows as it is proved."""
    text = ""
    for powers, known in terms:
        value, proof = known.value, known.certified
        number = (
            pages.number_text(value) if value and math.isfinite(value) or not proof else pages.short_text(proof.value)
        )
        if number == "0":
            continue
        power, size = power_text(powers, at), number.removeprefix("-")
        term = size if power == "1" else power if size == "1" else f"{size}*{power}"
        negative = number.startswith("-")
        text += f" {'-' if negative else '+'} {term}" if text else f"{'-' if negative else ''}{term}"
    return text or "0"


def power_text(powers: Powers, at: Mapping[str, Any]) -> str:
    """A product of powers of steps: `(x - 1)**2*y`."""
    factors = []
    for name, power in powers.items():
        step = step_text(name, at)
        factors.append(step if power == 1 else f"{step}**{power}")
    return "*".join(factors) or "1"


def step_text(name: str, at: Mapping[str, Any]) -> str:
    """The step of a variable, or of an element of an array, from where it is."""
    where, _, index = name.partition("[")
    value = at[where]
    for place in index.rstrip("]").split(",") if index else ():
        value = value[int(place)]
    text = pages.value_text(value)
    if text in ("0", "-0"):
        return quoted(name)
    if text.startswith("-") and all(c.isalnum() or c == "." for c in text[1:]):
        return f"({quoted(name)} + {text[1:]})"
    plain = all(c.isalnum() or c == "." for c in text)
    return f"({quoted(name)} - {text if plain else f'({text})'})"
