"""Files of other languages: what `source`, `languages`, `c`, `python` and `javascript` make of a formula.

That their numbers are right is seen where they test themselves: `truth/questions/test_export.py`.
"""

import pytest

from gradcalc.errors import UsageError
from gradcalc.language.formula import Formula, Variable
from gradcalc.language.parse import parse
from gradcalc.language.targets.languages import LANGUAGES, checked_name, language_of
from gradcalc.language.targets.source import LONGEST, PART, Source, commented, made


def formula(text: str, order: int = 1) -> Formula:
    found = parse(text)
    return found.differentiated([Variable(name) for name in found.variables], order)


def source(text: str, word: str = "c", order: int = 1) -> Source:
    whole = formula(text, order)
    return made(LANGUAGES[word], whole, whole.names, "f", "by a test")


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("x*/y", "x* /y"), ("a\nb\tc", "a b c"), ("x\\", "x"), ("what??/", "what? ?/"), ("/* x", "/ * x"), ("x \\ ", "x"),
        ("**//", "** //"), ("??????", "? ? ? ? ? ?"), ("\u202eevil\x00", "?evil?"), ("-- x", "- - x"), ("x" * 99, "x" * 57 + "..."),
    ],
)  # fmt: skip
def test_comments_cannot_be_closed_or_continued(text: str, safe: str) -> None:
    assert commented(text) == safe


@pytest.mark.parametrize("word", LANGUAGES)
def test_a_hostile_text_stays_in_its_comments(word: str) -> None:
    text = "x *\n y"
    file = LANGUAGES[word].file(source(text, word))
    assert "x * y" in file and not any(line.strip() == "y" for line in file.splitlines())


def test_each_common_part_is_one_line() -> None:
    lines = [line.value for part in source("sin(x)^2 + sin(x)^3 + x^5 + x^4", order=2).parts for line in part.lines]
    assert len(lines) == len(set(lines))
    assert sum("sin(" in line for line in lines) == 1


def values(text: str, word: str = "c", order: int = 1) -> list[str]:
    return [line.value for part in source(text, word, order).parts for line in part.lines]


def test_signs_are_moved_out_of_products_so_that_more_lines_are_equal() -> None:
    lines = values("exp(-(x-y)^2/2)*z", order=2)
    assert len(lines) == len(set(lines)) < 25 and sum(line.startswith("-") for line in lines) <= 5
    assert values("x*y + y*x", order=0) == ["x_ * y", "v1 + v1"]
    assert values("(-x)^3 - (-x)^2", order=0) == ["x_ * x_", "v1 * x_", "-v2", "v3 - v1"]
    assert values("-x/-y + -(-z)", order=0) == ["x_ / y", "v1 + z"]


def test_what_tanh_and_its_slope_need_is_computed_once() -> None:
    lines = values("tanh(x) + sech(x) + tanh(-y)", order=2)
    assert sum("exp(" in line for line in lines) == 2 and not any("sech(" in line for line in lines)


def test_powers_of_a_broken_exponent_have_their_root_in_common() -> None:
    lines = values("x^2.3 + y^1.5 + y^0.5", order=2)
    assert sum("pow(" in line for line in lines) == 1 and sum("sqrt(" in line for line in lines) == 1


def test_derivatives_are_not_divided_by_a_number_and_its_sign_is_moved() -> None:
    assert values("x/3")[1:] == []
    assert not any("/" in line for line in values("(x/3)^2 * -2")[3:])
    assert values("-2*x - x*2", order=0) == ["2.0 * x_", "-v1", "v2 - v1"]


def test_quotients_over_one_denominator_are_summed_before_they_are_divided() -> None:
    divisions = sum(" / " in line for line in values("x*y/sqrt(x^2+y^2+z^2)^3", "js", order=2))
    assert divisions < 22
    assert any("v7 / y" in line for line in values("x/y + x*x/y"))


def test_derivatives_over_one_divisor_divide_once_in_c_where_it_is_ordinary() -> None:
    lines = values("x*y/sqrt(x^2+y^2+z^2)^3", order=2)
    assert sum(" / " in line for line in lines) < 6
    assert values("x/y") == ["x_ / y", "1.0 / y", "v1 / y", "-v3"]  # no more than a reciprocal would save
    assert "1.0 / c" in values("1/(1/a+b/c)", order=2)


def test_numbers_of_products_are_one_in_derivatives_and_roots_are_not_doubled() -> None:
    lines = values("asin(x*y/3)", order=2)
    assert not any("2.0" in line for line in lines) and "v7 + v7" not in lines
    assert values("2*(3*x)*y", order=0) == ["3.0 * x_", "2.0 * v1 * y"]
    assert values("2*(3*x)*y")[2:] == ["6.0 * x_", "6.0 * y"]
    assert values("exp(-0.5*(x-y)^2)")[4:] == ["exp(v4)", "v5 * v1", "-v6"]


def test_opposite_differences_are_one_in_derivatives() -> None:
    lines = values("exp(-0.5*((x-y)/z)^2)", order=2)
    differences = {tuple(line.split(" - ")) for line in lines if " - " in line}
    assert not any(each[::-1] in differences for each in differences)


