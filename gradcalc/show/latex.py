"""A finished report in LaTeX, and as the HTML a notebook shows with formulas typeset. Imports nothing."""

import html
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradcalc.truth.report import Note, PointReport, Quantity, Report


def report_latex(report: "Report") -> str:
    """The report as LaTeX: an `align*` for each point, the Hessian as a matrix."""
    return "\n".join(_point_latex(report, point) for point in report.points)


def _point_latex(report: "Report", point: "PointReport") -> str:
    at = ", ".join(f"{_name(name)} = {_value(value)}" for name, value in point.at.items())
    lines = [rf"f &= {_formula(report)}", rf"f\big|_{{{at}}} &= {_value(point.value.value)}"]
    for name, entry in zip(report.flat_variables, point.gradient, strict=True):
        formula = f"{entry.symbolic.latex} = " if entry.symbolic and entry.symbolic.latex else ""
        lines.append(rf"\frac{{\partial f}}{{\partial {_name(name)}}} &= {formula}{_value(entry.value)}")
    if point.curvature:
        rows = point.curvature.matrix(lambda entry: _value(entry.value))
        body = r" \\ ".join(" & ".join(row) for row in rows)
        lines.append(rf"\nabla^2 f &= \begin{{bmatrix}} {body} \end{{bmatrix}}")
    return "\\begin{align*}\n" + " \\\\\n".join(lines) + "\n\\end{align*}"


def _value(value: object) -> str:
    """A number in LaTeX, with a power of ten where it has an exponent; nested lists in brackets."""
    if isinstance(value, list):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    text = str(value)
    special = {"nan": r"\text{undefined}", "inf": r"\infty", "-inf": r"-\infty"}
    if text in special:
        return special[text]
    mantissa, _, exponent = text.removesuffix(".0").partition("e")
    return rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if exponent else mantissa


_GREEK = re.compile(
    "alpha|beta|gamma|delta|epsilon|zeta|eta|theta|iota|kappa|lambda|mu|nu|xi|pi|rho|sigma|tau|upsilon|phi|chi|psi|"
    "omega|Gamma|Delta|Theta|Lambda|Xi|Pi|Sigma|Upsilon|Phi|Psi|Omega"
)


def _name(name: str) -> str:
    """A variable in LaTeX: Greek letters, subscripts for `x[0]` and `x_1`."""
    base, _, index = name.partition("[")
    stem, _, subscript = base.partition("_")
    letters = rf"\{stem}" if _GREEK.fullmatch(stem) else stem if len(stem) == 1 else rf"\mathit{{{stem}}}"
    below = ",".join(part for part in (subscript.replace("_", r"\_"), index.removesuffix("]")) if part)
    return f"{letters}_{{{below}}}" if below else letters


def _formula(report: "Report") -> str:
    """The formula itself: SymPy's typesetting where there is one, else as text."""
    if report.latex:
        return report.latex
    escaped = report.expression.replace("\\", r"\backslash ")
    for character in "_^{}&%#$":
        escaped = escaped.replace(character, "\\" + character) if character not in "{}" else escaped
    return rf"\texttt{{{escaped}}}"


def report_html(report: "Report") -> str:
    """The report as an HTML table, formulas typeset by the notebook's MathJax."""
    return "".join(_point_html(report, point) for point in report.points)


def _point_html(report: "Report", point: "PointReport") -> str:
    at = ", ".join(f"{name} = {value}" for name, value in point.at.items())
    head = f"<p>\\(f = {html.escape(_formula(report))}\\) at {html.escape(at)}: <b>{_cell(point.value)}</b></p>"
    rows = "".join(_row(name, entry) for name, entry in zip(report.flat_variables, point.gradient, strict=True))
    columns = "".join(f"<th>{title}</th>" for title in ("", "derivative", "SymPy", "digits", "verdict"))
    notes = "".join(f"<li>{html.escape(_note_text(note))}</li>" for note in point.notes)
    return (
        f"{head}<table><tr>{columns}</tr>{rows}</table>"
        + (f"<ul>{notes}</ul>" if notes else "")
        + "".join(_matrix(report.flat_variables, point))
    )


def _note_text(note: "Note") -> str:
    about = f" ({note.variable})" if note.variable else ""
    return f"{note.kind}{about}: {note.message}"


def _row(name: str, entry: "Quantity") -> str:
    formula = f"\\({html.escape(entry.symbolic.latex)}\\)" if entry.symbolic else ""
    digits = entry.certified.digits if entry.certified else ""
    cells = (html.escape(name), _cell(entry), formula, digits, entry.verdict)
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _cell(entry: "Quantity") -> str:
    return str(entry.value)


def _matrix(names: Sequence[str], point: "PointReport") -> Iterator[str]:
    """The Hessian with what it says."""
    if point.curvature is None:
        return
    rows = point.curvature.matrix(_cell)
    titles = [f"<th>{html.escape(name)}</th>" for name in names]
    body = "<tr><th></th>" + "".join(titles) + "</tr>"
    for title, row in zip(titles, rows, strict=True):
        body += f"<tr>{title}" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>"
    words = ", ".join(filter(None, (point.curvature.definiteness, point.curvature.critical_point)))
    yield f"<table>{body}</table>" + (f"<p>{words}</p>" if words else "")
