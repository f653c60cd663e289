"""`gradcalc grad`: value and gradient of a formula at points."""

from typing import Annotated

import typer

from gradcalc.cli import options as o


def grad(
    expression: o.Expression,
    at: o.At = None,
    let: o.Let = None,
    wrt: o.Wrt = None,
    numeric: Annotated[bool, typer.Option("--numeric", help="Add central differences with an error estimate.")] = False,
    show: o.Show = o.Format.table,
    json: o.Json = False,
    digits: o.Digits = None,
    symbolic: o.Symbolic = True,
    symbolic_timeout: o.SymbolicTimeout = o.SYMBOLIC_SECONDS,
    certify: o.Certify = True,
    certify_timeout: o.CertifyTimeout = o.CERTIFY_SECONDS,
    quiet: o.Quiet = False,
    max_text: o.MaxText = None,
    max_depth: o.MaxDepth = o.DEFAULTS.depth,
    max_nodes: o.MaxNodes = o.DEFAULTS.nodes,
) -> int:
    """Value and gradient of a formula, beside SymPy's, with the digits that are right.

    \b
    gradcalc grad "x**4 + y**2 + 1" --at x=2,y=3
    gradcalc grad "(1 - cos(x))/x**2" --at x=1e-8
    gradcalc grad "-x**2*sin(y)" --at x=1,y=pi/4 --at x=2,y=pi/3 --wrt y
    gradcalc grad "x.T @ x" --at "x=[[0],[1],[2],[3]]"
    gradcalc grad "exp(-x)" --at x=800 --json
    """
    return o.answer(
        expression, order=1, at=at, let=let, wrt=wrt, show=show, json=json, symbolic=symbolic,
        symbolic_timeout=symbolic_timeout, certify=certify, certify_timeout=certify_timeout, digits=digits,
        quiet=quiet, max_text=max_text, max_depth=max_depth, max_nodes=max_nodes, numeric=numeric,
    )  # fmt: skip
