"""R, as a target of `program`: base and stats, which every installation has."""

from collections.abc import Sequence

from gradcalc.graph import ops
from gradcalc.graph.ops import Op
from gradcalc.language.targets.lines import Line, Written
from gradcalc.language.targets.program import Target, numbers
from gradcalc.language.targets.scripts import Layout, text
from gradcalc.language.targets.source import Language

_SAME = (
    ops.sqrt, ops.abs, ops.sign, ops.floor, ops.round, ops.exp, ops.expm1, ops.log, ops.log2, ops.log10, ops.log1p,
    ops.sin, ops.cos, ops.tan, ops.asin, ops.acos, ops.atan, ops.sinh, ops.cosh, ops.tanh, ops.asinh, ops.acosh,
    ops.atanh,
)  # fmt: skip
"""Functions of one number under the same name; R's round takes halves to even."""

_WRITTEN: dict[Op, Written] = {
    **{op: f"{op.name}({{0}})" for op in _SAME},
    ops.ceil: "ceiling({0})", ops.exp2: "2^{0}", ops.atan2: "atan2({0}, {1})",
    ops.add: " + ", ops.sub: " - ", ops.mul: " * ", ops.div: " / ", ops.neg: "-{0}",
    **{op: f"isTRUE({{0}} {sign} {{1}})" for op, sign in
       ((ops.lt, "<"), (ops.le, "<="), (ops.gt, ">"), (ops.ge, ">="), (ops.eq, "=="), (ops.same, "=="))},
    ops.ne: "!isTRUE({0} == {1})",
    ops.and_: " && ", ops.or_: " || ", ops.not_: "!{0}", ops.where: "if ({0}) {1} else {2}",
    ops.hypot: "Mod(complex(real = {0}, imaginary = {1}))",
    ops.max: "max({0}, {1})", ops.min: "min({0}, {1})",
    ops.pow: "§pow({0}, {1})", ops.powi: "§powi({0}, {1})", ops.mod: "§mod({0}, {1})",
    ops.norm_cdf: "pnorm({0})", ops.norm_ppf: "qnorm({0})",
    ops.gammainc: "§gammainc({0}, {1})", ops.gammaincc: "§gammaincc({0}, {1})",
}  # fmt: skip
"""What compares with nan is NA in R, and no condition: `isTRUE` makes it false, as it is elsewhere."""

_BESSEL: dict[Op, Written] = {
    ops.besselj: "§besselj({1}, {order})", ops.besseli: "§besseli({1}, {order})", ops.bessely: "besselY({1}, {order})",
    ops.besselk: "besselK({1}, {order})",
}  # fmt: skip
"""Of whole orders."""

_POW = "§pow <- function(a, b) if (is.infinite(b) || is.infinite(a) && b %% 1 != 0) abs(a)^b else a^b"
_BESSELJ = """§besselj <- function(x, n) {
  if (isTRUE(x < 0)) return((-1)^n * §besselj(-x, n))
  if (!isTRUE(x > 1e5)) return(besselJ(x, n))
  if (is.infinite(x)) return(0)
  term <- 1; even <- 1; odd <- 0; k <- 0
  while (abs(term) > 1e-17 && k < 60) {
    k <- k + 1
    term <- term * (4 * n^2 - (2 * k - 1)^2) / (8 * k * x)
    if (k %% 2 == 0) even <- even + (-1)^(k / 2) * term else odd <- odd + (-1)^((k - 1) / 2) * term
  }
  turned <- c(cos(x) + sin(x), sin(x) - cos(x))
  turned <- list(turned, c(turned[2], -turned[1]), -turned, c(-turned[2], turned[1]))[[n %% 4 + 1]]
  (even * turned[1] - odd * turned[2]) / sqrt(pi * x)
}"""
"""R's own is 0 above 1e5: there Hankel's expansion (DLMF 10.17.3)."""
_GAMMAINC = """§{0} <- function(s, x) {{
  if (!isTRUE(x < 0)) return(pgamma(x, s{1}))
  if (s %% 1 != 0) return(NaN)
  term <- 1; sum <- 1; n <- 0
  while (isTRUE(term > 1e-17 * sum)) {{
    n <- n + 1
    term <- -term * x / n
    sum <- sum + term * s / (s + n)
  }}
  {2}x^s / gamma(s + 1) * sum
}}"""
"""Beside x < 0 the series of positive terms, DLMF 8.7.1; there the distribution is just 0."""
_HELPERS = {
    ops.pow: _POW,
    ops.powi: _POW.replace("§pow", "§powi", 1),
    ops.besselj: _BESSELJ,
    ops.besseli: "§besseli <- function(x, n) if (isTRUE(x < 0)) (-1)^n * besselI(-x, n) else besselI(x, n)",
    ops.gammainc: _GAMMAINC.format("gammainc", "", ""),
    ops.gammaincc: _GAMMAINC.format("gammaincc", ", lower.tail = FALSE", "1 - "),
    ops.mod: """§mod <- function(a, b) {
  if (is.na(a) || is.na(b) || is.infinite(a) || b == 0) return(NaN)
  r <- abs(a)
  while (r >= abs(b)) {
    part <- abs(b) * 2^floor(log2(r / abs(b)))
    r <- r - (if (part > r) part / 2 else part)
  }
  if (a < 0) r <- -r
  if (r != 0 && (r < 0) != (b < 0)) r + b else r
}""",
}
"""A power of infinite exponent by that of the size; the remainder by subtractions that are exact, which `%%` is not."""

