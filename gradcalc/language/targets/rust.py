"""Rust, as a target of `program`: its standard library alone.

Its acosh, asinh and atanh are formulas that lose digits (acosh(1 + 1e-10) is off in the twelfth), so the routines of
`portable` travel; and so do the error and gamma functions, which no stable release has.
"""

from collections.abc import Iterator, Sequence

from gradcalc.graph import ops
from gradcalc.graph.ops import Op
from gradcalc.language.targets.lines import Line, Written
from gradcalc.language.targets.program import Target, numbers
from gradcalc.language.targets.source import Language, Part, Source

_ONE = {op: op.name for op in (
    ops.sqrt, ops.cbrt, ops.abs, ops.floor, ops.ceil, ops.exp, ops.exp2, ops.log2, ops.log10, ops.sin, ops.cos,
    ops.tan, ops.asin, ops.acos, ops.atan, ops.sinh, ops.cosh, ops.tanh,
)} | {ops.log: "ln", ops.expm1: "exp_m1", ops.log1p: "ln_1p", ops.round: "round_ties_even"}  # fmt: skip
_TWO = {ops.pow: "powf", ops.powi: "powf", ops.atan2: "atan2", ops.hypot: "hypot"}
"""What `f64` calls the ops that it has."""

_WRITTEN: dict[Op, Written] = {
    **{op: f"f64::{name}({{0}})" for op, name in _ONE.items()},
    **{op: f"f64::{name}({{0}}, {{1}})" for op, name in _TWO.items()},
    ops.add: " + ", ops.sub: " - ", ops.mul: " * ", ops.div: " / ", ops.neg: "-{0}",
    ops.lt: " < ", ops.le: " <= ", ops.gt: " > ", ops.ge: " >= ", ops.eq: " == ", ops.same: " == ", ops.ne: " != ",
    ops.and_: " && ", ops.or_: " || ", ops.not_: "!{0}", ops.where: "if {0} {{ {1} }} else {{ {2} }}",
    ops.max: "§max({0}, {1})", ops.min: "§min({0}, {1})", ops.mod: "§mod({0}, {1})",
}  # fmt: skip

_HELPERS = {
    ops.max: "fn §max(a: f64, b: f64) -> f64 {\n    if a > b || a.is_nan() { a } else { b }\n}",
    ops.min: "fn §min(a: f64, b: f64) -> f64 {\n    if a < b || a.is_nan() { a } else { b }\n}",
    ops.mod: """fn §mod(a: f64, b: f64) -> f64 {
    let r = a % b;
    if r != 0.0 && (r < 0.0) != (b < 0.0) { r + b } else { r }
}""",
}
"""The larger and the smaller of two numbers, nan beside nan; the remainder with the sign of the divisor."""

RESERVED = frozenset(
    str.split(
        "as async await break const continue crate dyn else enum extern false fn for if impl in let loop match mod "
        "move mut pub ref return self Self static struct super trait true type unsafe use where while abstract "
        "become box do final gen macro override priv try typeof unsized virtual yield union f64 bool usize main x w "
        "value gradient hessian found h Some None Ok Err Option Box Vec String ROWS COMPARED"
    )
)


number = numbers("f64::NAN", "f64::INFINITY")


def line(made: Line) -> str:
    """An assignment."""
    return f"let {made.name} = {made.value};" + (f" // {made.comment}" if made.comment else "")


def _function(name: str, parameters: Sequence[str], lines: Sequence[str], results: Sequence[str]) -> str:
    given = ", ".join(f"{parameter}: f64" for parameter in parameters)
    one = len(results) == 1
    kind, result = ("f64", results[0]) if one else (f"[f64; {len(results)}]", f"[{', '.join(results)}]")
    return "\n".join([f"fn {name}({given}) -> {kind} {{", *(f"    {text}" for text in lines), f"    {result}", "}"])


_RUST = Target(
    name="Rust",
    written=_WRITTEN,
    helpers=_HELPERS,
    number=number,
    truth=("true", "false"),
    line=line,
    function=_function,
    reserved=RESERVED,
)
"""Rust 1.77 and later."""


# -- the file ----------------------------------------------------------------------------------------------------------

_ALLOWED = "non_snake_case, dead_code, unused_variables, unused_mut, unused_assignments, unused_parens, clippy::all"
"""What the compiler need not say of names and arguments that are the user's."""
_ARRAYS = ("value", "gradient", "hessian")


def _file(source: Source) -> str:
    return "\n".join(_text(source)) + "\n"


def _text(source: Source) -> Iterator[str]:
    yield from (f"// {text}".rstrip() for text in source.head("x[{0}] = {1}"))
    yield "// Results that are not wanted may be None."
    yield f"#![allow({_ALLOWED})]\n"
    yield from (f"{routine}\n" for routine in source.routines)
    if source.is_cut:
        given = ", ".join(
            [f"x: &[f64; {len(source.variables)}]", "w: &mut [f64]", "value: &mut f64", *_results(source)]
        )
        for count, part in enumerate(source.parts, start=1):
            yield f"fn {source.name}_part{count}({given}) {{"
            yield from _part(part, source)
            yield "}\n"
    given = ", ".join([f"x: &[f64; {len(source.variables)}]", *_results(source)])
    yield f"/// The {source.results}."
    yield f"pub fn {source.name}({given}) -> f64 {{"
    yield from _body(source)
    yield "}"
    if source.probes:
        yield from _test(source)


