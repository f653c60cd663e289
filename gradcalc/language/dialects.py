"""Excel's, Mathematica's and MATLAB's formulas to the tree of the language. Imports format, syntax and tokens.

One parser by precedence, told by a table what each system does otherwise: its words, how its powers and signs bind, how
its functions are called and what they mean here. A meaning is a formula of the language in the operands a, b, c; a
function without one is refused by its name.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import accumulate
from typing import NoReturn

from gradcalc.errors import ExpressionError, did_you_mean
from gradcalc.language.format import MUL, NEG, NOT, POW, Tree
from gradcalc.language.refusals import Pending
from gradcalc.language.syntax import Parser
from gradcalc.language.tokens import INFIX, MATRIX, Tokens, check_length, refuse, tokenize

TIGHT = POW + 5
"""A sign that binds more tightly than a power: in Excel each, in MATLAB the one behind `^`."""

_VALUE = "its value alone, or the formula by --from text"
_REAL = "real numbers: gradcalc has no complex ones"


@dataclass(frozen=True)
class Dialect:
    """What a system does otherwise.

    Attributes:
        name: of the system.
        words: patterns of names and signs; numbers and blanks have theirs.
        infix, prefix: the operators as `tokens.INFIX` has them; `whole` are those that mean matrices.
        functions: what each function means, by its name; `|` between meanings of several numbers of operands.
        constants: what each name of a constant is in the language.
        refused: what has no meaning here, and what to write instead.
        comment: how a comment begins and ends, which is a blank.
        bracket: what opens the operands of a function.
        folds: whether capitals are small letters in disguise.
        joins: whether operands side by side are a product.
        is_left: whether the left one of two powers comes first.
        sign: how tightly a minus binds.
    """

    name: str
    words: str
    number: str
    infix: Mapping[str, tuple[int, str]]
    functions: Mapping[str, str]
    constants: Mapping[str, str]
    refused: Mapping[str, str]
    blank: str = r"\s*"
    comment: tuple[str, str] | None = None
    bracket: str = "("
    prefix: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    whole: frozenset[str] = frozenset()
    folds: bool = False
    joins: bool = False
    is_left: bool = True
    sign: int = NEG


# -- tables ----------------------------------------------------------------------------------------------------------


def _infix(**words: str) -> dict[str, tuple[int, str]]:
    """Operators by the language's: `pow="^ .^"`."""
    kinds = {kind: (precedence, kind) for precedence, kind in INFIX.values()}
    return {word: kinds[kind] for kind, spelled in words.items() for word in spelled.split()}


def _functions(same: str, several: str, others: str) -> dict[str, str]:
    """Functions of one operand by the language's names, those of any number, and lines `Name: meaning`.

    A name that is spelled otherwise there stands with its meaning: `Sin=sin`.
    """
    found = {}
    for names, operands in ((same, "(a)"), (several, "(...)")):
        for word in names.split():
            theirs, _, ours = word.partition("=")
            found[theirs] = (ours or theirs.lower()) + operands
    return found | {name.strip(): meaning.strip() for name, _, meaning in (
        line.partition(":") for line in others.strip().splitlines())}  # fmt: skip


_NUMBER = r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"

EXCEL = Dialect(
    "Excel",
    r"\$?[A-Za-z]{1,3}\$?\d+(?![\w.(])|[^\W\d][\w.]*|<>|<=|>=|[-+*/^%(),;<>=]",
    _NUMBER,
    _infix(add="+ -", mul="*", div="/", pow="^", lt="<", le="<=", gt=">", ge=">=", eq="=", ne="<>"),
    _functions(
        "ABS ACOS ACOSH ASIN ASINH ATAN ATANH ACOTH COS COSH COT COTH CSC CSCH SEC SECH SIN SINH TAN TANH EXP LN=log "
        "LOG10 SQRT SIGN GAMMA GAMMALN=lgamma GAMMALN.PRECISE=lgamma ERF ERF.PRECISE=erf ERFC "
        "ERFC.PRECISE=erfc INT=floor DEGREES=deg RADIANS=rad NOT PHI=norm_pdf NORMSDIST=norm_cdf "
        "NORM.S.INV=norm_ppf NORMSINV=norm_ppf",
        "MAX MIN AND OR SUM=+ PRODUCT=* SUMSQ=^",
        """
        PI: pi
        TRUE: true
        FALSE: false
        LOG: log10(a) | log(a, b)
        POWER: a^b
        ATAN2: atan2(b, a)
        ACOT: pi/2 - atan(a)
        MOD: mod(a, b)
        SQRTPI: sqrt(pi*a)
        FACT: factorial(floor(a))
        COMBIN: binomial(floor(a), floor(b))
        BESSELJ: besselj(b, a)
        BESSELY: bessely(b, a)
        BESSELI: besseli(b, a)
        BESSELK: besselk(b, a)
        IF: where(a, b, c)
        IFS: pieces
        GAUSS: norm_cdf(a) - 1/2
        AVERAGE: mean(...)
        SUMPRODUCT: dot(a, b)
        """,
    ),
    {},
    {
        "&": "numbers alone: text is not joined", '"': "numbers and names only", "'": "numbers and names only",
        ":": "the cells one by one, or a name for the array: SUM(x)", "{": "a name for the array",
        "!": "a name for the cell: sheets are not known here", "#": "a cell by its name", "@": "the name alone",
        "[": "a name for the cell", "\\": "an operator such as /",
    },
    folds=True,
    sign=TIGHT,
)  # fmt: skip

