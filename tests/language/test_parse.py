"""What the language accepts and means, and what it refuses with which words: `syntax` and `lower` are asked by `parse`."""

import itertools
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradcalc.arithmetic.floats import Floats
from gradcalc.errors import ExpressionError, GradcalcError, LimitError
from gradcalc.graph import ops
from gradcalc.graph.definitions import POLYNOMIALS
from gradcalc.language.format import format_node
from gradcalc.language.parse import Formula, Limits, Value, parse, parse_bindings, parse_value
from gradcalc.language.points import read_values
from gradcalc.language.synonyms import _OURS
from gradcalc.language.tokens import FUNCTIONS
from tests import HANG


def written(text: str, **options: object) -> str:
    """The formula's graph, written out."""
    formula = parse(text, **options)  # type: ignore[arg-type]
    return format_node(formula.graph, formula.output)


def refusal(text: str, **options: object) -> ExpressionError:
    """The error that a text ends in; it has a place and a hint."""
    with pytest.raises(ExpressionError) as caught:
        parse(text, **options)  # type: ignore[arg-type]
    error = caught.value
    assert error.text == text
    assert error.span is not None
    assert error.hint
    return error


def caret(text: str, **options: object) -> str:
    """What of a refused text the caret stands under."""
    span = refusal(text, **options).span
    assert span is not None
    return text[span[0] : span[1]]


MEANINGS = {
    "x**4 + y^2 + 1": "x**4 + y**2 + 1",
    "x²": "x**2",
    "x⁻¹²": "x**(-12)",
    "-x^2": "-x**2",
    "2^3^x": "2**3**x",
    "2^-3": "2**(-3)",
    "2x": "2*x",
    "2x^2": "2*x**2",
    "a*2x": "a*2*x",
    "3(x+1)": "3*(x + 1)",
    "2 sin(x)": "2*sin(x)",
    "(x+1)(x-1)": "(x + 1)*(x - 1)",
    "x²y": "x**2*y",
    "sin(x) cos(x)": "sin(x)*cos(x)",
    "-2x": "-2*x",
    "π + pi": "pi + pi",
    "e^x": "exp(x)",
    "E**2": "exp(2)",
    "sin^2(x)": "sin(x)**2",
    "sin²(x)": "sin(x)**2",
    "sin**2(x)^3": "(sin(x)**2)**3",
    "|x|": "abs(x)",
    "|a*|b|+c|": "abs(a*abs(b) + c)",
    "||x|-1|": "abs(abs(x) - 1)",
    "5!": "factorial(5)",
    "-5!": "-factorial(5)",
    "√x + 1": "sqrt(x) + 1",
    "2√x": "2*sqrt(x)",
    "a×b·c−d÷f": "a*b*c - d/f",
    "ln(x) + arcsin(y)": "log(x) + asin(y)",
    "Abs(x) + Max(x, y)": "abs(x) + max(x, y)",
    "log(x, 2)": "log(x)/log(2)",
    "root(x, 3)": "cbrt(x)",
    "root(x, 5)": "x**(1/5)",
    "x**2.0": "x**2",
    "x**(4/2)": "x**2",
    "x**(1/3)": "x**(1/3)",
    "x**0.5": "x**0.5",
    "x^1": "x**1",
    "007 + 2.50": "7 + 2.50",
    "007. + 00.": "7 + 0",
    "where(x > 0, a, b)": "where(x > 0, a, b)",
    "ITE(x > 0, a, b)": "where(x > 0, a, b)",
    "piecewise((a, x<0), (b, x<1), c)": "where(x < 0, a, where(x < 1, b, c))",
    "Piecewise((a, x < 0), (b, True))": "where(x < 0, a, b)",
    "piecewise((a, x < 0))": "where(x < 0, a, nan)",
    "where((x < 1) & ~(y > 2), 1, 2)": "where((x < 1) & (~(y > 2)), 1, 2)",
    "where(x < 1 | y > 2, 1, 2)": "where((x < 1) | (y > 2), 1, 2)",
    "where(x < 1 and not y > 2, 1, 2)": "where((x < 1) & (~(y > 2)), 1, 2)",
    "where(And(x < 1, y < 2, True), 1, 2)": "where((x < 1) & (y < 2), 1, 2)",
    "where(Or(x < 1, True), 1, 2)": "1",
    "where(Eq(x, 0), 1, 2)": "where(x == 0, 1, 2)",
    "where(x!=2, 1, 2)": "where(x != 2, 1, 2)",
    "where(x > -oo, 1, 2)": "where(x > -oo, 1, 2)",
    "Heaviside(x) + Heaviside(x, 1/2)": "heaviside(x) + heaviside(x)",
    "polygamma(0, x)": "digamma(x)",
    "polygamma(2, x)": "polygamma(2, x)",
    "sum(i=1..3, i*x^i)": "1*x**1 + 2*x**2 + 3*x**3",
    "prod(i=1..3, x - i)": "(x - 1)*(x - 2)*(x - 3)",
    "sum(i=1..2, sum(j=i..2, x^(i*j)))": "(x**1 + x**2) + x**4",
    "sum(i=3..2, x) + 1": "0 + 1",
    "sum(i=1..2, i) + i": "(1 + 2) + i",
    "[x, y] @ [1, 2]": "x*1 + y*2",
    "mean([x, y])": "(x + y)/2",
    "dot([x, y], [y, x])": "x*y + y*x",
    "norm([x, y])": "hypot(x, y)",
    "max([x, y, 1])": "max(x, y, 1)",
    "max(x)": "x",
    "prod([x, y])": "x*y",
    "sum([[1, 2], [3, 4]].T[0])": "1 + 3",
    "[x, y][-1]": "y",
    "[x]": "x",
    "x % 2": "mod(x, 2)",
    "sum(|[x, y]|)": "abs(x) + abs(y)",
    "x\n+\n1": "x + 1",
    "0*log(x)": "0*log(x)",
    "x + 0": "x + 0",
    "0x1.8p+1*x": "0x1.8p+1*x",
    "ﬁ + ℯ": "fi + E",
}