def _results(source: Source) -> list[str]:
    """The parameters of the results behind the value."""
    size = source.wrt
    kinds = [f"gradient: Option<&mut [f64; {size}]>", f"hessian: Option<&mut [[f64; {size}]; {size}]>"]
    return [f"mut {kind}" for kind in kinds[: source.order]]


def _body(source: Source) -> Iterator[str]:
    yield "    let mut value = 0.0;"
    if source.has_zeros:
        yield f"    if let Some(h) = hessian.as_deref_mut() {{ *h = [[0.0; {source.wrt}]; {source.wrt}]; }}"
    if source.is_cut:
        yield f"    let mut w = [0.0; {max(source.slots, 1)}];"
        results = "".join(f", {name}.as_deref_mut()" for name in _ARRAYS[1 : source.order + 1])
        for count in range(1, len(source.parts) + 1):
            yield f"    {source.name}_part{count}(x, &mut w, &mut value{results});"
    else:
        yield f"    let [{', '.join(source.parameters)}] = *x;"
        yield from _part(source.parts[0], source)
    yield "    value"


def _part(part: Part, source: Source) -> Iterator[str]:
    yield from (f"    {line(made)}" for made in part.lines)
    for keep in part.keeps:
        yield f"    w[{keep.slot}] = {f'{keep.name} as u8 as f64' if keep.truth else keep.name};"
    for store in part.stores:
        if store.result == 0:
            yield f"    {'*' if source.is_cut else ''}value = {store.place};"
    for result in (1, 2):
        stores = [store for store in part.stores if store.result == result]
        if stores:
            yield f"    if let Some(found) = {_ARRAYS[result]}.as_deref_mut() {{"
            for store in stores:
                row, column = divmod(store.index, source.wrt)
                yield f"        found{f'[{row}]' if result == 2 else ''}[{column}] = {store.place};"
            yield "    }"


def _test(source: Source) -> Iterator[str]:
    """A program that compares with what is proved."""
    size, order = source.wrt, source.order
    yield "\nfn main() {"
    width = len(source.compared)
    row = f"([f64; {len(source.variables)}], [f64; {width}], [f64; {width}])"
    yield f"    const ROWS: [{row}; {len(source.probes)}] = ["
    for probe in source.probes:
        yield f"        ({', '.join(_array(row) for row in (probe.at, probe.wanted, probe.within))}),"
    yield "    ];"
    yield f"    const COMPARED: [usize; {width}] = [{', '.join(map(str, source.compared))}];"
    yield "    let (mut bad, mut numbers, mut worst) = (0, 0, 0.0_f64);"
    yield "    for (row, (at, wanted, within)) in ROWS.iter().enumerate() {"
    if order:
        yield f"        let mut gradient = Box::new([f64::NAN; {size}]);"
    if order == 2:
        yield f"        let mut hessian = Box::new([[f64::NAN; {size}]; {size}]);"
    given = ["at", "Some(&mut *gradient)", "Some(&mut *hessian)"][: order + 1]
    yield f"        let mut found = vec![{source.name}({', '.join(given)})];"
    if order:
        yield "        found.extend(gradient.iter());"
    if order == 2:
        yield "        found.extend(hessian.iter().flatten());"
    yield f"        for k in 0..{width} {{"
    yield "            let (got, off) = (found[COMPARED[k]], (found[COMPARED[k]] - wanted[k]).abs());"
    yield "            if wanted[k].is_nan() { continue; }"
    yield "            numbers += 1;"
    yield "            if within[k] > 0.0 { worst = worst.max(off / within[k]); }"
    yield "            if !(off <= within[k]) {"
    yield "                bad += 1;"
    yield "                if bad <= 5 {"
    yield (
        f'                    println!("{source.name}: point {{}}, number {{}}: {{:?}}, not {{:?}}", row + 1, '
        "COMPARED[k] + 1, got, wanted[k]);"
    )
    yield "                }\n            }\n        }\n    }"
    yield '    let verdict = if bad > 0 { "WRONG" } else { "right" };'
    yield (
        f'    println!("{source.name}: {{verdict}}: {{numbers}} numbers at {len(source.probes)} points; '
        'the largest error is {worst:.2} of what rounding explains");'
    )
    yield "    std::process::exit(if bad > 0 { 1 } else { 0 });\n}"


def _array(row: Sequence[float]) -> str:
    return f"[{', '.join(map(number, row))}]"


RUST = Language("rust", ".rs", _RUST, _file, ("rs",), slot="w[{}]", truth="(w[{}] != 0.0)")
