"""`gradcalc completion`: scripts that complete words in a shell."""

from dataclasses import dataclass
from typing import Literal

from gradcalc.settings import option

Shell = Literal["bash", "zsh", "fish"]


@dataclass(frozen=True)
class Which:
    """The shell; None asks how to set one up."""

    shell: Shell | None = option(None, "[SHELL]", "bash, zsh or fish; without it, how to set up each.")


def completion(which: Which) -> int:
    """A script that completes commands, options, their values, files and names of functions.

    \b
    gradcalc completion
    gradcalc completion bash
    """
    from gradcalc.cli.shells import SCRIPTS, SETUP

    if which.shell:
        print(SCRIPTS[which.shell](), end="")
        return 0
    print("For all new shells:\n")
    for shell, lines in SETUP.items():
        print(f"# {shell}", *lines, "", sep="\n")
    print("For the one at hand: source <(gradcalc completion bash), in fish gradcalc completion fish | source.")
    return 0