@pytest.mark.parametrize("text", MEANINGS)
def test_meaning(text: str) -> None:
    assert written(text) == MEANINGS[text]


CANONICAL = {
    "t^4+2t": "t**4 + 2*t",
    "x.T@A@x": "x.T @ A @ x",
    "sum(x[1:]^2)": "sum(x[1:]**2)",
    "A[ 0,1 ]+A[:,0][::-1][0]": "A[0, 1] + A[:, 0][::-1][0]",
    "sum(i=1..9, i)": "sum(i=1..9, i)",
    "sin²(x[0])": "sin(x[0])**2",
    "a-(b-c)": "a - (b - c)",
    "a/(b*c)*d": "a/(b*c)*d",
    "a*(b*c)": "a*(b*c)",
    "(a*b)*c": "(a*b)*c",
    "(-t)^2": "(-t)**2",
}


@pytest.mark.parametrize("text", CANONICAL)
def test_canonical_text_keeps_arrays_and_reads_back_as_itself(text: str) -> None:
    shapes = {"x": (2,), "A": (2, 2)}
    first = parse(text, shapes=shapes)
    assert first.canonical == CANONICAL[text]
    again = parse(first.canonical, shapes=shapes)
    assert again.graph.nodes == first.graph.nodes


def op_names(text: str) -> list[str]:
    return [node.op.name for node in parse(text).graph.nodes]


def test_chains_are_one_op_and_two_terms_are_sub() -> None:
    assert op_names("a+b-c") == ["input", "input", "input", "neg", "add"]
    assert op_names("a-b") == ["input", "input", "sub"]
    assert op_names("a*b*c") == ["input", "input", "input", "mul"]
    assert op_names("(a+b)+c") == ["input", "input", "input", "add", "add"]
    assert op_names("a*b/c*d") == ["input"] * 4 + ["mul", "div", "mul"]
    assert op_names("x^3") == ["input", "const", "powi"]
    assert op_names("x^y") == ["input", "input", "pow"]


