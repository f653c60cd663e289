"""`gradcalc functions`: what a formula can use, from the table of ops."""

from dataclasses import dataclass

from gradcalc.cli import options as o
from gradcalc.cli.write import Format, write
from gradcalc.settings import option


@dataclass(frozen=True)
class Named:
    """What is looked up."""

    name: str | None = option(None, "[NAME]", "One function or constant, by any spelling.")


@dataclass(frozen=True)
class Show(o.Json, o.Shape):
    """How it is shown."""


def functions(wanted: Named, show: Show) -> int:
    """The functions and constants a formula can use, with derivative, domain and behaviour at kinks.

    \b
    gradcalc functions
    gradcalc functions atan2
    """
    from gradcalc.language.functions import catalogue

    write(catalogue(wanted.name), Format.json if show.json else show.format)
    return 0
