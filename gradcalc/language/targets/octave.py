"""Octave and MATLAB, as a target of `program`: what both have, which is complex where this language has nan."""

from collections.abc import Sequence

from gradcalc.graph import ops
from gradcalc.graph.ops import Op
from gradcalc.language.targets.lines import Line, Written
from gradcalc.language.targets.program import Target, numbers
from gradcalc.language.targets.scripts import Layout, text
from gradcalc.language.targets.source import Language

_TOTAL = (
    ops.abs, ops.sign, ops.floor, ops.ceil, ops.exp, ops.expm1, ops.sin, ops.cos, ops.tan, ops.atan, ops.sinh, ops.cosh,
    ops.tanh, ops.asinh, ops.erf, ops.erfc, ops.erfinv,
)  # fmt: skip
"""Functions that are real everywhere."""
_INSIDE = {
    ops.sqrt: "x >= 0", ops.log: "x >= 0", ops.log2: "x >= 0", ops.log10: "x >= 0", ops.log1p: "x >= -1",
    ops.asin: "abs(x) <= 1", ops.acos: "abs(x) <= 1", ops.acosh: "x >= 1", ops.atanh: "abs(x) <= 1",
}  # fmt: skip
"""Where the others are real; elsewhere they are nan."""

_WRITTEN: dict[Op, Written] = {
    **{op: f"{op.name}({{0}})" for op in _TOTAL},
    **{op: f"§{op.name}({{0}})" for op in _INSIDE},
    ops.add: " + ", ops.sub: " - ", ops.mul: " * ", ops.div: " / ", ops.neg: "-{0}",
    ops.lt: " < ", ops.le: " <= ", ops.gt: " > ", ops.ge: " >= ", ops.eq: " == ", ops.same: " == ", ops.ne: " ~= ",
    ops.and_: " && ", ops.or_: " || ", ops.not_: "~{0}", ops.where: "§where({0}, {1}, {2})",
    ops.hypot: "hypot({0}, {1})", ops.atan2: "atan2({0}, {1})", ops.exp2: "2^{0}", ops.cbrt: "nthroot({0}, 3)",
    ops.max: "§max({0}, {1})", ops.min: "§min({0}, {1})", ops.round: "§round({0})",
    ops.pow: "§pow({0}, {1})", ops.powi: "§powi({0}, {1})", ops.mod: "§mod({0}, {1})",
    ops.gammainc: "§gammainc({0}, {1})", ops.gammaincc: "§gammaincc({0}, {1})",
}  # fmt: skip
_BESSEL: dict[Op, Written] = {
    op: f"§{op.name}({{order}}, {{1}})" for op in (ops.besselj, ops.bessely, ops.besseli, ops.besselk)
}


def _helper(name: str, parameters: str, *lines: str) -> str:
    return "\n".join([f"function y = §{name}({parameters})", *(f"  {line}" for line in lines), "end"])


_POW = (
    "if isinf(b) || isinf(a) && b ~= floor(b)", "  y = abs(a)^b;", "elseif a == 1 || b == 0", "  y = 1;",
    "elseif a < 0 && b ~= floor(b)", "  y = NaN;", "else", "  y = a^b;", "end",
)  # fmt: skip
_NEGATIVE = (
    "elseif x ~= x || s ~= floor(s)", "  y = NaN;", "else", "  term = 1; total = 1; n = 0;",
    "  while term > 1e-17*total", "    n = n + 1;", "    term = -term*x/n;", "    total = total + term*s/(s + n);",
    "  end", "  y = x^s/gamma(s + 1)*total;",
)  # fmt: skip
"""Incomplete gamma functions beside x < 0, where Octave's refuse: a series of positive terms, DLMF 8.7.1."""
_HELPERS = {
    **{
        op: _helper(op.name, "x", f"if {inside}", f"  y = {op.name}(x);", "else", "  y = NaN;", "end")
        for op, inside in _INSIDE.items()
    },
    **{
        op: _helper(op.name, "n, x", f"if {inside}", f"  y = real({op.name}(n, x));", "else", "  y = NaN;", "end")
        for op, inside in (
            (ops.besselj, "x == x"), (ops.besseli, "x == x"), (ops.bessely, "x >= 0"), (ops.besselk, "x >= 0")
        )
    },
    ops.gammainc: _helper("gammainc", "s, x", "if x >= 0", "  y = gammainc(x, s);", *_NEGATIVE, "end"),
    ops.gammaincc: _helper(
        "gammaincc", "s, x", "if x >= 0", "  y = gammainc(x, s, 'upper');", *_NEGATIVE, "  y = 1 - y;", "end"
    ),
    ops.where: _helper("where", "c, a, b", "if c", "  y = a;", "else", "  y = b;", "end"),
    ops.max: _helper("max", "a, b", "if a > b || a ~= a", "  y = a;", "else", "  y = b;", "end"),
    ops.min: _helper("min", "a, b", "if a < b || a ~= a", "  y = a;", "else", "  y = b;", "end"),
    ops.round: _helper(
        "round", "x", "y = round(x);", "if abs(y - x) == 0.5 && rem(y, 2) ~= 0", "  y = y - sign(x);", "end"
    ),
    ops.pow: _helper("pow", "a, b", *_POW),
    ops.powi: _helper("powi", "a, b", *_POW),
    ops.mod: _helper(
        "mod", "a, b", "if isinf(a) || b == 0 || a ~= a || b ~= b", "  y = NaN;", "  return;", "end", "y = abs(a);",
        "while y >= abs(b)", "  part = abs(b)*2^floor(log2(y/abs(b)));", "  if part > y", "    part = part/2;", "  end",
        "  y = y - part;", "end", "if a < 0", "  y = -y;", "end", "if y ~= 0 && (y < 0) ~= (b < 0)", "  y = y + b;",
        "end",
    ),
}  # fmt: skip
"""The same functions, nan where they would be complex or refuse; max and min beside nan; halves to even; the remainder
by subtractions that are exact, where `mod` rounds quotients that are nearly whole."""