_SPECIAL = "Erf Erfc Erfi Gamma=gamma LogGamma=lgamma Zeta ProductLog=lambertw AiryAi AiryBi AiryAiPrime AiryBiPrime "

MATHEMATICA = Dialect(
    "Mathematica",
    r"\\\[[A-Za-z]+\]|[^\W\d_](?:[^\W_]|\$)*|&&|\|\||===|=!=|==|!=|<=|>=|->|:=|:>|/\.|/@|@@|//|\[\[|!!|"
    r"[-+*/^()\[\]{},.!<>=≤≥≠×·−¬∧∨]",
    r"(?:\d+\.?\d*|\.\d+)(?:\*\^[+-]?\d+)?",
    _infix(add="+ - −", mul="* × ·", div="/", matmul=".", pow="^", lt="<", le="<= ≤", gt=">", ge=">= ≥", eq="==",
           ne="!= ≠") | {"&&": INFIX["and"], "||": INFIX["or"], "∧": INFIX["and"], "∨": INFIX["or"]},
    _functions(
        "Sin Cos Tan Cot Sec Csc Sinh Cosh Tanh Coth Sech Csch ArcSin=asin ArcCos=acos ArcTan=atan ArcCot=acot "
        "ArcSec=asec ArcCsc=acsc ArcSinh=asinh ArcCosh=acosh ArcTanh=atanh ArcCoth=acoth ArcSech=asech ArcCsch=acsch "
        "Exp Log10 Log2 Sqrt CubeRoot=cbrt Abs RealAbs=abs Sign RealSign=sign Floor Ceiling Sinc Factorial Not "
        "InverseErf=erfinv InverseErfc=erfcinv ExpIntegralEi=Ei SinIntegral=Si CosIntegral=Ci SinhIntegral=Shi "
        "CoshIntegral=Chi LogIntegral=li FresnelS=fresnels FresnelC=fresnelc EllipticK=elliptic_k "
        "EllipticE=elliptic_e LogisticSigmoid=sigmoid HeavisideTheta=heaviside Total=sum Mean Norm " + _SPECIAL,
        "Max Min And Or Plus=+ Times=*",
        """
        Log: log(a) | log(b, a)
        ArcTan: atan(a) | atan2(b, a)
        Power: a^b
        Subtract: a - b
        Divide: a/b
        Minus: -a
        Rational: a/b
        Surd: root(a, b)
        Mod: mod(a, b)
        Beta: beta(a, b)
        Binomial: binomial(a, b)
        Pochhammer: gamma(a + b)/gamma(a)
        PolyGamma: digamma(a) | polygamma(a, b)
        BesselJ: besselj(a, b)
        BesselY: bessely(a, b)
        BesselI: besseli(a, b)
        BesselK: besselk(a, b)
        Gamma: gamma(a) | uppergamma(a, b)
        ExpIntegralE: expint(a, b)
        PolyLog: polylog(a, b)
        HurwitzZeta: zeta(a, b)
        LegendreP: legendre(a, b)
        HermiteH: hermite(a, b)
        ChebyshevT: chebyshevt(a, b)
        ChebyshevU: chebyshevu(a, b)
        LaguerreL: laguerre(a, b)
        StruveH: struve(a, b)
        FractionalPart: where(a < 0, a - ceil(a), a - floor(a))
        If: where(a, b, c)
        Piecewise: pieces
        Which: pieces
        Boole: where(a, 1, 0)
        UnitStep: where(a >= 0, 1, 0)
        Ramp: relu(a)
        Dot: dot(a, b)
        Sum: loop
        Product: loop
        D: derivative
        """,
    ),
    {"Pi": "pi", "π": "pi", r"\[Pi]": "pi", "E": "E", r"\[ExponentialE]": "E", "EulerGamma": "EulerGamma",
     "Catalan": "Catalan", "GoldenRatio": "GoldenRatio", "Infinity": "oo", r"\[Infinity]": "oo", "True": "True",
     "False": "False", "∞": "oo"},
    {
        "I": _REAL, r"\[ImaginaryI]": _REAL, "Degree": "x Pi/180 for an angle in degrees", r"\[Degree]": "x Pi/180",
        "Glaisher": "its digits", "Khinchin": "its digits",
        "//": "f[x] instead of x // f", "@@": "f[x]", "/@": "f[x]", "@": "f[x]",
        "/.": "the value put in, or --let x=2", "->": "--let x=2", ":=": "the expression on its right alone",
        ":>": "--let x=2", "=": "the expression on its right alone, == to compare", ";": "one expression",
        "&": "the formula itself, in its variables", "#": "the formula itself, in its variables", "_": "x1 for a name",
        "[[": "x[0] by --from text", "!!": "(x!)! for the factorial of a factorial", '"': "numbers and names only",
        "`": "a number without its precision", "===": "==", "=!=": "!=", "~": "f[x, y]", "'": "D[f, x]",
        "?": "If[condition, a, b]", "%": "Mod[x, y]", "|": "|| or Abs[x]", ":": "one expression", "$": "another name",
    },
    blank=r"(?:\s|\(\*(?:[^*]|\*(?!\)))*\*\))*",
    comment=("(*", "*)"),
    bracket="[",
    prefix={"!": (NOT, "not"), "¬": (NOT, "not")},
    whole=frozenset("*×·/^"),
    joins=True,
    is_left=False,
)  # fmt: skip

