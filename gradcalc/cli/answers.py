"""From the question of a command to its answer, shown: for one formula, or with --each for all lines of a file."""

import sys
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gradcalc.cli import options as o
from gradcalc.cli.write import Format, write
from gradcalc.errors import visible
from gradcalc.settings import DIGITS, Limits, Options, Reading

if TYPE_CHECKING:
    from gradcalc.show.answer import Answer


def answer(
    question: o.Questions,
    options: Options,
    show: o.Show,
    how: Reading,
    limits: Limits,
    seen: tuple[str | None, bool] = (None, False),
) -> int:
    """The report that `grad` or `hessian` asks for, shown; the exit code.

    Args:
        seen: the direction and whether the tangent is asked for.
    """
    from gradcalc.truth.calculator import Seen, report

    latex = show.shape is Format.latex

    def ask(asked: o.Asked) -> "Answer":
        wanted = replace(options, digits=show.digits or DIGITS, latex=latex, limits=asked.limits)
        at, let = asked.at, asked.let
        told = o.waiting(show.quiet)
        made = report(asked.expression, at, wrt=asked.wrt, let=let, options=wanted, waiting=told, seen=Seen(*seen))
        return replace(made, digits=show.digits)

    return answered(question, show, how, limits, ask)


def answered(
    question: Any,
    show: o.Show,
    how: Reading,
    limits: Limits,
    ask: "Callable[[o.Asked], Answer]",
    array: bool = False,
) -> int:
    """The answer to a question, or with --each those of all its lines, shown; the exit code.

    Args:
        question: what has the fields of `Questions`, perhaps without `wrt`.
        ask: answers one formula.
        array: whether arrays of formulas are answered too.
    """
    limits, shape = o.read_limits(question.expression, limits), show.shape
    if shape is Format.table:
        import gradcalc.show.terminal  # noqa: F401 - while SymPy loads in its own process
    wrt = getattr(question, "wrt", None)
    if question.each:
        from gradcalc.cli.each import answer_each, read_lines, sink_for

        lines = read_lines(question.expression, limits.text)
        let = o.read_bindings(question.let, limits)
        common = o.Asked("", "", o.read_all_points(question.at, limits, how), let, wrt, limits, array)
        return answer_each(common, lines, ask, sink_for(shape, show.csv_long, show.quiet))
    text = o.read_expression(question.expression, limits)
    at = o.read_all_points(question.at, limits, how)
    made = ask(o.Asked(text, text, at, o.read_bindings(question.let, limits), wrt, limits, array))
    write(made, shape, long=show.csv_long)
    if made.aside and not show.quiet:
        print(visible(made.aside), file=sys.stderr)
    return made.exit_code