def test_quotients_of_the_text_itself_stay_as_they_are() -> None:
    assert values("x/z + y/z", order=0) == ["x_ / z", "y / z", "v1 + v2"]  # x + y may overflow


def test_a_line_that_nobody_reads_is_left_out() -> None:
    read = {
        place for part in source("x*y/z + y/(x*z)", order=2).parts for line in part.lines for place in line.operands
    }
    whole = source("x*y/z + y/(x*z)", order=2).parts[0]
    stored = {store.place for store in whole.stores}
    assert [line.name for line in whole.lines] == [f"v{k}" for k in range(1, len(whole.lines) + 1)]
    assert {line.name for line in whole.lines} <= read | stored


@pytest.mark.parametrize(
    ("text", "zeros", "stored"),
    [
        ("x*y", False, 4),
        ("x^2+y^2+z^2", False, 9),
        ("x*y*z", False, 9),
        ("+".join(f"x{i}^2" for i in range(11)), True, 11),
    ],
)
def test_few_zeros_of_a_hessian_are_stored_and_many_are_not(text: str, zeros: bool, stored: int) -> None:
    whole = source(text, order=2)
    assert whole.has_zeros is zeros and sum(store.result == 2 for store in whole.parts[0].stores) == stored


def test_a_line_says_where_it_stands_in_the_text() -> None:
    part = source("x^2 * sin( y )").parts[0]
    said = {line.value: line.comment for line in part.lines}
    assert said["sin(y)"] == "sin( y )" and said["cos(y)"] == "d sin( y )"


def test_a_long_program_is_cut_and_its_places_are_used_again() -> None:
    text = " + ".join(f"sin({k}*x)*y" for k in range(1, 1200))
    whole = source(text)
    assert whole.is_cut and all(len(part.lines) + len(part.stores) <= PART for part in whole.parts)
    assert sum(len(part.lines) for part in whole.parts) > LONGEST
    kept: set[str] = set()
    for part in whole.parts:
        own = {line.name for line in part.lines} | kept
        for place in (place for line in part.lines for place in line.operands):
            assert place in own or place.startswith("x[") or place.replace(".", "").isdigit(), place
        kept |= {f"w[{keep.slot}]" for keep in part.keeps}
    assert whole.slots == len(kept) < sum(len(part.keeps) for part in whole.parts)


def test_names_of_arguments_and_routines_are_apart() -> None:
    whole = source("x + v1 + f + double + tgamma + f_max", "c")
    assert whole.parameters == ("x_", "input2", "f_", "double_", "tgamma_", "input6")


@pytest.mark.parametrize(
    ("word", "meant"), [("C++", "cpp"), ("py", "python"), ("JavaScript", "js"), ("cu", "cuda"), ("np", "numpy")]
)
def test_other_words_for_a_language(word: str, meant: str) -> None:
    assert language_of(word).word == meant


def test_what_is_no_language_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="no such language: pyton") as caught:
        language_of("pyton")
    assert caught.value.hint == "did you mean python?"
    with pytest.raises(UsageError, match="no such language: cobol"):
        language_of("cobol")


@pytest.mark.parametrize(
    ("word", "name"),
    [("c", "double"), ("c", "sin"), ("c", "main"), ("c", "y1"), ("cpp", "std"), ("cpp", "lgamma_r"), ("c", "sprintf"),
     ("js", "found"), ("python", "row"), ("cpp", "class"), ("js", "function"), ("python", "lambda"), ("numpy", "np"),
     ("r", "cat"), ("r", "sprintf"), ("octave", "disp"), ("octave", "fprintf"), ("julia", "println"), ("c", "2f"),
     ("c", "a b"), ("c", ""), ("python", "f\n"), ("js", "é"), ("c", "a" * 99)],
)  # fmt: skip
def test_names_that_no_function_can_have(word: str, name: str) -> None:
    with pytest.raises(UsageError, match="--name"):
        checked_name(language_of(word), name)


def test_macros_of_c_are_no_names_of_arguments() -> None:
    whole = source("M_PI + P_tmpdir + FP_NAN + M_PIl", "cpp")
    assert whole.parameters == ("M_PI_", "P_tmpdir_", "FP_NAN_", "M_PIl_")
    assert source("found + rows", "js").parameters == ("found_", "rows_")


@pytest.mark.parametrize("word", ["c", "fortran", "python", "rust", "r"])
def test_routines_take_only_what_they_use(word: str) -> None:
    routines = source("digamma(x)^2 + laguerre(0, x) + x", word, 2).routines
    trigamma = next(text for text in routines if "polygamma_1" in text)
    assert "x1" in trigamma and "x0" not in trigamma


def test_a_part_says_what_it_uses() -> None:
    whole = source(" + ".join(f"sin({k}*x)*y" for k in range(1, 1200)))
    first, last = whole.parts[0].used(), whole.parts[-1].used()
    assert set(first) == {"x", "w"} and {"gradient", "w"} <= set(last)


def test_a_full_hessian_of_very_many_variables_is_refused() -> None:
    text = " + ".join(f"x{k}^2" for k in range(2_100))
    with pytest.raises(UsageError, match="2,100 variables"):
        source(text, order=2)