MATLAB = Dialect(
    "MATLAB",
    r"[^\W\d_]\w*|\.\^|\.\*|\./|\.\\|\.'|==|~=|<=|>=|&&|\|\||[-+*/^()\[\],;<>=&|~@]",
    r"(?:\d+(?:\.(?![*/^\\'])\d*)?|\.\d+)(?:[eEdD][+-]?\d+)?",
    _infix(add="+ -", mul="* .*", div="/ ./", pow="^ .^", lt="<", le="<=", gt=">", ge=">=", eq="==", ne="~=")
    | {"&": INFIX["and"], "&&": INFIX["and"], "|": INFIX["or"], "||": INFIX["or"]},
    _functions(
        "sin cos tan cot sec csc sinh cosh tanh coth sech csch asin acos atan acot asec acsc asinh acosh atanh acoth "
        "asech acsch exp log log10 log2 log1p expm1 sqrt abs sign floor ceil gamma gammaln=lgamma erf erfc erfinv "
        "erfcinv zeta lambertw sinint=Si cosint=Ci heaviside factorial ellipticK=elliptic_k sinc=sincpi not "
        "deg2rad=rad rad2deg=deg normcdf=norm_cdf normpdf=norm_pdf norminv=norm_ppf sum prod mean norm logint=li "
        "fresnels fresnelc ei=Ei sinhint=Shi coshint=Chi",
        "and or",
        """
        max: max(a) | max(a, b)
        min: min(a) | min(a, b)
        nthroot: root(a, b)
        power: a^b
        mpower: a^b
        times: a*b
        rdivide: a/b
        plus: a + b
        minus: a - b
        uminus: -a
        mod: mod(a, b)
        rem: a - b*where(a/b < 0, ceil(a/b), floor(a/b))
        fix: where(a < 0, ceil(a), floor(a))
        atan2: atan2(a, b)
        hypot: hypot(a, b)
        beta: beta(a, b)
        betaln: betaln(a, b)
        nchoosek: binomial(a, b)
        psi: digamma(a) | polygamma(a, b)
        besselj: besselj(a, b)
        bessely: bessely(a, b)
        besseli: besseli(a, b)
        besselk: besselk(a, b)
        ellipticE: elliptic_e(a)
        sind: sin(pi*a/180)
        cosd: cos(pi*a/180)
        tand: tan(pi*a/180)
        asind: 180*asin(a)/pi
        acosd: 180*acos(a)/pi
        atand: 180*atan(a)/pi
        dot: dot(a, b)
        expint: -Ei(-a)
        """,
    ),
    {"pi": "pi", "Inf": "oo", "inf": "oo", "NaN": "nan", "true": "True", "false": "False"},
    {
        "'": "numbers and names only; no transpose", ".'": "numbers and names only; no transpose", '"': "numbers only",
        "\\": "a/b with the operands exchanged", ".\\": "a./b with the operands exchanged", ":": "a name for the array",
        "{": "[1 2 3]", "!": "factorial(n)", "\n": "one statement, or ... before the end of a line", "@": "the formula",
        "?": "a condition times a value", "$": "another name", "#": "another name",
    },
    blank=r"(?:[ \t]|\.\.\.[^\n]*(?:\n|\Z)|%[^\n]*)*",
    prefix={"~": (TIGHT, "not")},
    whole=frozenset("*/^"),
)  # fmt: skip

