"""`gradcalc functions`: what a formula can use, from the table of ops."""

from typing import Annotated

import typer

from gradcalc.cli import options as o


def functions(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", help="One function or constant, by any spelling.", show_default=False),
    ] = None,
    show: o.Show = o.Format.table,
    json: o.Json = False,
) -> int:
    """The functions and constants a formula can use, with derivative, domain and behaviour at kinks.

    \b
    gradcalc functions
    gradcalc functions atan2
    """
    from gradcalc.language.functions import catalogue

    o.write(catalogue(name), o.Format.json if json else show)
    return 0