def test_minus_an_integer_is_one_constant() -> None:
    assert [node.parameter for node in parse("-3 + x").graph.nodes][:2] == ["x", "3"]
    assert written("2*-3") == "2*-3"


CALLED = [name for name, op in ops.TABLE.items() if not op.internal and not op.is_condition and op is not ops.div]
"""All but the quotient: `div(f, x)` is the divergence."""


@pytest.mark.parametrize("name", CALLED)
def test_every_op_of_the_table_can_be_called(name: str) -> None:
    op = ops.TABLE[name]
    first = "x > 0" if name == "where" else "3" if op in POLYNOMIALS else "x0"
    operands = [f"x{i}" if i else first for i in range(len(op.operands))]
    call = f"{name}({', '.join(operands)})"
    node = parse(call).graph.nodes[-1]
    assert node.op is op
    if name not in ("hypot", "add", "mul", "min", "max", "logsumexp", "log", "heaviside", "zeta"):
        assert f"takes {len(operands)} operand" in refusal(f"{name}({', '.join([*operands, 'z'])})").message


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("root(x)", "2"), ("dot(x)", "2"), ("mean(x, x)", "1"), ("log(x, 2, 3)", "1 or 2"), ("transpose(x, x)", "1")],
)
def test_a_function_that_is_no_op_refuses_other_counts_of_operands(text: str, wanted: str) -> None:
    assert f"{text.partition('(')[0]} takes {wanted} operand" in refusal(text).message


@pytest.mark.parametrize("alias", ops.ALIASES)
def test_every_alias_is_its_op(alias: str) -> None:
    op = ops.TABLE[ops.ALIASES[alias]]
    call = f"({', '.join('3' if op in POLYNOMIALS and not i else f'x{i}' for i in range(len(op.operands)))})"
    assert parse(alias + call).graph.nodes[-1].op is op


