"""Completion scripts and manual pages, printed from the table of commands. See README.md beside this file."""

from gradcalc.cli.shells.bash import bash
from gradcalc.cli.shells.fish import fish
from gradcalc.cli.shells.zsh import zsh

SCRIPTS = {"bash": bash, "zsh": zsh, "fish": fish}
"""The script for each shell; each is a function without arguments."""

SETUP = {
    "bash": ("mkdir -p ~/.local/share/bash-completion/completions",
             "gradcalc completion bash > ~/.local/share/bash-completion/completions/gradcalc"),
    "zsh": ('gradcalc completion zsh > "${fpath[1]}/_gradcalc"',),
    "fish": ("gradcalc completion fish > ~/.config/fish/completions/gradcalc.fish",),
}  # fmt: skip
"""What sets each up for all new shells; bash reads such files where the package bash-completion is installed."""
