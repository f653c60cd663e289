"""`gradcalc functions`: what a formula can use, from the table of ops."""

from dataclasses import dataclass

from gradcalc.cli import options as o
from gradcalc.cli.write import Format, write
from gradcalc.settings import option


@dataclass(frozen=True)
class Question:
    """What is looked up, and how it is shown."""

    name: str | None = option(None, "[NAME]", "One function or constant, by any spelling.")
    format: Format | None = option(None, o.FORMAT)
    json: bool = option(False, o.JSON)


def functions(question: Question) -> int:
    """The functions and constants a formula can use, with derivative, domain and behaviour at kinks.

    \b
    gradcalc functions
    gradcalc functions atan2
    """
    from gradcalc.language.functions import catalogue

    write(catalogue(question.name), o.shape_of(question.format, question.json))
    return 0