REFUSALS = {
    "1/2x": ("1/2x", "can be read in two ways", "(1/2)*x or 1/(2*x)"),
    "x^2y": ("x^2y", "can be read in two ways", "x^2*y or x^(2*y)"),
    "√2x": ("√2x", "can be read in two ways", "√2*x or √(2*x)"),
    "√x^2": ("^", "can be read in two ways", "√(x^2)"),
    "sen(x)": ("sen", "sen is no function", "sin(x)"),
    "g(3)": ("g", "g is no function", "g*(3)"),
    "g((x+1)^2)": ("g", "g is no function", "g*((x+1)^2)"),
    "sin(30°)": ("°", "has no meaning", "x*pi/180"),
    "ﬁx[ + ℯ": ("[", "never closed", "a matching ]"),
    "sinx": ("sinx", "no known name", "sin(x)"),
    "cos2x": ("cos2x", "no known name", "cos(2x)"),
    "sin^-1(x)": ("sin", "inverse or the reciprocal", "asin(x) or 1/sin(x)"),
    "2e": ("2e", "half a number", "2*E"),
    "2 3": ("3", "between two numbers", "2*3"),
    "x*y\nx + y": ("x", "between two lines", "--each"),
    "2x\r\ny": ("y", "between two lines", "--each"),
    "x 2": ("2", "operator is missing", "x*2"),
    "3.2.2": ("3.2.2", "no number", "digits"),
    "0x1f": ("0x1f", "no number", "hexadecimal"),
    "x!!": ("!", "double factorial", "(x!)! with parentheses"),
    "1 < x < 2": ("<", "do not chain", "(1 < x) & (x < ...)"),
    "x = 2": ("=", "no meaning", "=="),
    "x && y": ("&&", "no operator", "p & q"),
    "x // y": ("//", "no operator", "floor(a/b)"),
    "x ? 1 : 2": ("x", "number stands where a condition", "x > 0"),
    "x if y else z": ("y", "number stands where a condition", "x > 0"),
    "|a|b|c|": ("b", "operator is missing", "|a|*b"),
    "(x": ("(", "never closed", ")"),
    "sin(x": ("(", "never closed", ")"),
    "[1, (2]": ("(", "never closed", ")"),
    "|x": ("|", "never closed", "|"),
    "x)": (")", "closes nothing", "remove"),
    "x +": ("+", "missing after +", "finish"),
    "*x": ("*", "missing before *", "number"),
    "": ("", "no expression", "x**2 + 1"),
    "()": ("(", "nothing in the parentheses", "(x + 1)"),
    "(1, 2)": ("(", "one expression", "[a, b]"),
    "a, b": (",", "outside of brackets", "[a, b]"),
    "[]": ("[", "at least one element", "[1, 2]"),
    "sin(x, y)": ("sin(x, y)", "takes 1 operand, not 2", "sin(x)"),
    "atan2(x)": ("atan2(x)", "takes 2 operands, not 1", "atan2(a, b)"),
    "sin()": ("sin()", "takes 1 operand, not 0", "sin(x)"),
    "a.b": (".b", "no attributes but .T", "sin(x)"),
    "[1, 2]": ("[1, 2]", "shape (2,)", "sum(...)"),
    "[[1, 2], [3]]": ("[[1, 2], [3]]", "different shapes", "[[1, 2], [3, 4]]"),
    "x > 1": ("x > 1", "condition stands where a number", "where(condition, 1, 0)"),
    "1 + (x > 1)": ("x > 1", "condition stands where a number", "where(condition, 1, 0)"),
    "where(x, 1, 2)": ("x", "number stands where a condition", "x > 0"),
    "piecewise((x, 1))": ("(x, 1)", "is its condition", "(a, x < 0)"),
    "oo + 1": ("oo", "infinity is no number", "1e300"),
    "for": ("for", "word of Python", "for_"),
    "lambda*2": ("lambda", "word of Python", "λ"),
    "__class__": ("__class__", "not a name", "letter"),
    "x[0]": ("x", "a number has no elements", "[1, 2][0]"),
    "[1, 2][2]": ("2", "outside of an array of shape (2,)", "-2 to 1"),
    "[1, 2][x]": ("x", "constant integer", "--let"),
    "[1, 2][0, 0]": ("[1, 2][0, 0]", "2 indices", "one index for each axis"),
    "[1, 2] + [1, 2, 3]": ("[1, 2] + [1, 2, 3]", "(2,) and (3,) do not fit", "equal shape"),
    "2 @ [1]": ("2", "multiplies arrays", "*"),
    "sum(i=1..x, i)": ("x", "constant integer", "--let"),
    "sum(i=1..2)": (")", "two bounds and one body", "sum(i=1..10, i^2)"),
    "sum(1, 2)": ("sum(1, 2)", "takes one array", "sum([a, b])"),
    "xⁿ": ("xⁿ", "raised letter", "x^n"),
    "x\0": ("\0", "U+0000", "remove"),
    "x + \ud800": ("\ud800", "U+D800", "remove"),
    "'x'": ("'", "no meaning", "text"),
}


@pytest.mark.parametrize("text", REFUSALS)
def test_refusal_says_what_where_and_what_to_try(text: str) -> None:
    place, message, hint = REFUSALS[text]
    error = refusal(text)
    assert error.span is not None
    assert text[error.span[0] : error.span[1]] == place
    assert message in error.message
    assert hint in (error.hint or "")


def test_a_name_with_a_shape_or_a_value_shadows_constants_and_functions() -> None:
    assert written("e*x", shapes={"e": ()}) == "e*x"
    assert list(parse("e*x", shapes={"e": ()}).variables) == ["e", "x"]
    assert written("sinx + 1", shapes={"sinx": ()}) == "sinx + 1"
    assert written("sin(sin)", shapes={"sin": ()}) == "sin(sin)"
    assert written("gamma*gamma(x)") == "gamma*gamma(x)"


