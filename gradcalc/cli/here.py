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
    try:
        "⣿│●".encode(sys.stdout.encoding or "ascii")
        ascii_only = False
    except (UnicodeEncodeError, LookupError):
        ascii_only = True
    height = max(16, min(40, size.lines - 6)) if sys.stdout.isatty() else 30
    return text(picture, max(30, min(100, size.columns)), height, coloured, ascii_only)
