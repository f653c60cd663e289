"""The prompt of prompt_toolkit, whose only importer this is: history, completion, and a live line below the input."""

import asyncio
import threading
from collections.abc import Iterable, Iterator

from prompt_toolkit import PromptSession
from prompt_toolkit.application import get_app
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.filters import is_done, to_filter
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.history import History
from prompt_toolkit.layout import ConditionalContainer, FormattedTextControl, Window
from prompt_toolkit.output import create_output
from prompt_toolkit.styles import Style

from gradcalc.cli.repl import history
from gradcalc.cli.repl.session import Session

_QUIET = 0.03
"""Seconds without a key before the live line is made."""
_TRIES = 4
"""How often it is tried again where it took too long."""
_STYLE = Style.from_dict({"prompt": "fg:ansigreen", "live": "fg:ansibrightblack", "wrong": "fg:ansired"})


def asked(session: Session, begin: str, live: bool) -> Iterator[str]:
    """Lines as they are typed behind the text that begins each; Ctrl-C begins a new one, Ctrl-D ends."""
    line = _Live(session, len(begin)) if live else None
    output = create_output()
    if hasattr(output, "enable_cpr"):
        output.enable_cpr = False  # nothing here needs to know where the cursor is, and not every terminal tells
    prompt: PromptSession[str] = PromptSession(
        [("class:prompt", begin)],
        output=output,
        history=_Lines(),
        completer=_Words(session),
        complete_while_typing=False,
        enable_history_search=True,
        style=_STYLE,
        include_default_pygments_style=False,
        reserve_space_for_menu=6,
    )
    if line:
        prompt.default_buffer.on_text_changed += line.changed
        prompt.layout.current_window.dont_extend_height = to_filter(True)
        below = Window(FormattedTextControl(line.shown), height=1, dont_extend_height=True)
        prompt.layout.container.get_children().append(ConditionalContainer(below, ~is_done))
    warm = threading.Thread(target=_warm, args=(session, line), daemon=True)
    while True:
        try:
            yield prompt.prompt(pre_run=lambda: _begin(warm))
        except KeyboardInterrupt:
            continue
        except EOFError:
            return


def _begin(warm: threading.Thread) -> None:
    """Once the first prompt stands, what answers need is imported beside it."""
    if warm.ident is None:
        get_app().loop.call_later(0.05, warm.start)  # type: ignore[union-attr]


def _warm(session: Session, line: "_Live | None") -> None:
    """Import what answers a formula, and start SymPy in its process."""
    from gradcalc.cli.repl.completion import warm
    from gradcalc.cli.repl.preview import preview
    from gradcalc.truth.second_opinion import get_worker

    preview(Session(), "subs(x^2*sin(y), x, 1, y, 2)")
    if line:
        line.ready = True
    get_worker().start()
    import gradcalc.show.terminal  # noqa: F401

    warm()


class _Live:
    """The line below the input."""

    def __init__(self, session: Session, before: int) -> None:
        self.session, self.before = session, before
        self.ready = False
        self.text = ""
        self.wrong = False
        self.tries = 0
        self._waiting: asyncio.TimerHandle | None = None

    def changed(self, buffer: Buffer) -> None:
        """A key: what is shown is of the past; after some quiet it is made anew."""
        self.tries = 0
        self._later(_QUIET, buffer)

    def _later(self, seconds: float, buffer: Buffer) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
        self._waiting = asyncio.get_running_loop().call_later(seconds, self._look, buffer)

    def _look(self, buffer: Buffer) -> None:
        self._waiting = None
        if not self.ready:
            self._later(0.1, buffer)
            return
        from gradcalc.cli.repl.preview import LATE, Preview, in_time

        typed = buffer.text
        seen = in_time(self.session, typed) if typed.strip() else Preview()
        if seen == LATE and self.tries < _TRIES:  # the first of a kind takes longer
            self.tries += 1
            self._later(_QUIET * 2**self.tries, buffer)
        app = get_app()
        self.wrong = seen.column is not None
        self.text = seen.fitted(typed, self.before, app.output.get_size().columns)
        app.invalidate()

    def shown(self) -> StyleAndTextTuples:
        """The line as prompt_toolkit draws it."""
        return [("class:wrong" if self.wrong else "class:live", self.text if get_app().current_buffer.text else "")]


class _Words(Completer):
    """Completion, with the signature and the derivative beside a function."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        from gradcalc.cli.repl.completion import completions

        for each in completions(self.session, document.text_before_cursor):
            yield Completion(each.text, -each.length, display=each.shown, display_meta=each.meta)


class _Lines(History):
    """The lines of former sessions."""

    def load_history_strings(self) -> Iterable[str]:
        return reversed(history.read())

    def store_string(self, string: str) -> None:
        history.append(string)
