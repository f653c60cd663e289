"""A page in LaTeX: where it is mathematics an `align*` for each group of equations, else text. Imports markup."""

import re
from collections.abc import Sequence

from gradcalc.show.markup import Markup
from gradcalc.show.page import Equation, Formula, Page, Piece, Table, plain, value_text

_SPECIALS = str.maketrans(
    {character: f"\\{character}" for character in "{}%&#$_"}
    | {"\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}"}
)
_NEWLINE = r" \\ "
_GREEK = re.compile(
    "alpha|beta|gamma|delta|epsilon|zeta|eta|theta|iota|kappa|lambda|mu|nu|xi|pi|rho|sigma|tau|upsilon|phi|chi|psi|"
    "omega|Gamma|Delta|Theta|Lambda|Xi|Pi|Sigma|Upsilon|Phi|Psi|Omega"
)
_NUMBER = re.compile(r"nan|-?inf|-?[\d.]+(e[+-]?\d+)?")
_ROOT = re.compile(r"sqrt\(([^()]*)\)")
_PLAIN = re.compile(r"(pi|[\d.+*/ -]|sqrt\((pi|[\d.+*/ -])+\))+")
"""Numbers, multiples of pi and roots of them, which need little typesetting."""


def draw(page: Page) -> str:
    """The equations of a page, or where it has none all of it."""
    return "\n".join(map(_aligned, page.equations)) or _LATEX.draw(page)


# -- mathematics -------------------------------------------------------------------------------------------------------


def _aligned(equations: Sequence[Equation]) -> str:
    lines = (f"{_left(each)} &= {' = '.join(map(_right, each.equals))}{_reason(each)}" for each in equations)
    return "\\begin{align*}\n" + " \\\\\n".join(lines) + "\n\\end{align*}"


def _reason(equation: Equation) -> str:
    return rf" && \text{{{equation.reason.translate(_SPECIALS)}}}" if equation.reason else ""


def _left(equation: Equation) -> str:
    if isinstance(equation.equals[0], Table) and not equation.symbol:
        return r"\nabla^2 f"
    left = _derivative(equation.names) if equation.names else equation.symbol or "f"
    if equation.at is None:
        return left
    at = ", ".join(f"{_name(name)} = {_value(value)}" for name, value in equation.at.items())
    return rf"{left}\big|_{{{at}}}"


def _derivative(names: Sequence[str]) -> str:
    """The derivative of f for some names, repeated ones as powers."""
    below = (rf"\partial {_name(name)}{_power(names.count(name))}" for name in dict.fromkeys(names))
    return rf"\frac{{\partial{_power(len(names))} f}}{{{' '.join(below)}}}"


def _power(count: int) -> str:
    return "" if count == 1 else f"^{{{count}}}"


def _right(part: Piece | Table) -> str:
    if isinstance(part, Table):
        rows = r" \\ ".join(" & ".join(map(_right, row[1:])) for row in part.rows)
        return rf"\begin{{bmatrix}} {rows} \end{{bmatrix}}"
    return _mathematics(part) if isinstance(part, Formula) else _value(plain(part))


def _mathematics(formula: Formula) -> str:
    """The formula itself: its typesetting where there is one, else as text."""
    return formula.typeset or rf"\texttt{{{formula.text.translate(_SPECIALS)}}}"


def _value(value: object) -> str:
    """A number in LaTeX, with a power of ten where it has an exponent; nested lists in brackets."""
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    text = value_text(value)
    if isinstance(value, str) and not _NUMBER.fullmatch(text):
        rooted = _ROOT.sub(r"\\sqrt{\1}", text)
        plain_text = rooted.replace("pi", r"\pi").replace("*", r" \cdot ")
        return plain_text if _PLAIN.fullmatch(text) else _mathematics(Formula(text))
    special = {"nan": r"\text{undefined}", "inf": r"\infty", "-inf": r"-\infty"}
    mantissa, _, exponent = text.partition("e")
    return special.get(text) or (rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if exponent else mantissa)


def _name(name: str) -> str:
    """A variable in LaTeX: Greek letters, subscripts for `x[0]` and `x_1`."""
    base, _, index = name.partition("[")
    stem, _, subscript = base.partition("_")
    letters = rf"\{stem}" if _GREEK.fullmatch(stem) else stem if len(stem) == 1 else rf"\mathit{{{stem}}}"
    below = ",".join(part for part in (subscript.replace("_", r"\_"), index.removesuffix("]")) if part)
    return f"{letters}_{{{below}}}" if below else letters


# -- text --------------------------------------------------------------------------------------------------------------


def _table(titles: Sequence[str], sides: str, rows: Sequence[Sequence[str]]) -> str:
    lines = [" & ".join(map(_cell, row)) + r" \\" for row in rows]
    head = [" & ".join(titles) + r" \\", r"\hline"] if titles else []
    return "\n".join([rf"\begin{{tabular}}{{{sides}}}", r"\hline", *head, *lines, r"\hline", r"\end{tabular}", ""])


def _cell(cell: str) -> str:
    """Lines within a cell stand below each other."""
    return rf"\shortstack[l]{{{cell}}}" if _NEWLINE in cell else cell


_LATEX = Markup(
    specials=_SPECIALS | str.maketrans({"<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}"}),
    newline=_NEWLINE,
    tones={"strong": r"\textbf{{{}}}".format},
    heading="\\paragraph{{{}}}\n".format,
    line="{}\n".format,
    verbatim="\\begin{{verbatim}}\n{}\n\\end{{verbatim}}\n".format,
    formula=lambda formula: f"${_mathematics(formula)}$",
    table=_table,
)
