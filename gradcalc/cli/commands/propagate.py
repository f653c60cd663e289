"""`gradcalc propagate`: the uncertainty of a result from that of its inputs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gradcalc.cli import options as o
from gradcalc.cli.answers import answered
from gradcalc.errors import UsageError
from gradcalc.settings import DIGITS, Limits, Reading, UncertaintySettings, option, required

if TYPE_CHECKING:
    from gradcalc.language.measured import Measurement
    from gradcalc.show.answer import Answer


@dataclass(frozen=True)
class Question:
    """A formula, and its inputs with their uncertainty, which are read here."""

    expression: str = required(o.EXPRESSION)
    values: tuple[str, ...] = option(
        (), "--at VALUES", "Values with standard uncertainties: V=4.999±0.0032 (or +-), V=4.9990(32), V=5±2%, c=3; "
        "x=uniform(0,1), normal(m,u), triangular(a,b), trapezoid(a,b,beta), ctrap(a,b,d), arcsine(a,b), t(x,s,nu), "
        "exponential(m), gamma(k,s). @FILE has a value a line.",
    )  # fmt: skip
    cov: str | None = option(
        None, "--cov FILE", "Covariances: CSV headed by the names, with or without a first column of names."
    )
    corr: tuple[str, ...] = option((), "--corr PAIR", "A correlation: V,I=-0.36; may repeat.")
    df: tuple[str, ...] = option((), "--df NAMES", "Degrees of freedom: V=4,I=9, for the coverage factor.")
    let: tuple[str, ...] = option((), o.LET)

    at: Sequence[str] = ()
    each: bool = False


def propagate(question: Question, settings: UncertaintySettings, show: o.Show, how: Reading, limits: Limits) -> int:
    """The uncertainty of a result: linear, to second order and by samples, who causes it, and whether linear holds.

    \b
    gradcalc propagate "V/I" --at "V=4.999±0.0032,I=0.01966(1)" --corr V,I=-0.36
    gradcalc propagate "x^2" --at "x=0±1"
    gradcalc propagate "m/(a*b)" --at "m=42±2%,a=uniform(2.9,3.1),b=2.00+-0.02"
    gradcalc propagate "[x*y, x/y]" --at "x=5±0.1,y=2±1%" --json
    """
    from gradcalc.truth.uncertainty.propagate import propagated

    def ask(asked: o.Asked) -> "Answer":
        made = propagated(
            asked.expression, _inputs(question.values, limits), cov=question.cov, corr=question.corr,
            freedom=_degrees(question.df, limits), let=asked.let, settings=settings, digits=show.digits or DIGITS,
            limits=asked.limits,
        )  # fmt: skip
        return replace(made, digits=show.digits)

    return answered(question, show, how, limits, ask, array=True)


def _inputs(texts: Sequence[str], limits: Limits) -> "dict[str, Measurement]":
    """The inputs of all `--at`, which are one point; `@FILE` has a value a line, behind its name."""
    from gradcalc.language.measured import read_measurements

    found: dict[str, Measurement] = {}
    for text in texts:
        lines = [text]
        if text.startswith("@"):
            body = o.read_expression(text, o.read_limits(text, limits))
            lines = [line for line in body.splitlines() if line.strip() and not line.lstrip().startswith("#")]
        for line in lines:
            for name, measurement in read_measurements(line, limits).items():
                if name in found:
                    raise UsageError(f"--at gives {name or 'a value without a name'} twice", hint="each name one value")
                found[name] = measurement
    return found


def _degrees(texts: Sequence[str], limits: Limits) -> dict[str, float]:
    """The degrees of freedom of all `--df`."""
    from gradcalc.arithmetic.floats import Floats
    from gradcalc.language.points import nested, read_values

    found: dict[str, float] = {}
    for text in texts:
        for name, value in read_values(text, limits).items():
            if name in found:
                raise UsageError(f"--df gives {name} twice")
            found[name] = nested(value, Floats())
    return found
