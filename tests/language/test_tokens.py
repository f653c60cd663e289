"""Text is cut into words with their places; what the language does not have is refused at its first place."""

import pytest

from gradcalc.errors import ExpressionError, LimitError
from gradcalc.language.parse import parse, parse_bindings
from gradcalc.language.tokens import tokenize


def rows(text: str) -> list[tuple[str, str, int]]:
    """Kind, word and start of every token."""
    tokens = tokenize(text, 1000)
    return [tuple(tokens[position])[:3] for position in range(len(tokens))]


def test_words_keep_their_place_between_spaces() -> None:
    expected = [("number", "2", 1), ("name", "xy", 3), ("sign", "**", 6), ("number", ".5e-3", 9), ("end", "", 15)]
    assert rows(" 2 xy\n** .5e-3\t") == expected


def test_two_points_after_a_number_are_a_sign() -> None:
    assert [word for _, word, _ in rows("1..2.5")] == ["1", "..", "2.5", ""]


def test_names_have_one_spelling_and_raised_numbers_are_no_part_of_them() -> None:
    assert rows("ﬁ²")[:2] == [("name", "fi", 0), ("raised", "²", 1)]


@pytest.mark.parametrize(("text", "place"), [("x $ #", 2), ("aⁿ + $", 0), ("$ + aⁿ", 0), ("x\n\0", 2), ("1 + '", 4)])
def test_the_first_wrong_word_is_shown(text: str, place: int) -> None:
    with pytest.raises(ExpressionError) as caught:
        tokenize(text, 1000)
    assert caught.value.span is not None
    assert caught.value.span[0] == place
    assert caught.value.hint


@pytest.mark.parametrize("text", ["ﵐ", "ﵐ(x)", "1 + ﵐ", "ﵐ x", "x ﵐ", "1/2ﵐ", "sin(ﵐ)", "ﬁ(2)", "e\u0301(x)", "x^2ﵐ"])
def test_the_place_of_a_name_that_is_longer_in_its_plain_form_stays_within_the_text(text: str) -> None:
    tokens = tokenize(text, 1000)
    spans = [tokens[position].span for position in range(len(tokens) - 1)]
    assert all(0 <= start < end <= len(text) for start, end in spans)
    try:
        formula = parse(text)
    except ExpressionError as error:
        assert error.span is not None and 0 <= error.span[0] < error.span[1] <= len(text)
    else:
        assert all(0 <= start < end <= len(text) for start, end in formula.spans.values())


def test_pieces_stand_between_commas_outside_of_brackets() -> None:
    assert tokenize("a=[1,2],b=f(x,y)", 1000).pieces() == [(0, 7), (8, 16)]


def test_a_text_over_the_limit_is_not_read() -> None:
    tokenize("x" * 10, 10)
    with pytest.raises(LimitError):
        tokenize("$" * 11, 10)


def test_a_name_whose_plain_form_is_no_name_is_refused() -> None:
    with pytest.raises(ExpressionError, match="is not a name"):
        tokenize("Ŀ + 1", 100)


def test_a_name_of_any_letters_stands_between_backquotes() -> None:
    for text, names in (
        ("`time (s)`*2 + `x [m]`^2", ["time (s)", "x [m]"]),
        ("2`a+b`*(`c,d` - 1)", ["a+b", "c,d"]),
        ("`x` + x", ["x"]),
    ):
        found = parse(text)
        assert list(found.variables) == names
        again = parse(found.canonical)
        assert list(again.variables) == names and again.canonical == found.canonical
    assert list(parse_bindings("`time (s)`=1/3, y=2")) == ["time (s)", "y"]
    for text in ("`2`+1", "`a", "``", "` `", "`+`", "`a\nb`"):
        with pytest.raises(ExpressionError):
            parse(text)
