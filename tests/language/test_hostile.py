"""Corpora for `tokens`, `syntax` and `parse`: attacks on evaluators, and what is no expression, end as clear errors."""

import json
import time

import pytest

from gradcalc.errors import ExpressionError, GradcalcError
from gradcalc.language.parse import parse, parse_bindings
from tests import CORPORA, HANG

MAY_PARSE = {"dos", "numeric-edge"}
PLAIN_NAMES = {"constructor"}
"""Attacks on other evaluators that are an ordinary variable here."""


def rows(name: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in (CORPORA / name).read_text(encoding="utf-8").splitlines()]


def generated() -> list[str]:
    """Large texts of repeated parts, each of which has broken some parser."""
    parts = [
        "(",
        "[",
        "-",
        "~",
        "|",
        "sin(",
        "√",
        "x^",
        "2**",
        "not ",
        "x[",
        "[[1],",
        "where(",
        "sum(i=1..9,",
        "a.",
        "x!",
        "²",
        "'",
    ]
    return [part * 20_000 for part in parts] + [part * 2_000 + "x" for part in parts] + ["1" + "+1" * 200 + ")" * 5_000]


@pytest.mark.parametrize("row", rows("hostile.jsonl"), ids=lambda row: row["id"])
def test_hostile_text_is_refused_quickly(row: dict[str, str]) -> None:
    text = row["expr"]
    began = time.process_time()
    if row["class"] in MAY_PARSE or text in PLAIN_NAMES:
        try:
            parse(text)
        except GradcalcError as error:
            assert error.span is not None
    else:
        with pytest.raises(ExpressionError) as caught:
            parse(text)
        assert caught.value.span is not None
        assert caught.value.hint
        assert "Traceback" not in str(caught.value)
    assert time.process_time() - began < HANG


@pytest.mark.parametrize("row", rows("malformed.jsonl"), ids=lambda row: row["id"])
def test_malformed_text_is_refused_with_a_caret(row: dict[str, str]) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(row["expr"])
    assert "^" in str(caught.value).splitlines()[2]
    assert caught.value.hint


@pytest.mark.parametrize("text", generated(), ids=lambda text: f"{text[:8]}*{len(text)}")
def test_generated_text_is_refused_quickly(text: str) -> None:
    began = time.process_time()
    for read in (parse, parse_bindings):
        with pytest.raises(ExpressionError):
            read(text)
    assert time.process_time() - began < HANG