DIALECTS = {"excel": EXCEL, "mathematica": MATHEMATICA, "matlab": MATLAB}
_MATLAB_HAS = {
    **dict.fromkeys("ij", "the imaginary unit"), "eps": "2^-52", "realmin": "2^-1022", "realmax": "the largest number",
    "flintmax": "2^53", "ans": "the last answer",
}  # fmt: skip
"""Names of values that MATLAB has, and gradcalc has not."""
_CLOSER = {"(": ")", "[": "]", "{": "}"}
_FOLDED = {"+": ("add", "0"), "*": ("mul", "1"), "^": ("add", "0")}
"""Functions of any number of operands that are written with signs: their sum, product, sum of squares."""


# -- words -----------------------------------------------------------------------------------------------------------


def cut(dialect: Dialect, text: str, limit: int) -> Tokens:
    """Cut a text into the tokens of a dialect."""
    check_length(text, limit)
    if dialect.comment is not None:
        _check_closed(text, *dialect.comment)
    whole = text.rstrip()
    margin = len(whole) - len(whole.lstrip())
    pattern = re.compile(rf"((?:{dialect.number})|(?:{dialect.words})|(?s:.))({dialect.blank})")
    pairs = pattern.findall(whole, margin)
    starts = list(accumulate((len(word) + len(blank) for word, blank in pairs), initial=margin))
    words = [word for word, _ in pairs]
    kinds = {word: _kind(dialect, word) for word in set(words)}
    if bad := {word for word, kind in kinds.items() if kind == "wrong"}:
        place = next(i for i, word in enumerate(words) if word in bad)
        word, span = words[place], (starts[place], starts[place] + len(words[place]))
        shown = repr(word) if word.isprintable() else f"U+{ord(word[0]):04X}"
        hint = dialect.refused.get(word, "signs such as + - * / ^, and functions by their names")
        refuse(f"{shown} has no meaning in a formula of {dialect.name}", span, hint)
    return Tokens([*words, ""], starts, kinds | {"": "end"}, [*words, ""])


def _check_closed(text: str, opening: str, closing: str) -> None:
    """Refuse a comment that is never closed; the pattern would look for its end from each of its beginnings."""
    place = text.find(opening)
    while place >= 0:
        end = text.find(closing, place + len(opening))
        if end < 0:
            refuse("a comment is never closed", (place, place + len(opening)), f"{closing} at its end")
        place = text.find(opening, end + len(closing))


def _kind(dialect: Dialect, word: str) -> str:
    """What a word is."""
    if word in dialect.refused:
        return "sign" if word in ("=", "@") else "wrong"
    if re.fullmatch(dialect.number, word):
        return "number"
    if not re.fullmatch(dialect.words, word):
        return "wrong"
    return "name" if word[0].isalpha() or word[0] in "$\\" else "sign"


# -- grammar ---------------------------------------------------------------------------------------------------------


