"""Columns that are kept of files of text: which hold numbers, so that they are numbers where columns have types."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gradcalc.data.formats.format import EXACT, NULL_TEXTS, library
from gradcalc.settings import Reading

_COUNT = "^([+-]?[1-9][0-9]*|[+]?0)$"
_NUMBER = "^([+-]?((0|[1-9][0-9]*)([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)?|[+-]?[iI][nN][fF]([iI][nN][iI][tT][yY])?)$"
"""Numbers as one writes them: 007 is a name."""
_INFINITY, _ZERO = "^[+-]?[iI]", "^[+-]?[0.]+([eE]|$)"


def number_types(pieces: Iterable[Sequence[Any]], kept: Sequence[str], how: Reading) -> Mapping[str, Any]:
    """The types of those columns that hold nothing but numbers and nulls: int64, or double where it takes no digit.

    pieces: of the columns `kept`, as text.
    """
    arrow = library("pyarrow")
    kinds: dict[str, set[str]] = {name: set() for name in kept}
    for piece in pieces:
        for name, column in zip(kept, piece, strict=True):
            if "text" not in kinds[name]:
                kinds[name] |= _kinds(_numerals(column, how).drop_null())
        if all("text" in found for found in kinds.values()):
            break
    types = {frozenset(["count"]): arrow.int64(), frozenset(["count", "wide"]): arrow.int64()}
    types |= {frozenset(["fraction"]): arrow.float64(), frozenset(["count", "fraction"]): arrow.float64()}
    return {name: types[frozenset(found)] for name, found in kinds.items() if frozenset(found) in types}


def as_number(column: Any, type: Any, how: Reading) -> Any:
    """A column of text as the numbers it holds."""
    return _numerals(column, how).cast(type)


def _numerals(column: Any, how: Reading) -> Any:
    """The texts without blanks around them and with a decimal point; a null for what stands for none."""
    arrow, compute = library("pyarrow"), library("pyarrow.compute")
    texts = compute.utf8_trim_whitespace(column)
    nulls = compute.is_in(texts, arrow.array(sorted(NULL_TEXTS.union(how.missing))))
    texts = compute.if_else(nulls, arrow.scalar(None, texts.type), texts)
    if how.decimal_comma:
        texts = compute.replace_substring(compute.replace_substring(texts, ".", "no point"), ",", ".")
    return compute.replace_substring_regex(texts, "^[+]", "")


def _kinds(texts: Any) -> set[str]:
    """What some texts are: counts, of which some are too wide for doubles, fractions; anything else is text."""
    arrow, compute = library("pyarrow"), library("pyarrow.compute")

    def matching(texts: Any, pattern: str) -> Any:
        return compute.match_substring_regex(texts, pattern)

    if not compute.all(matching(texts, _NUMBER)).as_py():
        return {"text"} if len(texts) else set()
    counted = matching(texts, _COUNT)
    whole, rest = texts.filter(counted), texts.filter(compute.invert(counted))
    kinds = {"count"} if len(whole) else set()
    try:
        ends = compute.min_max(whole.cast(arrow.int64())).as_py().values() if len(whole) else ()
    except ValueError:
        return {"text"}  # no integer of a machine holds it
    if any(abs(end) > EXACT for end in ends):
        kinds.add("wide")
    if len(rest):
        doubles = rest.cast(arrow.float64())
        same = compute.and_(
            compute.equal(compute.is_inf(doubles), matching(rest, _INFINITY)),
            compute.equal(compute.equal(doubles, 0.0), matching(rest, _ZERO)),
        )
        kinds.add("fraction" if compute.all(same).as_py() else "text")  # 1e400 is no double
    return kinds