RESERVED = frozenset(
    str.split(
        "break case catch classdef continue else elseif end for function global if otherwise parfor persistent return "
        "spmd switch try while do until endif endfor endwhile endfunction end_try_catch unwind_protect "
        "end_unwind_protect unwind_protect_cleanup pi e i j I J Inf NaN inf nan eps ans true false x w value gradient "
        "hessian hypot atan2 "
        "nthroot isinf rem round mod zeros double real gammainc besselj bessely besseli besselk nargin nargout disp"
    )
) | {op.name for op in (*_TOTAL, *_INSIDE)}


number = numbers("NaN", "Inf", lambda value: repr(value).removesuffix(".0"))


def line(made: Line) -> str:
    """An assignment."""
    return f"{made.name} = {made.value};" + (f" % {made.comment}" if made.comment else "")


def _function(name: str, parameters: Sequence[str], lines: Sequence[str], results: Sequence[str]) -> str:
    result = results[0] if len(results) == 1 else f"[{', '.join(results)}]"
    body = [*lines, f"y = {result};"]
    return "\n".join([f"function y = {name}({', '.join(parameters)})", *(f"  {each}" for each in body), "end"])


_OCTAVE = Target(
    name="Octave",
    written=_WRITTEN,
    helpers=_HELPERS,
    number=number,
    truth=("true", "false"),
    line=line,
    function=_function,
    reserved=RESERVED,
    by_order=_BESSEL,
)
"""Octave 6 and MATLAB R2016b, and later."""


_TEST = """function bad = {name}_test()
  points = {{
    {points}
  }};
  wanted = {{
    {wanted}
  }};
  within = {{
    {within}
  }};
  compared = {compared};
  bad = 0; numbers = 0; worst = 0;
  for row = 1:{rows}
    [value, gradient, hessian] = {name}(points{{row}});
    found = [value; gradient(:); reshape(hessian.', [], 1)];
    for k = 1:numel(compared)
      if isnan(wanted{{row}}(k))
        continue;
      end
      got = found(compared(k));
      off = abs(got - wanted{{row}}(k));
      most = within{{row}}(k);
      numbers = numbers + 1;
      if most > 0
        worst = max(worst, off/most);
      end
      if ~(off <= most)
        bad = bad + 1;
        if bad <= 5
          fprintf('{name}: point %d, number %d: %.17g, not %.17g\\n', row, compared(k), got, wanted{{row}}(k));
        end
      end
    end
  end
  verdict = 'right';
  if bad > 0
    verdict = 'WRONG';
  end
  fprintf('{name}: %s: %d numbers at {rows} points; ', verdict, numbers);
  fprintf('the largest error is %.2g of what rounding explains\\n', worst);
end

if {name}_test() > 0
  exit(1);
end"""

_LAYOUT = Layout(
    comment="%", first="1;", line=line, assign="{} = {};", number=number, argument="x({1})", value="value",
    element="{}({})", entry="{}({}, {})", truth="double({})", none="[]",
    vector="zeros({0}, 1)", matrix="zeros({0}, {0})",
    begin="function [value, gradient, hessian] = {name}(x)\n  value = 0;", result="", end="end",
    cut="w = zeros({slots}, 1);\ngradient = {gradient};\nhessian = {hessian};",
    call="[w, value, gradient, hessian] = {name}_part{count}(x, w, value, gradient, hessian);",
    cut_result="",
    part="function [w, value, gradient, hessian] = {name}_part{count}(x, w, value, gradient, hessian)", part_end="end",
    row="[{}]", test=_TEST,
)  # fmt: skip

OCTAVE = Language(
    "octave", ".m", _OCTAVE, lambda source: text(_LAYOUT, source), ("matlab", "m"), argument="x({1})", slot="w({1})",
    truth="(w({1}) ~= 0)", taken=_LAYOUT.words,
)  # fmt: skip
