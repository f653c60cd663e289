"""The op table as text: every op has a card, made from its entry, in the language itself."""

import re

import pytest

from gradcalc.errors import UsageError
from gradcalc.graph import ops
from gradcalc.graph.definitions import POLYNOMIALS
from gradcalc.language import functions
from gradcalc.language.parse import parse
from gradcalc.language.tokens import CONSTANTS, FUNCTIONS

PUBLIC = [op for op in ops.TABLE.values() if not op.internal]


def test_every_public_op_has_one_card_in_the_order_of_the_table() -> None:
    assert [card.name for card in functions.cards()][: len(PUBLIC)] == [op.name for op in PUBLIC]


@pytest.mark.parametrize("spelling", [*FUNCTIONS, *CONSTANTS])
def test_every_word_of_the_language_has_a_card(spelling: str) -> None:
    card = functions.find(spelling)
    assert card is not None and card.doc


def test_names_of_nothing_have_no_card() -> None:
    assert [functions.find(name) for name in ("sen", "powi", "")] == [None, None, None]


@pytest.mark.parametrize(
    ("spelling", "name"), [("ln", "log"), ("norm", "hypot"), ("Piecewise", "piecewise"), ("π", "pi"), ("sum", "sum")]
)
def test_a_card_is_found_by_every_spelling(spelling: str, name: str) -> None:
    card = functions.find(spelling)
    assert card is not None and card.name == name


@pytest.mark.parametrize("op", PUBLIC, ids=lambda op: op.name)
def test_a_card_says_what_the_op_is(op: ops.Op) -> None:
    card = functions.card(op)
    assert card.doc and card.syntax
    assert bool(card.kink) == (op.kink is not None)
    assert bool(card.domain) == (op.domain is not None or op.name in ("tan", "sec"))
    differentiable = not op.is_condition and (op.variadic or any(rule is not None for rule in op.rules))
    assert bool(card.derivatives) == differentiable


@pytest.mark.parametrize("op", PUBLIC, ids=lambda op: op.name)
def test_every_derivative_of_a_card_can_be_typed(op: ops.Op) -> None:
    for _, text in functions.card(op).derivatives:
        if not any(f"{name}(" in text for name in ops.TABLE if ops.TABLE[name].internal):
            if op in POLYNOMIALS:
                text = re.sub(r"\bn\b", "5", text)  # a degree is a number
            parse(text.replace("where(c,", "where(c > 0,"))  # c is a condition, not a number


def test_cards_of_some_ops() -> None:
    sin = functions.card(ops.TABLE["sin"])
    assert (sin.syntax, sin.derivatives) == ("sin(x)", (("x", "cos(x)"),))
    log = functions.card(ops.TABLE["log"])
    assert (log.domain, "ln" in log.aliases) == ("x > 0", True)
    absolute = functions.card(ops.TABLE["abs"])
    assert absolute.kink.startswith("x == 0: ")
    assert functions.card(ops.TABLE["max"]).syntax == "max(a, b, ...)"


def test_a_catalogue_is_an_answer() -> None:
    whole, one = functions.catalogue(), functions.catalogue("arctan2")
    body = whole.to_dict()
    assert list(body) == ["schema", "command", "functions"]
    assert [card["name"] for card in body["functions"]] == [card.name for card in functions.cards()]
    (found,) = one.to_dict()["functions"]
    assert found["derivatives"] == {"a": "b/(a*a + b*b)", "b": "-a/(a*a + b*b)"}
    assert found["aliases"] == ["arctan2"]
    assert list(one.records())[1][3] == "d/da: b/(a*a + b*b); d/db: -a/(a*a + b*b)"
    assert len(list(whole.records())) == len(whole.cards) + 1


def test_a_name_of_nothing_is_refused_with_what_is_near() -> None:
    with pytest.raises(UsageError, match="no function sen\ntry: gradcalc functions sin"):
        functions.catalogue("sen")
