"""What the live line says of a line that is being typed: value, gradient and digits; or where it is wrong.

It never waits: what is not known in time is left out.
"""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NamedTuple

from gradcalc.cli import imports
from gradcalc.cli.commands import COMMANDS, function_of
from gradcalc.cli.parameters import parameters
from gradcalc.cli.repl import lines
from gradcalc.cli.repl.names import Needed
from gradcalc.cli.repl.session import WORDS, Session
from gradcalc.errors import GradcalcError, columns, visible
from gradcalc.language.format import format_node
from gradcalc.settings import Options
from gradcalc.show import page as pages
from gradcalc.truth.calculator import report
from gradcalc.truth.quantity import derivative_name

SECONDS = 0.02
"""How long it may take, of the processor's time."""
_LONGEST = 4_000
"""Characters of a line that is looked at."""
_SHOWN = 4
"""Derivatives that are shown."""
_FORMULA = 60
"""Characters of a derivative as a formula."""


class Preview(NamedTuple):
    """A line of text; `column` is where in the typed line a caret stands before it, in characters."""

    text: str = ""
    column: int | None = None

    def fitted(self, typed: str, before: int, width: int) -> str:
        """The line for a terminal, the caret below what it is about, where there is room for that.

        Args:
            before: columns of the prompt.
        """
        if self.column is None:
            return _cut(self.text, width)
        place = before + columns(visible(typed[: self.column]))
        if place + 2 + columns(self.text) < width:
            return f"{' ' * place}^ {self.text}"
        if place < width and columns(self.text) < place:
            return f"{self.text:>{place - 1}} ^"
        return _cut(f"{self.text}, at character {self.column + 1}", width)


LATE = Preview("…")
"""What is said where time is up."""


def preview(session: Session, line: str) -> Preview:
    """What is known of a line."""
    text = line.rstrip()
    if not text.strip() or text.lstrip().startswith("#") or len(text) > _LONGEST or "\n" in text:
        return Preview()
    try:
        return _look(session, text)
    except GradcalcError as error:
        column = error.span[0] if error.span is not None and error.text in (text, text.strip()) else None
        if column is not None and error.text != text:
            column += len(text) - len(text.lstrip())
        return Preview(visible(error.message), column)


def _look(session: Session, text: str) -> Preview:
    first = text.split(maxsplit=1)[0]
    if first.startswith(":"):
        word = WORDS.get(first[1:])
        return Preview(f":{first[1:]} {word.takes}   {word.what}" if word else "")
    what = lines.defined(text)
    if what is not None and len(lines.pieces(text)) == 1:
        return _formula(session, text, text[what.start :].strip())
    if what is not None:
        return Preview()
    if first in COMMANDS:
        rest = text[text.index(first) + len(first) :]
        others = lines.words(rest, parameters(function_of(first))).others
        return _formula(session, text, others[0]) if others else Preview(COMMANDS[first])
    others = lines.words(text, parameters(function_of("grad"))).others
    return _formula(session, text, others[0]) if others else Preview()


def _formula(session: Session, line: str, part: str) -> Preview:
    """What a formula in a line is."""
    if not part or part.startswith("@"):
        return Preview()
    try:
        return Preview("  " + _told(session, session.names.needed(part)))
    except GradcalcError as error:
        start = line.find(part)
        if error.text == part and error.span and start >= 0:
            error.text, error.span = line, (error.span[0] + start, error.span[1] + start)
        raise


def _told(session: Session, needed: Needed) -> str:
    """Value, digits and derivatives; or the derivatives as formulas, where values are missing."""
    formula = needed.formula
    if formula.shape:
        return f"an array of shape {formula.shape}"
    if needed.missing:
        asked = formula.differentiated((), 0)
        names = [name for name, value in asked.variables.items() if not value.shape][:_SHOWN]
        from gradcalc.graph import derive

        inputs = [formula.graph.input(name) for name in names]
        found = derive.gradient(formula.graph, formula.output, inputs)
        texts = [format_node(formula.graph, node, limit=_FORMULA) for node in found]
        return "   ".join(f"{derivative_name(n)} = {text}" for n, text in zip(names, texts, strict=True))
    at = [{name: session.names.value_of(name) for name in needed.at}] if needed.at else []
    made = report(formula, at, options=Options(symbolic=False, limits=session.limits))
    value = made.points[0].value
    if value.verdict == "undefined":
        return f"undefined: {made.points[0].notes[0].message}" if made.points[0].notes else "undefined"
    proof = value.certified
    digits = f"   {proof.digits} digits right" if proof else ""
    pairs = list(zip(map(derivative_name, made.flat_variables), made.points[0].gradient, strict=True))
    slopes = [f"{name} = {each.value:.6g}{_verdict(each.verdict)}" for name, each in pairs[:_SHOWN]]
    more = [f"{len(pairs) - _SHOWN} more"] if len(pairs) > _SHOWN else []
    return "   ".join([f"= {pages.number_text(value.value)}{digits}", *slopes, *more])


def _verdict(verdict: str) -> str:
    return "" if verdict in ("agrees", "unverified") else f" ({verdict})"


def _cut(text: str, width: int) -> str:
    while columns(text) >= max(width, 2):
        text = text[: -max(2, columns(text) - width)] + "…"
    return text


# -- in time -----------------------------------------------------------------------------------------------------------


class Late(BaseException):
    """Time is up; no error that anyone else may catch."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """End the block by `Late` after some time; where the system has no such timer it takes the time it takes."""
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return
    ends = [False]

    def ring(number: int, frame: FrameType | None) -> None:
        if ends[0]:
            return
        if imports(frame):
            signal.setitimer(signal.ITIMER_PROF, 0.005)
            return
        raise Late

    before = signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        ends[0] = True
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def in_time(session: Session, line: str, look: Callable[[Session, str], Preview] = preview) -> Preview:
    """What is known of a line in time; nothing of one that breaks gradcalc, as its answer will tell."""
    with suppress(Late, Exception), within(SECONDS):
        return look(session, line)
    return LATE
