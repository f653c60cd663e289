"""C, C++ and CUDA: one table of ops, the names of `math.h`, and files that differ in a few words.

`void NAME(const double *x, double *value, double *gradient, double *hessian)`: what is not asked for may be NULL. With
`--test` a `main` stands behind the function, weak where compilers know that, so that it gives way to another program's.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gradcalc.graph import ops
from gradcalc.graph.ops import Op
from gradcalc.language.targets.lines import Line, Reciprocals, Written
from gradcalc.language.targets.program import Target, numbers
from gradcalc.language.targets.source import ARRAYS, Language, Part, Source

_LIBM = (
    ops.sqrt, ops.cbrt, ops.floor, ops.ceil, ops.exp, ops.exp2, ops.expm1, ops.log, ops.log2, ops.log10, ops.log1p,
    ops.sin, ops.cos, ops.tan, ops.asin, ops.acos, ops.atan, ops.atan2, ops.sinh, ops.cosh, ops.tanh, ops.asinh,
    ops.acosh, ops.atanh, ops.hypot, ops.erf, ops.erfc, ops.lgamma, ops.abs, ops.gamma, ops.pow,
)  # fmt: skip
"""Ops that C has, under the name that the table says."""

_WRITTEN: dict[Op, Written] = {
    **{op: f"{op.c_name}({'{0}, {1}' if len(op.operands) > 1 else '{0}'})" for op in _LIBM},
    ops.add: " + ", ops.sub: " - ", ops.mul: " * ", ops.div: " / ", ops.neg: "-{0}", ops.powi: "pow({0}, {1})",
    ops.lt: " < ", ops.le: " <= ", ops.gt: " > ", ops.ge: " >= ", ops.eq: " == ", ops.same: " == ", ops.ne: " != ",
    ops.and_: " && ", ops.or_: " || ", ops.not_: "!{0}", ops.where: "{0} ? {1} : {2}", ops.round: "rint({0})",
    ops.mod: "§mod({0}, {1})", ops.max: "§max({0}, {1})", ops.min: "§min({0}, {1})", ops.tanh: "§tanh({0}, {1})",
    ops.hypot: "§hypot({0}, {1})",
}  # fmt: skip

_BESSEL = {ops.besselj: "{sign}jn({size}, {1})", ops.bessely: "{sign}yn({size}, {1})"}
"""Of whole orders, as POSIX has them."""

_HELPERS = {
    ops.mod: "double §mod(double a, double b) {\n"
    "    const double r = fmod(a, b);\n    return r != 0.0 && (r < 0.0) != (b < 0.0) ? r + b : r;\n}",
    ops.max: "double §max(double a, double b) {\n    return b > a || b != b ? b : a;\n}",
    ops.min: "double §min(double a, double b) {\n    return b < a || b != b ? b : a;\n}",
    ops.tanh: "double §tanh(double x, double e) {\n    const double q = e * e, z = x * x;\n"
    "    if (q < 0.36) return copysign((1.0 - q) / (1.0 + q), x);\n"
    "    return x * (1.0 - z * (675675.0 + z * (45045.0 + z * (594.0 + z))) /\n"
    "        (2027025.0 + z * (945945.0 + z * (51975.0 + z * (630.0 + z)))));\n}",
    ops.hypot: "double §hypot(double a, double b) {\n    const double q = a * a + b * b;\n"
    "    return q > 1e-280 && q < 1e300 ? sqrt(q) : hypot(a, b);\n}",
}
"""The remainder with the sign of the divisor; extremes that nan passes through. What takes libraries long: tanh by
exp(-|x|) where that loses no digits, else by eight steps of its continued fraction (DLMF 4.39.1), which leave out less
than 1e-18 of it; hypot by a root where no square is near an end of the range."""

_words = str.split
_KEYWORDS = frozenset(
    _words(
        "alignas alignof and and_eq asm atomic_cancel auto bitand bitor bool break case catch char char8_t char16_t "
        "char32_t class compl concept const consteval constexpr constinit const_cast continue co_await co_return "
        "co_yield decltype default delete do double dynamic_cast else enum explicit export extern false float for "
        "friend goto if inline int long mutable namespace new noexcept not not_eq nullptr operator or or_eq private "
        "protected public register reinterpret_cast requires restrict return short signed sizeof static static_assert "
        "static_cast struct switch template this thread_local throw true try typedef typeid typename typeof "
        "typeof_unqual union unsigned using virtual void volatile wchar_t while xor xor_eq linux unix i386 near far"
    )
)
_FUNCTIONS = frozenset(
    _words(
        "acos acosh asin asinh atan atan2 atanh cbrt ceil copysign cos cosh drem erf erfc exp exp10 exp2 expm1 fabs "
        "fdim finite floor fma fmax fmin fmod fpclassify frexp gamma hypot ilogb isfinite isgreater isgreaterequal "
        "isinf isless islessequal islessgreater isnan isnormal isunordered ldexp lgamma llrint llround log log10 log1p "
        "log2 logb lrint lround modf nan nearbyint nextafter nexttoward pow pow10 remainder remquo rint round scalb "
        "scalbln scalbn signbit significand sin sincos sinh sqrt tan tanh tgamma trunc abs labs div exit abort printf "
        "puts index rindex double_t float_t signgam NULL INFINITY NAN HUGE_VAL EOF stdin stdout stderr size_t jn yn "
        "blockIdx blockDim threadIdx gridDim warpSize"
    )
)
_MACROS = frozenset(
    _words(
        "BIG_ENDIAN BUFSIZ BYTE_ORDER EXIT_FAILURE EXIT_SUCCESS FD_CLR FD_ISSET FD_SET FD_SETSIZE FD_ZERO FILENAME_MAX "
        "FOPEN_MAX FP_FAST_FMA FP_ILOGB0 FP_ILOGBNAN FP_INFINITE FP_NAN FP_NORMAL FP_SUBNORMAL FP_ZERO HUGE HUGE_VALF "
        "HUGE_VALL LITTLE_ENDIAN L_ctermid L_cuserid L_tmpnam MATH_ERREXCEPT MATH_ERRNO MAXFLOAT MB_CUR_MAX NFDBITS "
        "PDP_ENDIAN P_tmpdir RAND_MAX RENAME_EXCHANGE RENAME_NOREPLACE RENAME_WHITEOUT SEEK_CUR SEEK_DATA SEEK_END "
        "SEEK_HOLE SEEK_SET SNAN SNANF SNANL TMP_MAX WCONTINUED WEXITED WNOHANG WNOWAIT WSTOPPED WUNTRACED alloca "
        "math_errhandling offsetof DOMAIN SING OVERFLOW UNDERFLOW PLOSS TLOSS"
    )
) | {
    f"M_{name}{suffix}"
    for name in _words("E LOG2E LOG10E LN2 LN10 PI PI_2 PI_4 1_PI 2_PI 2_SQRTPI SQRT2 SQRT1_2")
    for suffix in ("", "f", "l", "f32", "f64", "f128", "f32x", "f64x")
}
"""Names that stand for text after `math.h` and `stdio.h`, in C++ and POSIX too."""
_RESERVED = _KEYWORDS | _FUNCTIONS | _MACROS | frozenset(_words("x value gradient hessian w i n main"))
_TAKEN = frozenset(
    _words(
        "std y0 y1 j0 j1 lgamma_r canonicalize fromfp roundeven nextup nextdown setpayload getpayload totalorder clock "
        "time read write open close link signal select remove rename renameat tmpfile tmpnam tempnam fclose fflush "
        "fopen fdopen freopen setbuf setvbuf setbuffer setlinebuf fprintf sprintf snprintf dprintf asprintf scanf "
        "fscanf sscanf vprintf vfprintf vsprintf vsnprintf vscanf vfscanf vsscanf fgetc fgets fputc fputs getc getchar "
        "gets getw putc putchar putw ungetc fread fwrite fgetpos fsetpos fseek ftell fseeko ftello rewind clearerr "
        "feof ferror perror fileno popen pclose ctermid cuserid getdelim getline flockfile funlockfile random rand "
        "srand drand48 malloc calloc free realloc system getenv qsort bsearch atof atoi strtod"
    )
) | {f"{name}{suffix}" for name in (*_FUNCTIONS, "j0", "j1", "y0", "y1") for suffix in ("f", "l")}
"""Names of functions that a program may have beside this one."""


@dataclass(frozen=True)
class _Dialect:
    """In what C, C++ and CUDA differ.

    Attributes:
        head: the includes; `own` what stands before a function that others call, `local` before one of this file.
        launched: whether the test runs the kernel too.
    """

    head: Sequence[str]
    own: str
    local: str
    kernel: bool = False


_number = numbers("NAN", "INFINITY")


_OVER = """double §over(double a, double d, double r) {
    return (fabs(r) > 1e-290) & (fabs(r) < 1e290) ? a * r : a / d;
}"""
"""a/d by r = 1/d, which takes less time where r is used again, and is right where r is not."""
_OVER_WRONG = "({0}_over(2e-310, 1e-310, 1.0 / 1e-310) != 2e-310 / 1e-310) + ({0}_over(1e308, 1e308, 1e-308) != 1.0)"
_BEFOREHAND = {ops.tanh: lambda x: ops.exp(-ops.abs(x))}


def _line(line: Line) -> str:
    comment = f"  /* {line.comment} */" if line.comment else ""
    return f"const {'int' if line.truth else 'double'} {line.name} = {line.value};{comment}"


def _function(local: str, name: str, parameters: Sequence[str], lines: Sequence[str], results: Sequence[str]) -> str:
    arguments = ", ".join(f"double {each}" for each in parameters) or "void"
    body = "\n".join(f"    {line}" for line in (*lines, f"return {results[0]};"))
    return f"{local}double {name}({arguments}) {{\n{body}\n}}"


# -- the file ----------------------------------------------------------------------------------------------------------

_APART = """#if defined(_MSC_VER)
#define §APART __declspec(noinline)
#elif defined(__GNUC__)
#define §APART __attribute__((noinline))
#else
#define §APART
#endif
"""
"""Parts that were put together again would take compilers as long as one huge function."""
_SIGNATURE = "const double *x, double *value, double *gradient, double *hessian"


def _file(dialect: _Dialect, source: Source) -> str:
    return "\n".join(_text(dialect, source)) + "\n"


def _text(dialect: _Dialect, source: Source) -> Iterator[str]:
    first, *rest = source.head("x[{0}] = {1}")
    yield f"/* {first}"
    yield from (f" * {line}".rstrip() for line in rest)
    yield " * Hessians are full, row by row. A result that is not wanted may be NULL. */"
    if any("jn(" in line.value or "yn(" in line.value for part in source.parts for line in part.lines):
        yield "#if !defined(_XOPEN_SOURCE) && !defined(__cplusplus)\n#define _XOPEN_SOURCE 700\n#endif"
    yield from dialect.head
    if source.probes:
        yield "#include <stdio.h>"
    yield ""
    for routine in source.routines:
        yield f"{routine}\n"
    if source.is_cut:
        yield _APART.replace("§", f"{source.name}_")
        for number, part in enumerate(source.parts, start=1):
            yield f"{source.name}_APART {dialect.local}void {source.name}_part{number}({_SIGNATURE}, double *w) {{"
            used = part.used()
            yield from (f"    (void){name};" for name in ("x", *ARRAYS, "w") if name not in used)
            yield from _part(part)
            yield "}\n"
    yield '#ifdef __cplusplus\nextern "C"\n#endif' if not dialect.kernel else 'extern "C"'
    yield f"{dialect.own}void {source.name}({_SIGNATURE}) {{"
    yield from _body(source)
    yield "}"
    if dialect.kernel:
        yield from _kernel(source)
    if source.probes:
        yield from _test(dialect, source)


def _body(source: Source) -> Iterator[str]:
    """The lines of the function."""
    if source.is_cut:
        yield f"    double w[{max(source.slots, 1)}];"
    else:
        used = {name for part in source.parts for line in part.lines for name in line.operands}
        used |= {store.place for part in source.parts for store in part.stores}
        for i, (parameter, name) in enumerate(zip(source.parameters, source.variables, strict=True)):
            if parameter in used:
                note = "" if parameter == name else f"  /* {name} */"
                yield f"    const double {parameter} = x[{i}];{note}"
    unused = [name for name, size in zip(ARRAYS, source.sizes, strict=True) if not size]
    yield from (f"    (void){name};" for name in (*unused, *(() if source.variables else ("x",))))
    if source.has_zeros:
        size = source.sizes[2]
        yield f"    if (hessian) {{\n        int i;\n        for (i = 0; i < {size}; i++) hessian[i] = 0.0;\n    }}"
    if source.is_cut:
        for number in range(1, len(source.parts) + 1):
            yield f"    {source.name}_part{number}(x, value, gradient, hessian, w);"
    else:
        yield from _part(source.parts[0])


def _part(part: Part) -> Iterator[str]:
    yield from (f"    {_line(line)}" for line in part.lines)
    yield from (f"    w[{keep.slot}] = {keep.name};" for keep in part.keeps)
    for result, array in enumerate(ARRAYS):
        stores = [store for store in part.stores if store.result == result]
        if stores:
            yield f"    if ({array}) {{"
            yield from (f"        {array}[{store.index}] = {store.place};" for store in stores)
            yield "    }"


def _kernel(source: Source) -> Iterator[str]:
    """A kernel over rows: each point is a row of `x`, each answer a row of the results."""
    _, size, square = source.sizes
    count = len(source.variables)
    yield f'\nextern "C" __global__ void {source.name}_rows(long long rows, {_SIGNATURE}) {{'
    yield "    const long long i = blockIdx.x * (long long)blockDim.x + threadIdx.x;"
    yield "    if (i < rows) {"
    yield (
        f"        {source.name}(x + i * {count}, value ? value + i : NULL, gradient ? gradient + i * {size} : NULL, "
        f"hessian ? hessian + i * {square} : NULL);"
    )
    yield "    }\n}"


# -- the test ----------------------------------------------------------------------------------------------------------


def _test(dialect: _Dialect, source: Source) -> Iterator[str]:
    """A program that compares with what is proved."""
    rows, compared = len(source.probes), len(source.compared)
    count, (_, size, square) = max(len(source.variables), 1), source.sizes
    yield f"\n#ifndef {source.name}_NO_MAIN"
    for kind, name, width, rowed in (
        ("at", "double", count, [probe.at or (0.0,) for probe in source.probes]),
        ("wanted", "double", compared, [probe.wanted for probe in source.probes]),
        ("within", "double", compared, [probe.within for probe in source.probes]),
    ):
        yield f"static const {name} {source.name}_{kind}[{rows}][{width}] = {{"
        yield from (f"    {{{_table(row)}}}," for row in rowed)
        yield "};"
    yield f"static const int {source.name}_compared[{compared}] = {{"
    yield f"    {_list(list(map(str, source.compared)))}\n}};"
    yield f"static double {source.name}_found[{1 + size + square}];\n"
    yield from _comparison(source)
    if dialect.kernel:
        yield from _on_device(source)
    yield "#if defined(__GNUC__) && defined(__ELF__)\n__attribute__((weak))\n#endif"
    yield "int main(void) {"
    yield "    int row, bad = 0, numbers = 0;\n    double worst = 0.0;"
    yield f"    double *found = {source.name}_found;"
    yield f"    for (row = 0; row < {rows}; row++) {{"
    gradient, hessian = ("found + 1" if size else "NULL"), (f"found + {1 + size}" if square else "NULL")
    yield f"        {source.name}({source.name}_at[row], found, {gradient}, {hessian});"
    yield f"        bad += {source.name}_wrong(row, found, &numbers, &worst);\n    }}"
    if any("_over(" in routine for routine in source.routines):
        yield f"    bad += {_OVER_WRONG.format(source.name)};"
    if dialect.kernel:
        yield f"    bad += {source.name}_on_device(&numbers, &worst);"
    yield (
        f'    printf("{source.name}: %s: %d numbers at {rows} points; the largest error is %.2g of what rounding '
        'explains\\n",\n        bad ? "WRONG" : "right", numbers, worst);'
    )
    yield "    return bad ? 1 : 0;\n}\n#endif"


def _comparison(source: Source) -> Iterator[str]:
    """A function that counts the wrong numbers at a point, and tells the first of them."""
    name, compared = source.name, len(source.compared)
    yield f"static int {name}_wrong(int row, const double *found, int *numbers, double *worst) {{"
    yield f"    int k, bad = 0;\n    for (k = 0; k < {compared}; k++) {{"
    yield f"        const double got = found[{name}_compared[k]], wanted = {name}_wanted[row][k];"
    yield f"        const double within = {name}_within[row][k], off = fabs(got - wanted);"
    yield "        if (wanted != wanted) continue;\n        *numbers += 1;"
    yield "        if (within > 0.0 && off / within > *worst) *worst = off / within;"
    yield "        if (!(off <= within) && bad++ < 3)"
    yield (
        f'            printf("{name}: point %d, number %d: %.17g, not %.17g\\n", row + 1, {name}_compared[k] + 1, '
        "got, wanted);"
    )
    yield "    }\n    return bad;\n}\n"


def _on_device(source: Source) -> Iterator[str]:
    """A function that does the same for the kernel, where there is a device."""
    name, rows = source.name, len(source.probes)
    sizes = {"value": 1, "gradient": source.sizes[1], "hessian": source.sizes[2]}
    width = sum(sizes.values())
    yield f"static int {name}_on_device(int *numbers, double *worst) {{"
    yield f"    int devices = 0, row, i, bad = 0;\n    static double all[{rows * width}];"
    yield "    double *x = NULL, *found = NULL;"
    yield "    if (cudaGetDeviceCount(&devices) != cudaSuccess || devices == 0) {"
    yield f'        printf("{name}: there is no device: the kernel is not tested\\n");\n        return 0;\n    }}'
    yield f"    cudaMalloc((void **)&x, sizeof {name}_at);\n    cudaMalloc((void **)&found, sizeof all);"
    yield f"    cudaMemcpy(x, {name}_at, sizeof {name}_at, cudaMemcpyHostToDevice);"
    places, first = [], 0
    for size in sizes.values():
        places.append(f"found + {first}" if size else "NULL")
        first += rows * size
    yield f"    {name}_rows<<<1, {rows}>>>({rows}, x, {', '.join(places)});"
    yield "    cudaMemcpy(all, found, sizeof all, cudaMemcpyDeviceToHost);"
    yield "    if (cudaGetLastError() != cudaSuccess) {"
    yield f'        printf("{name}: the kernel cannot be run\\n");\n        return 1;\n    }}'
    yield f"    for (row = 0; row < {rows}; row++) {{"
    first, at = 0, 0
    for size in sizes.values():
        if size:
            yield f"        for (i = 0; i < {size}; i++) {name}_found[{at} + i] = all[{first} + row * {size} + i];"
        first, at = first + rows * size, at + size
    yield f"        bad += {name}_wrong(row, {name}_found, numbers, worst);\n    }}"
    yield "    cudaFree(x);\n    cudaFree(found);\n    return bad;\n}\n"


def _table(row: Sequence[float]) -> str:
    return _list([_number(value) for value in row])


def _list(items: Sequence[str]) -> str:
    """Items with commas, a few to a line."""
    lines = [", ".join(items[first : first + _A_LINE]) for first in range(0, len(items), _A_LINE)]
    return ",\n     ".join(lines)


_A_LINE = 6


def _language(word: str, name: str, suffix: str, dialect: _Dialect, aliases: tuple[str, ...] = ()) -> Language:
    """One of the three."""
    return Language(
        word=word,
        suffix=suffix,
        target=Target(
            name=name,
            written=_WRITTEN,
            helpers={op: dialect.local + text for op, text in _HELPERS.items()},
            number=_number,
            truth=("1", "0"),
            line=_line,
            function=lambda *args: _function(dialect.local, *args),
            reserved=_RESERVED,
            by_order=_BESSEL,
            beforehand=_BEFOREHAND,
            reciprocals=Reciprocals(
                "1.0",
                _WRITTEN[ops.div],
                _WRITTEN[ops.sqrt],
                _WRITTEN[ops.mul],
                "§over({0}, {1}, {2})",
                dialect.local + _OVER,
            ),
        ),
        file=lambda source: _file(dialect, source),
        aliases=aliases,
        taken=_TAKEN,
    )


C = _language("c", "C", ".c", _Dialect(("#include <math.h>", "#include <stddef.h>"), "", "static "))
"""C99 and later, with POSIX's Bessel functions."""
CPP = _language(
    "cpp", "C++", ".cpp", _Dialect(("#include <math.h>", "#include <stddef.h>"), "", "static inline "), ("c++", "cxx")
)
CUDA = _language(
    "cuda", "CUDA", ".cu",
    _Dialect(("#include <math.h>", "#include <stddef.h>"), "__host__ __device__ ", "static __host__ __device__ ", True),
    ("cu",),
)  # fmt: skip
