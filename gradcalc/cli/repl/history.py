"""The lines of former sessions, in a file that only its owner reads: `gradcalc/history` in the XDG folder of states.

What cannot be read or written is passed over: a session works without.
"""

import os
from contextlib import suppress
from pathlib import Path

MOST = 2_000
"""Lines that are kept."""
_LONGEST = 10_000
"""Characters of a line that is kept."""


def place() -> Path | None:
    """Where the lines are; None where there is no such folder."""
    base = os.environ.get("XDG_STATE_HOME", "")
    if base and os.path.isabs(base):
        return Path(base) / "gradcalc" / "history"
    with suppress(RuntimeError):
        return Path.home() / ".local" / "state" / "gradcalc" / "history"
    return None


def read() -> list[str]:
    """The lines, the oldest first."""
    path = place()
    if path is None:
        return []
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except (OSError, ValueError):
        return []
    if len(lines) > 2 * MOST:
        with suppress(OSError):
            _write(path, lines[-MOST:], os.O_TRUNC)
    return lines[-MOST:]


def append(typed: str) -> None:
    """Take up a line, or several that were pasted, if they are not empty."""
    lines = [line for line in typed.splitlines() if line.strip() and len(line) <= _LONGEST]
    path = place()
    if path is None or not lines:
        return
    with suppress(OSError, ValueError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(path, lines, os.O_APPEND)


def _write(path: Path, lines: list[str], how: int) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | how, 0o600)
    try:
        if hasattr(os, "fchmod"):
            os.fchmod(handle, 0o600)
        os.write(handle, "".join(f"{line}\n" for line in lines).encode("utf-8", "replace"))
    finally:
        os.close(handle)
