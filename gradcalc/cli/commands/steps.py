"""`gradcalc steps`: the derivation of a derivative, rule by rule."""

from dataclasses import dataclass, replace

from gradcalc.cli import options as o
from gradcalc.cli.write import Format, write
from gradcalc.settings import SHOW, Limits, option, required


@dataclass(frozen=True)
class Question:
    """A formula, and what it is derived for."""

    expression: str = required(o.EXPRESSION)
    wrt: str | None = option(None, "--wrt VARIABLE", "What it is derived for: x, or x:2 for the second derivative.")
    let: tuple[str, ...] = option((), o.LET)


@dataclass(frozen=True)
class Show:
    """How the steps are shown."""

    every: bool = option(False, "--all", "Also the steps that go without saying.", SHOW)
    brief: bool = option(False, "--brief", "Without the rules in general.", SHOW)
    format: Format | None = option(None, o.FORMAT)
    json: bool = option(False, o.JSON)
    quiet: bool = option(False, o.QUIET)


def steps(question: Question, show: Show, limits: Limits) -> int:
    """The derivation in the words of a textbook; its result is compared with the tape's derivative.

    \b
    gradcalc steps "x^2*sin(x)"
    gradcalc steps "x^y" --wrt x:2
    """
    from gradcalc.truth.questions.steps import derivation

    limits = o.read_limits(question.expression, limits)
    shape = o.shape_of(show.format, show.json)
    expression = o.read_expression(question.expression, limits)
    made = derivation(expression, question.wrt, o.read_bindings(question.let, limits), limits, show.every)
    write(replace(made, brief=show.brief), shape)
    return made.exit_code