def test_variables_stand_in_order_of_appearance_with_their_places() -> None:
    formula = parse("b + a*b", shapes={"a": (), "unused": (3,)}, let={})
    assert list(formula.variables) == ["b", "a"]
    assert formula.spans == {"b": (0, 1), "a": (4, 5)}


def test_nodes_keep_their_place_in_the_text() -> None:
    formula = parse("1 + log(x - 1)/x")
    places = {node.op.name: span for node, span in zip(formula.graph.nodes, formula.graph.spans, strict=True)}
    assert places["log"] == (4, 14)
    assert places["sub"] == (8, 13)
    assert places["div"] == (4, 16)


def test_inputs_of_arrays_are_named_by_index() -> None:
    formula = parse("sum(A) + sum(x)", shapes={"A": (2, 2), "x": (2,)})
    assert list(formula.graph.inputs) == ["A[0,0]", "A[0,1]", "A[1,0]", "A[1,1]", "x[0]", "x[1]"]
    assert formula.variables["A"].shape == (2, 2)


def test_let_values_are_put_in_before_exponents_are_classified() -> None:
    formula = parse("x**n + sum(i=1..n, i)", let={"n": parse_value("4/2")})
    assert "powi" in [node.op.name for node in formula.graph.nodes]
    assert list(formula.variables) == ["x"]


SLICES = list(itertools.product([None, -4, -1, 0, 1, 3, 9], [None, -2, 0, 2, 9], [None, 1, 2, -1, -3]))


def test_slices_have_numpys_meaning() -> None:
    import numpy as np

    names = np.array([[f"A[{i},{j}]" for j in range(4)] for i in range(3)])
    for start, stop, step in SLICES:
        parts = [str(part) if part is not None else "" for part in (start, stop, step)]
        expected = names[:, slice(start, stop, step)].T[::-1].ravel()
        items = parse_items(f"A[:, {':'.join(parts)}].T[::-1]", {"A": (3, 4)})
        assert items == list(expected), parts


def parse_items(text: str, shapes: dict[str, tuple[int, ...]]) -> list[str | None]:
    """The names of an array's elements, in order: an op that is not folded holds them."""
    formula = parse(f"sum({text})", shapes=shapes)
    node = formula.graph.nodes[formula.output]
    indices = node.operands if node.op is ops.add else [formula.output]
    nodes = [formula.graph.nodes[i] for i in indices]
    return [] if node.parameter == "0" else [node.parameter for node in nodes]


BROADCASTS = [
    "A + x",
    "x + A",
    "A * A.T",
    "A @ x",
    "x @ A",
    "A @ A",
    "x @ x",
    "A[0] + A[:, 0]",
    "[1, 2] * A",
    "A.T @ A - x",
]


@pytest.mark.parametrize("text", BROADCASTS)
def test_arrays_have_numpys_meaning(text: str) -> None:
    import numpy as np

    numbers = {"A": np.array([[1, 2], [3, 5]]), "x": np.array([7, 11])}
    expected = eval(text.replace("[1, 2]", "np.array([1, 2])"), {"np": np}, numbers)
    let = {name: parse_value(str(value.tolist())) for name, value in numbers.items()}
    for index in np.ndindex(expected.shape):
        subscript = f"[{', '.join(map(str, index))}]" if index else ""
        formula = parse(f"({text}){subscript}", let=let)
        assert exact(formula) == expected[index]


def exact(formula: Formula) -> int:
    """The value of a formula of integers, sums and products."""
    values: list[int] = []
    for op, operands, parameter in formula.graph.nodes:
        numbers = [values[i] for i in operands]
        if op is ops.const:
            values.append(int(parameter or ""))
        elif op is ops.mul:
            values.append(numbers[0] * numbers[1])
        else:
            values.append(numbers[0] - numbers[1] if op is ops.sub else sum(numbers))
    return values[formula.output]


