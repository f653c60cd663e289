r"""The two notations that formulas are typeset in, as tables: LaTeX and MathML. What is set is said by `typeset`.

A *mark* is what stands before, between and behind the operands of a construct: `("\frac{", "}{", "}")`; of one that
takes any number, what stands between comes again. Standard library only.
"""

import html
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Mark = tuple[str, ...]

_words = str.split
_GREEK = dict(
    zip(
        _words(
            "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi rho sigma tau upsilon phi chi "
            "psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"
        ),
        "αβγδεζηθικλμνξρστυφχψωΓΔΘΛΞΠΣΥΦΨΩ",
        strict=True,
    )
)
"""Names that are set as a Greek letter."""


@dataclass(frozen=True, slots=True)
class Notation:
    """How formulas are written.

    Attributes:
        marks: of each construct.
        letters, below: a name without its index, and the index; `upright` a word that is no variable, `number` digits.
        function: what stands before the operands of a named function, its parenthesis with it.
        separator: what stands between the parts of an index.
        constants: the named ones.
        open, close: parentheses.
    """

    marks: Mapping[str, Mark]
    letters: Callable[[str], str]
    below: Callable[[str], str]
    upright: Callable[[str], str]
    number: Callable[[str], str]
    separator: Callable[[str], str]
    function: Callable[[str], str]
    constants: Mapping[str, str]
    open: str
    close: str

    def name(self, text: str) -> str:
        """A variable: Greek letters, an index behind an underscore or of digits, words as one."""
        stem, _, below = text.partition("_")
        if not below and stem.rstrip("0123456789") and stem[-1].isdecimal():
            plain = stem.rstrip("0123456789")
            stem, below = (plain, stem[len(plain) :]) if len(plain) == 1 or plain in _GREEK else (stem, "")
        if not below:
            return self.letters(stem)
        first, between, last = self.marks["index"]
        return f"{first}{self.letters(stem)}{between}{self.below(below)}{last}"


# -- LaTeX -------------------------------------------------------------------------------------------------------------

_OWN = frozenset(_words("sin cos tan sec csc cot sinh cosh tanh coth log exp max min det"))
"""Functions that LaTeX has a sign for."""
_SAME = {"asin": "arcsin", "acos": "arccos", "atan": "arctan", "gamma": "Gamma"}


def _escaped(text: str) -> str:
    return text.replace("_", r"\_")


def _latex_letters(stem: str) -> str:
    return rf"\{stem}" if stem in _GREEK else stem if len(stem) == 1 else rf"\mathit{{{_escaped(stem)}}}"


def _latex_function(name: str) -> str:
    known = _SAME.get(name, name)
    sign = rf"\{known}" if known in _OWN or name in _SAME else rf"\operatorname{{{_escaped(name)}}}"
    return rf"{sign}\left("


LATEX = Notation(
    marks={
        "plus": ("", " + ", ""), "minus": ("", " - ", ""), "negative": ("-", ""), "beside": ("", " ", ""),
        "dot": ("", r" \cdot ", ""), "fraction": (r"\frac{", "}{", "}"),
        "power": ("", "^{", "}"), "index": ("", "_{", "}"), "factorial": ("", "!"),
        "transpose": ("", "^{T}"), "arguments": ("", ", ", r"\right)"), "scientific": ("", r" \cdot 10^{", "}"),
        "abs": (r"\left|", r"\right|"), "floor": (r"\left\lfloor ", r" \right\rfloor"),
        "ceil": (r"\left\lceil ", r" \right\rceil"), "sqrt": (r"\sqrt{", "}"), "cbrt": (r"\sqrt[3]{", "}"),
        "lt": ("", " < ", ""), "le": ("", r" \leq ", ""), "gt": ("", " > ", ""), "ge": ("", r" \geq ", ""),
        "eq": ("", " = ", ""), "same": ("", " = ", ""), "ne": ("", r" \neq ", ""),
        "and": ("", r" \land ", ""), "or": ("", r" \lor ", ""), "not": (r"\lnot ", ""),
        "cases": (r"\begin{cases} ", r" \\ ", r" \end{cases}"), "case": ("", " & ", ""),
        "otherwise": ("", r" & \text{otherwise}"), "vector": (r"\begin{bmatrix} ", r" \\ ", r" \end{bmatrix}"),
        "from": ("", "=", "}^{", "}"), "sum": (r"\sum_{", " ", ""), "prod": (r"\prod_{", " ", ""),
        "derivative": (r"\frac{", "}{", r"}\left(", r"\right)"), "d": ("d", "d"),
        "partial": (r"\partial", r"\partial "),
    },
    letters=_latex_letters,
    below=_escaped,
    upright=lambda text: rf"\mathrm{{{text}}}",
    number=str,
    separator=str,
    function=_latex_function,
    constants={"pi": r"\pi", "E": "e", "tau": r"2 \pi", "oo": r"\infty", "EulerGamma": r"\gamma_{E}"},
    open=r"\left(",
    close=r"\right)",
)  # fmt: skip

