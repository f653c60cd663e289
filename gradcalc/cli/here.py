"""What this terminal can show of a picture: its size, its colours, its characters. Imports show."""

import os
import sys
from shutil import get_terminal_size

from gradcalc.show.picture import Picture
from gradcalc.show.plot import text


def text_here(picture: Picture) -> str:
    """A picture as the terminal that this goes to can show it: its size, its colours, its characters."""
    size = get_terminal_size()
    coloured = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    height = max(16, min(40, size.lines - 6)) if sys.stdout.isatty() else 30
    return text(picture, max(30, min(100, size.columns)), height, coloured, _is_ascii())


def _is_ascii() -> bool:
    """Whether the locale has no more than ASCII: Python itself writes UTF-8 where it is plain `C`."""
    named = next(filter(None, map(os.environ.get, ("LC_ALL", "LC_CTYPE", "LANG"))), "")
    try:
        "⣿│●".encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return True
    return named in ("C", "POSIX")