def test_bindings() -> None:
    values = parse_bindings("x=2, y=[1,2], z = pi/4, A=[[1,2],[3,4]]")
    assert {name: value.shape for name, value in values.items()} == {"x": (), "y": (2,), "z": (), "A": (2, 2)}
    z = values["z"]
    assert format_node(z.graph, z.items[0]) == "pi/4"


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("x=2,x=3", "x", "x has a value already"),
        ("x=", "=", "x has no value"),
        ("x", "x", "x has no value"),
        ("=2", "=", "begins with a name"),
        ("x=2,", "", "a binding is missing"),
        ("x==2", "==", "an equals sign is missing"),
        ("x[0]=2", "[", "given as a whole"),
        ("x=2,y=1/", "/", "missing after /"),
        ("x=2,for=1", "for", "word of Python"),
        ("x=1 < 2", "1 < 2", "condition"),
        ("x=oo", "oo", "infinity"),
    ],
)
def test_a_wrong_binding_is_shown_in_the_whole_text(text: str, place: str, message: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse_bindings(text)
    error = caught.value
    assert error.text == text
    assert error.span is not None
    assert text[error.span[0] : error.span[1]] == place
    assert message in error.message
    assert error.hint


LARGE = {
    "(" * 20_000 + "x" + ")" * 20_000: "--max-depth",
    "-" * 100_000 + "x": "--max-depth",
    "^".join(["x"] * 100_000): "--max-depth",
    "|" * 10_000 + "x": "--max-depth",
    "[" * 50_000: "--max-depth",
    "x+" * 600_000 + "x": "--max-text",
    "sum(i=1..10^9, 0)": "--max-nodes",
    "sum(i=1..10^5, sum(j=1..10^5, 0))": "--max-nodes",
    "sum(" + "+".join(["[" + "1," * 9999 + "1]", "[" + "[1]," * 9999 + "[1]]"]) + ")": "--max-nodes",
}


@pytest.mark.parametrize("text", LARGE, ids=lambda text: text[:12])
def test_what_is_too_large_names_the_option_that_allows_it(text: str) -> None:
    began = time.process_time()
    with pytest.raises(LimitError) as caught:
        parse(text)
    assert LARGE[text] in (caught.value.hint or "")
    assert time.process_time() - began < HANG


def test_nesting_up_to_the_limit_is_fine() -> None:
    assert written("(" * 200 + "x" + ")" * 200) == "x"
    assert written("((x))", limits=Limits(depth=2)) == "x"
    with pytest.raises(LimitError):
        parse("((x))", limits=Limits(depth=1))


def test_the_limit_of_nodes_holds_for_variables() -> None:
    with pytest.raises(LimitError) as caught:
        parse("sum(x)", shapes={"x": (11,)}, limits=Limits(nodes=10))
    assert caught.value.span == (4, 5)


def test_a_number_of_200_000_digits_is_text() -> None:
    began = time.process_time()
    formula = parse("x + " + "0" * 10 + "7" * 200_000)
    assert formula.graph.nodes[1].parameter == "7" * 200_000
    parse("x^" + "7" * 200_000)
    assert time.process_time() - began < HANG


def test_a_long_sum_is_one_op() -> None:
    formula = parse(" + ".join(f"x{i % 7}*{i}" for i in range(20_000)))
    assert len(formula.graph.nodes[formula.output].operands) == 20_000


def test_a_long_chain_of_quotients_neither_recurses_nor_nests() -> None:
    formula = parse("/".join(["x"] * 20_000))
    assert len(formula.graph) < 4_000
    assert formula.canonical == "/".join(["x"] * 20_000)


def test_value_with_names() -> None:
    value = parse_value("2*x", names={"x": parse_value("[1, 2]")})
    assert value.shape == (2,)
    assert isinstance(value, Value)


WORDS = [
    "x", "y", "A", "e", "pi", "2", "0.5", "1e3", "sin", "sum", "piecewise", "where", "max", "T", "i", "oo", "true", "(", ")", "[",
    "]", ",", ":", "..", ".", "=", "==", "<", ">", "!", "!=", "&", "|", "~", "+", "-", "*", "/", "%", "@", "^", "**", "²", "√",
    "and", "or", "not", "if", " ", "i=1..3,", "sum(", "(x,", "x[", "x[0]", "A[0,1]", "x>0", "))", "−", "'", "\n", "\ud800", "é", "∞",
]  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=25))
def test_any_row_of_words_ends_as_a_formula_or_an_error(words: list[str]) -> None:
    check_total("".join(words))
    check_total(" ".join(words))