class DialectParser(Parser):
    """One pass over the tokens of a dialect."""

    def __init__(
        self, dialect: Dialect, text: str, max_text: int, max_depth: int, shadowing: set[str], matrices: set[str]
    ) -> None:
        super().__init__(text, cut(dialect, text, max_text), max_depth, shadowing)
        self.dialect = dialect
        self.matrices = matrices
        self.spelled: dict[str, str] = {}
        self.after: dict[int, int] = {}  # of a comma or brace of an iterator, where reading goes on
        self.partner = self.partners()
        self.opener = {close: open_ for open_, close in self.partner.items()}
        self.skip_ends()

    def partners(self) -> dict[int, int]:
        """Where each bracket that opens is closed, as far as they match."""
        found: dict[int, int] = {}
        stack: list[int] = []
        for place, word in enumerate(self.words):
            if word in _CLOSER:
                stack.append(place)
            elif stack and word == _CLOSER[self.words[stack[-1]]]:
                found[stack.pop()] = place
        return found

    def skip_ends(self) -> None:
        """Pass over `=` of Excel, `y =` and `@(x)` before a formula, and a semicolon behind it."""
        words, kinds = self.words, self.tokens.kinds
        if self.dialect is EXCEL and words[0] in ("=", "+"):
            self.position = 1
        elif self.dialect is MATLAB:
            if words[:2] == ["@", "("] and 1 in self.partner:
                self.position = self.partner[1] + 1
            elif kinds[words[0]] == "name" and words[1] == "=" and words[0] not in words[1:]:
                self.position = 2
            if len(words) > 2 and words[-2] == ";":
                del words[-2], self.tokens.typed[-2]
                del self.tokens.starts[-2]

    def pass_definition(self) -> None:
        """The ends are passed over already."""

    # -- where an operand is expected

    def number(self) -> bool:
        """A literal."""
        word = self.word
        self.node("number", _plain(word), (), self.start, self.start + len(word))
        return False

    def operand(self) -> bool:
        """Take a token where an operand is expected; whether one is expected still."""
        word = self.word
        if self.tokens.kinds[word] == "name":
            return self.name()
        if word in ("-", "−"):
            is_exponent = self.pending[-1].precedence == POW and self.dialect.is_left
            self.push(TIGHT if is_exponent else self.dialect.sign, "neg", self.start)
        elif word in self.dialect.prefix:
            self.push(*self.dialect.prefix[word], self.start)
        elif word == "(" or word == "{" and self.dialect is MATHEMATICA or word == "[" and self.dialect is MATLAB:
            self.push(0, word, self.start)
        elif word == "∞":
            self.constant_here("oo")
            return False
        elif word != "+":
            self.no_operand()
        return True

    def no_operand(self) -> NoReturn:
        """An error for a token where an operand should stand."""
        word, before = self.word, self.before()
        if not word and not before:
            self.fail("there is no expression", "x^2 + 1")
        if not word:
            self.fail(f"an operand is missing after {before}", "finish the expression, or remove the sign")
        hint = self.dialect.refused.get(word, "a number, a name or a parenthesis there")
        self.fail(f"an operand is missing before {word}", hint)

    def constant_here(self, name: str) -> None:
        """A named constant, or a truth."""
        end = self.start + len(self.word)
        if name in ("True", "False"):
            return self.node("boolean", name, (), self.start, end)
        self.constants.setdefault(self.word, (self.start, end))
        return self.node("constant", name, (), self.start, end)

    def name(self) -> bool:
        """A name: a call, a constant or a variable."""
        word, following = self.word, self.words[self.position]
        dialect, name = self.dialect, self.spelling(self.word)
        function = word.upper() if dialect.folds else word
        if following == dialect.bracket and not (self.is_known(name) and function not in dialect.functions):
            return self.call(function)
        if following == "(" and dialect is MATHEMATICA and word in dialect.functions:
            self.fail(f"{word} takes square brackets", f"{word}[...]")
        if (
            following == "("
            and dialect is MATHEMATICA
            and not self.is_known(name)
            and word.title() in dialect.functions
        ):
            self.fail(f"{word} may be a function or a factor", f"{word.title()}[...] or {word}*(...)")
        if following in ("(", "[") and name in self.formulas:
            self.fail(f"{name} is a formula that is put in its place, not called", f"{name}, or {name}*(...)")
        if following in ("(", "[") and not dialect.joins:
            self.fail(f"{name} is a variable, and an element of it is not read", "x[0] by --from text")
        if following == "[" and dialect.joins:
            self.fail(f"{word} is no function", self.near(word))
        if not self.is_known(name):
            if word in dialect.constants:
                self.constant_here(dialect.constants[word])
                return False
            if word in dialect.refused:
                self.fail(f"{word} has no meaning here", dialect.refused[word])
            if dialect is MATLAB and word in _MATLAB_HAS:
                meaning = f"{_MATLAB_HAS[word]}, or a variable without a value"
                self.fail(f"{word} is {meaning}", "--at or --let for a variable")
            if function in dialect.functions:
                self.fail(f"{word} is a function", self.shown(function, dialect.functions[function]))
            if dialect is not MATHEMATICA and function.lower() == "e":
                self.fail(f"{word} is no constant in {dialect.name}", "exp(1), or --at or --let for a variable")
        if name in self.matrices and dialect is not EXCEL:
            self.fail(f"{name} is a matrix, and {dialect.name} has operators of its own for these", "--from text")
        self.names.setdefault(name, (self.start, self.start + len(word))) if name not in self.counters else None
        self.node("name", name, (), self.start, self.start + len(word))
        return False

    def spelling(self, word: str) -> str:
        """The name as it was given a value: in Excel `$A$1` is `a1`, in Mathematica `\\[Alpha]` is `alpha`."""
        name = word.replace("$", "") if self.dialect is EXCEL else word
        if name.startswith("\\"):
            name = name[2:3].lower() + name[3:-1]
        if not self.dialect.folds:
            return name
        found = self.spelled.get(name.lower())
        if found is None:
            near = [each for each in self.shadowing if each.lower() == name.lower()]
            if len(near) > 1:
                self.fail(f"{' and '.join(sorted(near))} are one name in Excel", "names that differ by more")
            found = self.spelled[name.lower()] = near[0] if near else name
        return found

    def near(self, word: str) -> str:
        """What to write for a name that is no function."""
        names = self.dialect.functions
        same = next((name for name in names if name.lower() == word.lower()), None)
        meant = same or did_you_mean(word, names)
        return (
            f"did you mean {meant}?" if meant else f"a function of {self.dialect.name} that gradcalc has, or {_VALUE}"
        )

    def call(self, function: str) -> bool:
        """A function and its opening bracket."""
        meaning, word = self.dialect.functions.get(function), self.word
        if meaning is None:
            if self.dialect is MATLAB and self.is_known(word):
                self.fail(f"{word} is a variable, and an element of it is not read", "x[0] by --from text")
            self.fail(f"{word} is no function that gradcalc has", self.near(word))
        entry = self.push(0, "call", self.start, function)
        open_ = self.position
        self.position += 1
        if meaning == "loop":
            return self.iterator(entry, open_)
        if self.words[self.position] != _CLOSER[self.dialect.bracket]:
            return True
        self.word, self.start = self.words[self.position], self.tokens.starts[self.position]
        self.position += 1
        return self.finish_call(self.pop())

    def iterator(self, entry: Pending, open_: int) -> bool:
        """`Sum[f, {i, 1, n}]`: its bounds are read before its body."""
        words, close = self.words, self.partner.get(open_, 0)
        last = close - 1
        first = self.opener.get(last, 0)
        is_fit = words[last] == "}" and words[first - 1] == "," and self.tokens.kinds[words[first + 1]] == "name"
        if not close or not is_fit or words[first + 2] != "," or first - 1 == open_:
            self.fail(f"{entry.payload} takes a body and one counter", f"{entry.payload}[i^2, {{i, 1, 3}}]")
        entry.kind = "bounds"
        entry.operands = []
        self.after[last] = open_ + 1
        self.after[first - 1] = close
        entry.by = [(self.tokens[first + 1], 1)]
        self.position = first + 3
        return True

    def begin_body_of(self, entry: Pending) -> bool:
        """After the bounds: the counter, then back to the body."""
        token = entry.by[0][0]
        if len(entry.operands) == 1:
            self.node("number", "1", (), *token.span)
            entry.operands.insert(0, self.operands.pop()[0])
        if len(entry.operands) != 2:
            self.fail("a counter runs from a number to a number", "{i, 1, 3}")
        self.node("begin", token.text, tuple(entry.operands), entry.left, self.end)
        entry.kind, entry.operands = "body", [self.operands.pop()[0]]
        self.counters.append(token.text)
        return True

    # -- where an operator is expected

    def operator(self) -> bool:
        """Take a token after a finished operand; whether an operand is expected next."""
        word, dialect = self.word, self.dialect
        if self.is_new_element():
            self.position -= 1
            self.word = ","
            return self.comma()
        if word in dialect.infix and not (word == "=" and dialect is not EXCEL):
            return self.infix(*dialect.infix[word])
        if word in (")", "]", "}"):
            return self.close()
        if word in (",", ";"):
            return self.comma()
        if word == "!" and dialect is MATHEMATICA:
            return self.wrap("call", "factorial", self.start + 1)
        if word == "%" and dialect is EXCEL:
            return self.percent()
        if dialect.joins and (self.tokens.kinds[word] in ("name", "number") or word in ("(", "{")):
            self.position -= 1
            self.word = "*"
            return self.infix(MUL, "mul")
        self.fail(f"an operator is missing before {word}", dialect.refused.get(word, "an operator such as + or *"))

    def is_new_element(self) -> bool:
        """Whether a blank ends an element of `[1 -2 x]` before the token."""
        word = self.word
        if self.dialect is not MATLAB or word in (",", ";", ")", "]", "") or not self.text[self.start - 1].isspace():
            return False
        entry = next(entry for entry in reversed(self.pending) if not entry.precedence)
        is_sign = word in ("+", "-") and not self.text[self.start + 1 : self.start + 2].isspace()
        return entry.kind == "[" and (word not in self.dialect.infix or is_sign)

    def percent(self) -> bool:
        """The percent sign, a hundredth."""
        node, left = self.operands.pop()
        self.node("number", "100", (), self.start, self.start + 1)
        self.node("div", None, (node, self.operands.pop()[0]), left, self.start + 1)
        return False

    def infix(self, precedence: float, kind: str) -> bool:
        """An operator between two operands, by the precedences of the dialect."""
        pending, payload = self.pending, MATRIX if self.word in self.dialect.whole else None
        while pending[-1].precedence > precedence:
            self.complete()
        top = pending[-1]
        if top.precedence == precedence and (
            precedence == POW and self.dialect.is_left or precedence == MUL and top.payload != payload
        ):
            self.complete()
        if precedence != POW:
            super().infix(precedence, kind)
        else:
            node, left = self.operands.pop()
            self.push(POW, kind, left).operands.append(node)
        if precedence in (MUL, POW):
            pending[-1].payload = payload
        return True

    def comma(self) -> bool:
        """The next operand or element."""
        entry = self.reduce()
        place = self.position - 1
        if not entry.kind or entry.kind == "(" or self.word == ";" and self.dialect is not EXCEL:
            hint = "one element after another: [1 2 3]" if self.word == ";" else "1.5 for a decimal number"
            self.fail(f"{self.word} stands outside of the operands of a function", hint)
        if self.dialect is EXCEL:
            self.check_decimal()
        entry.operands.append(self.operands.pop()[0])
        if entry.kind == "body":
            if place not in self.after:
                self.fail(f"{entry.payload} takes a body and one counter", "Sum[Sum[f, {j, 1, 2}], {i, 1, 3}]")
            self.position = self.after[place]
            self.word, self.start = self.words[self.position], self.tokens.starts[self.position]
            self.position += 1
            return self.finish_loop()
        return True

    def check_decimal(self) -> None:
        """Refuse a comma beside semicolons: it may be a decimal one."""
        if self.word == "," and ";" in self.separators:
            self.fail("a comma beside semicolons may be a decimal one", "1.5 with a point, and ; between operands")

    @property
    def separators(self) -> frozenset[str]:
        """What stands between operands in the text."""
        return frozenset(word for word in (",", ";") if word in self.tokens.kinds)

    def close(self) -> bool:
        """A closing bracket."""
        entry, place = self.reduce(), self.position - 1
        opener = self.dialect.bracket if entry.kind == "call" else "{" if entry.kind == "bounds" else entry.kind
        if _CLOSER.get(opener) != self.word:
            self.fail(f"{self.word} does not close what is open", _CLOSER.get(opener, "an operator such as +"))
        if entry.kind == "(":
            self.pop()
            self.operands.append((self.operands.pop()[0], entry.left))
            self.end = self.start + 1
            return False
        entry.operands.append(self.operands.pop()[0])
        if entry.kind == "bounds":
            self.position = self.after[place]
            return self.begin_body_of(entry)
        self.pop()
        if entry.kind == "call":
            return self.finish_call(entry)
        is_nested = any(self.tree[each][0] == "array" for each in entry.operands)
        if is_nested and self.pending[-1].payload != "Piecewise":
            self.fail("a matrix is read by gradcalc's own language", "[[1, 2], [3, 4]] by --from text",
                      (entry.left, self.start + 1))  # fmt: skip
        self.node("array", None, tuple(entry.operands), entry.left, self.start + 1)
        return False

    def fail_unclosed(self, bracket: Pending) -> NoReturn:
        """An error for what is never closed."""
        self.fail("this is never closed", "a matching bracket", (bracket.left, bracket.left + 1))

    # -- functions

    def finish_loop(self) -> bool:
        """A sum with its body."""
        entry = self.pop()
        self.counters.pop()
        self.loops[entry.operands[0]] = len(self.tree)
        name = {"Sum": "sum", "Product": "prod"}[entry.payload]
        self.node("loop", name, tuple(entry.operands), entry.left, self.start + 1)
        return False

    def finish_call(self, entry: Pending) -> bool:
        """A function of its operands: what it means here."""
        name, operands, end = entry.payload, entry.operands, self.start + 1
        meanings = self.dialect.functions[name].split(" | ")
        if meanings == ["derivative"]:
            operands = [part for each in operands for part in self.parts(each)]
            self.node("call", "diff", tuple(operands), entry.left, end)
        elif meanings == ["pieces"]:
            self.node("call", "piecewise", self.pieces(entry), entry.left, end)
        elif meanings[0].endswith("(...)"):
            self.several(meanings[0][:-5], operands, entry, end)
        else:
            self.written(name, meanings, operands, (entry.left, end))
        return False

    def parts(self, node: int) -> Sequence[int]:
        """`x, 2` of `{x, 2}`."""
        return self.tree[node][2] if self.tree[node][0] == "array" else (node,)

    def pieces(self, entry: Pending) -> tuple[int, ...]:
        """The pieces of `Piecewise[{{a, c}}, d]`, `Which[c, a]`, `IFS(c; a)`."""
        operands, span = entry.operands, (entry.left, self.start + 1)
        if not operands:
            self.fail(f"{entry.payload} needs a piece", "Piecewise[{{a, x < 0}}, b]", span)
        if entry.payload == "Piecewise":
            rows = [self.parts(row) for row in self.parts(operands[0])]
            rest = operands[1:2]
            for node in (*self.parts(operands[0]), operands[0]):  # a row is no array, and all of them are none
                if self.tree[node][0] == "array":
                    self.tree[node] = ("number", "0", (), self.tree[node][3])
        else:
            rows, rest = [(value, test) for test, value in zip(operands[::2], operands[1::2], strict=False)], None
        if any(len(row) != 2 for row in rows) or not rows or len(operands) > 2 and rest is not None:
            self.fail(f"{entry.payload} takes values and conditions", "Piecewise[{{a, x < 0}, {b, x < 1}}, c]", span)
        if rest is None and len(operands) % 2:
            self.fail(f"{entry.payload} takes conditions and values in turn", "a value behind each condition", span)
        made = []
        for row in rows:
            self.node("tuple", None, tuple(row), *span)
            made.append(self.operands.pop()[0])
        if rest == []:
            self.node("number", "0", (), *span)
            rest = [self.operands.pop()[0]]
        return (*made, *(rest or ()))

    def several(self, kind: str, operands: list[int], entry: Pending, end: int) -> None:
        """A function of any number of operands."""
        if kind == "^":
            squares = []
            for each in operands:
                self.node("number", "2", (), entry.left, end)
                self.node("pow", None, (each, self.operands.pop()[0]), entry.left, end)
                squares.append(self.operands.pop()[0])
            operands = squares
        if kind not in _FOLDED or len(operands) == 1:
            name = {"+": "sum", "*": "prod", "^": "sum"}.get(kind, kind)
            if not operands:
                self.fail(f"{entry.payload} needs an operand", "one at least", (entry.left, end))
            self.node("call", name, tuple(operands), entry.left, end)
            return
        sign, empty = _FOLDED[kind]
        if not operands:
            self.node("number", empty, (), entry.left, end)
        else:
            self.node(sign, "+" * len(operands) if sign == "add" else MATRIX, tuple(operands), entry.left, end)

    def written(self, name: str, meanings: Sequence[str], operands: Sequence[int], span: tuple[int, int]) -> None:
        """Put the operands into the meaning that has as many."""
        fitting = [meaning for meaning in meanings if _arity(meaning) == len(operands)]
        if not fitting:
            counts = " or ".join(str(_arity(meaning)) for meaning in meanings)
            self.fail(f"{name} takes {counts} operands here, not {len(operands)}", self.shown(name, meanings[-1]), span)
        template = _template(fitting[0])
        if template is None:
            self.fail(f"gradcalc has no {name}", _VALUE, span)
        letters = [payload for kind, payload, _, _ in template if kind == "name"]
        for place, letter in enumerate("abc"[: len(operands)]):
            if letters.count(letter) > 1 and self.tree[operands[place]][2]:
                hint = f"{fitting[0]} by --from text"
                self.fail(f"{name} repeats its operand, which must be a name or a number", hint, span)
        places: list[int] = []
        for kind, payload, parts, _ in template:
            if kind == "name":
                places.append(operands["abc".index(payload)])
            else:
                self.node(kind, payload, tuple(places[part] for part in parts), *span)
                places.append(self.operands.pop()[0])
        self.operands.append((places[-1], span[0]))
        self.end = span[1]

    def shown(self, name: str, meaning: str) -> str:
        """How a function is called."""
        operands = (", " if self.dialect.bracket == "[" else ";").join("abc"[: _arity(meaning)])
        return f"{name}{self.dialect.bracket}{operands}{_CLOSER[self.dialect.bracket]}"


def _plain(number: str) -> str:
    """A number as the language writes it."""
    text = number.replace("*^", "e").lower().replace("d", "e")
    return text.lstrip("0") or "0" if text.isdigit() else text


def _arity(meaning: str) -> int:
    """How many operands a meaning has."""
    return max((1 + "abc".index(letter) for letter in re.findall(r"\b[abc]\b", meaning)), default=0)


@cache
def _template(meaning: str) -> Tree | None:
    """The tree of a meaning; none where the language lacks a function of it."""
    try:
        return Parser(meaning, tokenize(meaning, 2_000), 50, set("abc")).run()
    except ExpressionError:
        return None