# -- MathML ------------------------------------------------------------------------------------------------------------


def _sign(text: str) -> str:
    return f"<mo>{html.escape(text)}</mo>"


def _infix(text: str) -> Mark:
    return "", _sign(text), ""


def _fenced(before: str, behind: str) -> Mark:
    return f"<mrow>{_sign(before)}", f"{_sign(behind)}</mrow>"


def _word(text: str) -> str:
    """A word or a letter; a single letter upright only where that is asked for."""
    return f"<mi>{html.escape(text)}</mi>"


def _upright(text: str) -> str:
    return f'<mi mathvariant="normal">{html.escape(text)}</mi>'


def _mathml_function(name: str) -> str:
    known = _SAME.get(name, name)
    return f"<mrow>{_upright('Γ') if known == 'Gamma' else _word(known)}{_sign(chr(0x2061))}<mrow>{_sign('(')}"


_ROWS = "<mtable><mtr><mtd>", "</mtd></mtr><mtr><mtd>", "</mtd></mtr></mtable>"
_ARGUMENTS = f"{_sign(')')}</mrow></mrow>"

MATHML = Notation(
    marks={
        "plus": _infix("+"), "minus": _infix("−"), "negative": ('<mo form="prefix">−</mo>', ""),
        "beside": ("", '<mo>\u2062</mo><mspace width=".15em"></mspace>', ""),
        "dot": _infix("·"), "fraction": ("<mfrac><mrow>", "</mrow><mrow>", "</mrow></mfrac>"),
        "power": ("<msup><mrow>", "</mrow><mrow>", "</mrow></msup>"),
        "index": ("<msub><mrow>", "</mrow><mrow>", "</mrow></msub>"),
        "factorial": ("", _sign("!")), "transpose": ("<msup><mrow>", "</mrow><mi>T</mi></msup>"),
        "arguments": ("", _sign(","), _ARGUMENTS),
        "scientific": ("", f"{_sign('·')}<msup><mn>10</mn><mrow>", "</mrow></msup>"),
        "abs": _fenced("|", "|"), "floor": _fenced("⌊", "⌋"), "ceil": _fenced("⌈", "⌉"),
        "sqrt": ("<msqrt>", "</msqrt>"), "cbrt": ("<mroot><mrow>", "</mrow><mn>3</mn></mroot>"),
        "lt": _infix("<"), "le": _infix("≤"), "gt": _infix(">"), "ge": _infix("≥"),
        "eq": _infix("="), "same": _infix("="), "ne": _infix("≠"),
        "and": _infix("∧"), "or": _infix("∨"), "not": (_sign("¬"), ""),
        "cases": (f"<mrow>{_sign('{')}{_ROWS[0]}", *_ROWS[1:2], f"{_ROWS[2]}</mrow>"), "case": ("", "</mtd><mtd>", ""),
        "otherwise": ("", "</mtd><mtd><mtext>otherwise</mtext>"),
        "vector": (f"<mrow>{_sign('[')}{_ROWS[0]}", _ROWS[1], f"{_ROWS[2]}{_sign(']')}</mrow>"),
        "from": ("", _sign("="), "</mrow><mrow>", "</mrow></munderover>"),
        "sum": ("<mrow><munderover><mo>∑</mo><mrow>", "", "</mrow>"),
        "prod": ("<mrow><munderover><mo>∏</mo><mrow>", "", "</mrow>"),
        "derivative": ("<mrow><mfrac><mrow>", "</mrow><mrow>", f"</mrow></mfrac><mrow>{_sign('(')}", _ARGUMENTS),
        "d": (_word("d"),) * 2, "partial": (_word("∂"),) * 2,
    },
    letters=lambda stem: _word(_GREEK.get(stem, stem)),
    below=lambda text: (f"<mn>{text}</mn>" if text.isdecimal() else _word(text)),
    upright=_upright,
    number=lambda text: f"<mn>{html.escape(text)}</mn>",
    separator=lambda text: _sign(text.strip()),
    function=_mathml_function,
    constants={
        "pi": _word("π"), "E": _word("e"), "tau": f"<mn>2</mn>{_sign(chr(0x2062))}{_word('π')}", "oo": _word("∞"),
        "EulerGamma": f"<msub>{_word('γ')}{_word('E')}</msub>",
    },
    open=f"<mrow>{_sign('(')}",
    close=f"{_sign(')')}</mrow>",
)  # fmt: skip
