"""`gradcalc functions`: what a formula can use, from the table of ops."""

from dataclasses import dataclass

from gradcalc.settings import option


@dataclass(frozen=True)
class Named:
    """What is looked up."""

    name: str | None = option(None, "[NAME]", "One function or constant, by any spelling.")


def functions(wanted: Named) -> int:
    """The functions and constants a formula can use, with derivative, domain and behaviour at kinks.

    \b
    gradcalc functions
    gradcalc functions atan2
    """
    from gradcalc.errors import UsageError, did_you_mean
    from gradcalc.language.functions import cards, find
    from gradcalc.language.tokens import CONSTANTS, FUNCTIONS
    from gradcalc.show.terminal import print_card, print_cards

    name = wanted.name
    if name is None:
        print_cards(cards())
        return 0
    card = find(name)
    if card is None:
        near = did_you_mean(name, [*FUNCTIONS, *CONSTANTS])
        raise UsageError(
            f"no function {name}", hint=f"gradcalc functions {near}" if near else "gradcalc functions lists all"
        )
    print_card(card)
    return 0