@pytest.mark.parametrize("text", ["d^", "x*d**", "∂^", "d^2/dx^", "d/", "∂²/∂x∂"])
def test_a_derivative_that_breaks_off_ends_as_an_error(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse(text)


@pytest.mark.parametrize("text", ["[x y]", "[x -1]", "[2 x]", "[sin x cos y]", "[x y z]", "[x y + 1]"])
def test_a_blank_in_brackets_is_a_comma_elsewhere_and_refused(text: str) -> None:
    with pytest.raises(ExpressionError, match="two ways"):
        parse(f"sum({text})")


@pytest.mark.parametrize(
    ("text", "canonical"),
    [("πr²", "pi*r**2"), ("sin(2πx)", "sin(2*pi*x)"), ("2πr", "2*pi*r"), ("x₁x₂", "x1*x2"), ("xπ", "x*pi")],
)
def test_factors_of_one_letter_beside_pi_or_with_indices_need_no_point(text: str, canonical: str) -> None:
    assert parse(text).canonical == canonical


@pytest.mark.parametrize("text", ["[x - 1]", "[x-1]", "[2x]", "[x*y]", "[x y, 2]", "[(x+1)(y+1)]"])
def test_other_elements_of_arrays_are_read(text: str) -> None:
    parse(f"sum({text})")


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=40))
def test_any_text_ends_as_a_formula_or_an_error(text: str) -> None:
    check_total(text)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(sorted([*MEANINGS, *CANONICAL])),
    st.integers(0, 60),
    st.integers(0, 3),
    st.sampled_from([*WORDS, ""]),
)
def test_any_mutation_ends_as_a_formula_or_an_error(text: str, place: int, removed: int, added: str) -> None:
    check_total(text[:place] + added + text[place + removed :])


