"""`gradcalc hessian`: second derivatives of a formula at points."""

from gradcalc.cli import options as o


def hessian(
    expression: o.Expression,
    at: o.At = None,
    let: o.Let = None,
    wrt: o.Wrt = None,
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
    """Hessian of a formula beside SymPy's, its eigenvalues, and what kind of point it is.

    \b
    gradcalc hessian "x**4 + y**2 + 1" --at x=2,y=3
    gradcalc hessian "x**2 - y**2" --at x=0,y=0
    gradcalc hessian "100*(y - x^2)^2 + (1 - x)^2" --at x=1,y=1 --json
    """
    return o.answer(
        expression, order=2, at=at, let=let, wrt=wrt, show=show, json=json, symbolic=symbolic,
        symbolic_timeout=symbolic_timeout, certify=certify, certify_timeout=certify_timeout, digits=digits,
        quiet=quiet, max_text=max_text, max_depth=max_depth, max_nodes=max_nodes,
    )  # fmt: skip
