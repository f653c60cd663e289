"""`gradcalc functions`: the table of ops, as it is."""

from typing import Annotated

import typer


def functions(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="One function, by name or alias.", show_default=False)
    ] = None,
) -> int:
    """The functions a formula can use: how each is written, its derivative, domain and behaviour at kinks.

    \b
    gradcalc functions
    gradcalc functions atan2
    """
    from gradcalc import catalogue, ops
    from gradcalc.cli import render
    from gradcalc.errors import UsageError, did_you_mean

    if name is None:
        render.print_cards(catalogue.cards())
        return 0
    entry = ops.TABLE.get(ops.ALIASES.get(name, name))
    if entry is None or entry.internal:
        known = [op.name for op in ops.TABLE.values() if not op.internal] + list(ops.ALIASES)
        near = did_you_mean(name, known)
        raise UsageError(
            f"no function {name}", hint=f"gradcalc functions {near}" if near else "gradcalc functions lists all"
        )
    render.print_card(catalogue.card(entry))
    return 0
