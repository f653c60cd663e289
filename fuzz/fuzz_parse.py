"""Coverage-guided fuzzing of the parser with atheris: `python fuzz/fuzz_parse.py -max_total_time=300 corpus/`.

Whatever the bytes, parsing ends as a formula or as an error of gradcalc that points into the text, and what it accepts
is written canonically as text that reads back as the same graph.
"""

import sys

import atheris

with atheris.instrument_imports(include=["gradcalc"]):
    from gradcalc.errors import GradcalcError
    from gradcalc.language.format import format_node
    from gradcalc.language.parse import Formula, Limits, parse, parse_bindings

LIMITS = Limits(text=4000, depth=50, nodes=20_000)
SHAPES = {"x": (3,), "A": (2, 2), "y": ()}
WORDS = [
    "x", "y", "A", "e", "pi", "2", "0.5", "1e3", "sin(", "sum(", "piecewise(", "where(", "max(", ".T", "i", "oo", "true", "(", ")",
    "[", "]", ",", ":", "..", ".", "=", "==", "<", ">", "!", "!=", "&", "|", "~", "+", "-", "*", "/", "%", "@", "^", "**", "²", "√",
    "and", "or", "not", "if", "i=1..3,", "(x,", "x[", "x[0]", "A[0,1]", "x>0", "))", "−", "'", "é", "∞", "log(", "root(",
    "polygamma(", "heaviside(", "mean(", "dot(", "norm(", "2x", "sin^2(", "-x",
]  # fmt: skip


def text_of(data: bytes) -> str:
    """Half of all inputs are taken as text, the others as numbers of words."""
    if data[:1] < b"\x80":
        return data[1:].decode("utf-8", "surrogateescape")
    return "".join(WORDS[byte % len(WORDS)] for byte in data[1:])


def test_one_input(data: bytes) -> None:
    """One run of the fuzzer."""
    text = text_of(data)
    try:
        parse_bindings(text, LIMITS)
    except GradcalcError as error:
        str(error)
    try:
        formula = parse(text, shapes=SHAPES, limits=LIMITS)
    except GradcalcError as error:
        str(error)
        if len(text) <= LIMITS.text:
            assert error.text == text and error.span is not None and error.hint, text
            assert 0 <= error.span[0] <= error.span[1] <= len(text) + 1, text
        return
    check_canonical(formula)


def check_canonical(formula: Formula) -> None:
    """The canonical text is the same formula."""
    shapes = {name: value.shape for name, value in formula.variables.items()}
    again = parse(formula.canonical, shapes=shapes)
    assert again.graph.nodes == formula.graph.nodes, formula.text
    assert format_node(again.graph, again.output) == format_node(formula.graph, formula.output), formula.text


if __name__ == "__main__":
    atheris.Setup(sys.argv, test_one_input)
    atheris.Fuzz()