RESERVED = frozenset(
    str.split(
        "if else repeat while function for next break TRUE FALSE NULL Inf NaN NA NA_integer_ NA_real_ NA_character_ in "
        "T F c q pi abs max min list x w s value gradient hessian quiet isTRUE pnorm qnorm pgamma ceiling atan2 return "
        "besselJ besselI besselK besselY numeric matrix options Mod complex"
    )
) | {op.name for op in _SAME}

_PLAIN = 3
"""Places behind the point that R reads right for sure: it goes through long doubles, which a double may be halfway
between only where the tenth power is above 2**10."""


def _digits(value: float) -> str:
    """In decimals where R reads these to the last bit, else hexadecimal."""
    text = repr(value).removesuffix(".0")
    if "e" not in text and len(text.partition(".")[2]) <= _PLAIN:
        return text
    if value < 2.0**-1022:  # R's reader loses these
        return f"({value * 2.0**1000 * 2.0**74:.0f} * 2^-1074)"
    mantissa, _, exponent = value.hex().partition("p")
    return f"{mantissa.rstrip('0').rstrip('.')}p{exponent}"


number = numbers("NaN", "Inf", _digits)


def line(made: Line) -> str:
    """An assignment."""
    return f"{made.name} <- {made.value}" + (f" # {made.comment}" if made.comment else "")


def _function(name: str, parameters: Sequence[str], lines: Sequence[str], results: Sequence[str]) -> str:
    result = results[0] if len(results) == 1 else f"c({', '.join(results)})"
    body = [*lines, result]
    return "\n".join([f"{name} <- function({', '.join(parameters)}) {{", *(f"  {each}" for each in body), "}"])


_R = Target(
    name="R",
    written=_WRITTEN,
    helpers=_HELPERS,
    number=number,
    truth=("TRUE", "FALSE"),
    line=line,
    function=_function,
    reserved=RESERVED,
    by_order=_BESSEL,
)
"""R 4.0 and later: there round takes halves to even."""


_TEST = """{name}_test <- function() {{
  points <- list(
    {points}
  )
  wanted <- list(
    {wanted}
  )
  within <- list(
    {within}
  )
  compared <- {compared}
  bad <- 0; numbers <- 0; worst <- 0
  for (row in seq_len({rows})) {{
    answer <- {name}(points[[row]])
    found <- c(answer$value, answer$gradient, answer$hessian)
    for (k in seq_along(compared)) {{
      if (is.nan(wanted[[row]][k])) next
      got <- found[compared[k]]
      off <- abs(got - wanted[[row]][k])
      most <- within[[row]][k]
      numbers <- numbers + 1
      if (most > 0) worst <- max(worst, off / most)
      if (!isTRUE(off <= most)) {{
        bad <- bad + 1
        said <- "{name}: point %d, number %d: %.17g, not %.17g\\n"
        if (bad <= 5) cat(sprintf(said, row, compared[k], got, wanted[[row]][k]))
      }}
    }}
  }}
  cat(sprintf("{name}: %s: %d numbers at {rows} points; the largest error is %.2g of what rounding explains\\n",
    if (bad > 0) "WRONG" else "right", numbers, worst))
  bad
}}

if (sys.nframe() == 0L) quit(status = if ({name}_test() > 0) 1 else 0)"""

_QUIET = "\n  quiet <- options(warn = -1)\n  on.exit(options(quiet))"
"""R warns where it gives NaN."""

_LAYOUT = Layout(
    comment="#", first="", line=line, assign="{} <- {}", number=number, argument="x[[{1}]]", value="value",
    element="{}[{}]", entry="{}[{}, {}]", truth="as.numeric({})", none="NULL", vector="numeric({0})",
    matrix="matrix(0, {0}, {0})",
    begin="{name} <- function(x) {{" + _QUIET + "\n  value <- 0",
    result="list(value = value, gradient = gradient, hessian = hessian)", end="}",
    cut="jit <- compiler::enableJIT(0)\non.exit(compiler::enableJIT(jit), add = TRUE)\n"
    "s <- new.env()\ns$w <- numeric({slots})\ns$value <- value\ns$gradient <- {gradient}\ns$hessian <- {hessian}",
    call="{name}_part{count}(x, s)",
    cut_result="list(value = s$value, gradient = s$gradient, hessian = s$hessian)",
    part="{name}_part{count} <- function(x, s) {{\n  w <- s$w; value <- s$value\n"
    "  gradient <- s$gradient; hessian <- s$hessian\n"
    "  rm(list = ls(s), envir = s)",
    part_end="  s$w <- w; s$value <- value; s$gradient <- gradient; s$hessian <- hessian\n}",
    row="c({})", test=_TEST,
)  # fmt: skip
"""Many lines are not compiled as they run: that takes a minute for 10,000. A part takes the arrays out of
`s` and puts them back, so that it writes into them and not into copies."""

R = Language(
    "r", ".R", _R, lambda source: text(_LAYOUT, source), argument="x[[{1}]]", slot="w[{1}]", truth="(w[{1}] != 0)",
    shorter=5, taken=_LAYOUT.words,
)  # fmt: skip