def check_total(text: str) -> None:
    """Parse in every way; only errors of gradcalc may come out, and those point into the text."""
    for read in (
        lambda: parse(text, shapes={"x": (3,), "A": (2, 2)}),
        lambda: parse(text),
        lambda: parse_bindings(text),
    ):
        try:
            result = read()
        except GradcalcError as error:
            assert error.text == text
            assert error.span is not None
            assert 0 <= error.span[0] <= error.span[1] <= len(text) + 1
            assert str(error)
            assert error.hint
            continue
        if isinstance(result, Formula):
            again = parse(result.canonical, shapes={name: value.shape for name, value in result.variables.items()})
            assert again.graph.nodes == result.graph.nodes


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("x–1", "- for minus"),
        ("Sin[x]", "sin(x), with round parentheses"),
        ("tg(x)", "tan(x)"),
        ("d(x^2)/dx", "diff(x^2, x)"),
        ("exp^x", "exp(x)"),
        ("∑x", "sum(i=1..n, ...)"),
    ],
)
def test_spellings_of_other_books_are_told_what_to_write(text: str, hint: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert caught.value.hint == hint


def test_every_meant_function_is_one() -> None:
    assert set(_OURS.values()) <= set(FUNCTIONS.values())


def bound(text: str) -> dict[str, Value]:
    return read_values(text, Limits())


@pytest.mark.parametrize(
    ("text", "let", "same"),
    [
        ("g*x", "g=x^2+y", "(x^2+y)*x"),
        ("g^2", "g=x+1", "(x+1)^2"),
        ("2g", "g=x+1", "2*(x+1)"),
        ("-g", "g=x-1", "-(x-1)"),
        ("diff(g, x)", "g=x^3*y", "diff(x^3*y, x)"),
        ("diff(g, x)", "g=diff(h,x),h=x^4", "diff(diff(x^4, x), x)"),
        ("a + b", "a=2*b,b=3*x", "2*(3*x) + 3*x"),
        ("x^n", "n=2*m,m=1", "x^2"),
        ("pi*e", "pi=x,e=y+1", "x*(y+1)"),
        ("sum(i=1..2, i*g)", "g=x+1", "1*(x+1) + 2*(x+1)"),
        ("where(g > 0, g, 0)", "g=x-y", "where(x-y > 0, x-y, 0)"),
    ],
)
def test_a_name_bound_to_a_formula_stands_for_it(text: str, let: str, same: str) -> None:
    formula, other = parse(text, let=bound(let)), parse(same)
    assert set(formula.variables) == set(other.variables)
    for point in ({"x": 1.25, "y": -0.5}, {"x": -2.0, "y": 3.0}):
        assert value_at(formula, point) == value_at(other, point)


def value_at(formula: Formula, point: dict[str, float]) -> float:
    inputs = {index: point[name] for name, index in formula.graph.inputs.items() if name in point}
    return float(Floats().evaluate(formula.graph, inputs, [formula.output])[formula.output])


def test_a_formula_of_arrays_takes_the_shapes_where_it_is_used() -> None:
    formula = parse("sum(g) + g[0]", shapes={"x": (2,)}, let=bound("g=A@x,A=[[1,2],[3,4]]"))
    assert list(formula.variables) == ["x"] and formula.variables["x"].shape == (2,)
    assert value_at(formula, {"x[0]": 1.0, "x[1]": 10.0}) == 85.0


def test_the_variables_of_formulas_are_in_the_order_in_which_they_appear() -> None:
    formula = parse("z + g + y", let=bound("g=x*h,h=y+w"))
    assert list(formula.variables) == ["z", "x", "y", "w"]
    assert formula.spans["w"] == formula.spans["g"] == formula.spans["h"] == (4, 5)


def test_a_chain_of_formulas_needs_no_recursion() -> None:
    chain = ",".join(f"g{i}=g{i + 1}+1" for i in range(3_000))
    formula = parse("g0", let=bound(f"{chain},g3000=x"))
    assert value_at(formula, {"x": 1.0}) == 3_001.0


@pytest.mark.parametrize(
    ("text", "let", "words", "place"),
    [
        ("g", "g=g+1", "g needs g", "g=g+1\n    ^"),
        ("1+g", "g=2*h,h=k-1,k=g^2", "g needs h needs k needs g", "k=g^2\n                ^"),
        ("g*2", "g=2*log(x", "never closed", "g=2*log(x\n         ^"),
        ("g*2", "h=1,g=2*+*x", "", "h=1,g=2*+*x\n           ^"),
        ("g*2", "g=x*[1,2]@y", "@ multiplies", "g=x*[1,2]@y"),
        ("sum(i=1..3, g)", "g=i*x", "g holds a variable i", "sum(i=1..3, g)\n              ^"),
        ("1 + g(x)", "g=x^2", "not called", "1 + g(x)\n      ^"),
        ("h", "h=g (x+1),g=x^2", "not called", "h=g (x+1),g=x^2\n    ^"),
        ("g", "g=1,g=x", "g has a value already", "g=1,g=x\n      ^"),
    ],
)
def test_errors_of_formulas_are_shown_in_their_own_text(text: str, let: str, words: str, place: str) -> None:
    with pytest.raises(GradcalcError) as caught:
        parse(text, let=bound(let))
    assert words in caught.value.message and place in str(caught.value)


@pytest.mark.parametrize("degree", ["n", "2.5", "-1", "1/2"])
def test_the_degree_of_a_polynomial_is_a_whole_number(degree: str) -> None:
    assert "the degree" in refusal(f"legendre({degree}, x)").message
    assert parse("legendre(n, x)", let={"n": parse_value("2")}).graph.nodes[-1].op is ops.legendre


def test_zeta_of_two_operands_is_hurwitz() -> None:
    assert parse("zeta(3, x)").graph.nodes[-1].op is ops.hurwitz
    assert "zeta takes 1 or 2 operands" in refusal("zeta(1, 2, x)").message
