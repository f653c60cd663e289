"""What a wheel holds beside the package: pages of the manual and completion scripts, printed from the commands."""

import sys
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_SCRIPTS = {
    "bash": "bash-completion/completions/gradcalc",
    "zsh": "zsh/site-functions/_gradcalc",
    "fish": "fish/vendor_completions.d/gradcalc.fish",
}


class Shared(BuildHookInterface[Any]):
    """Writes them where the build takes them up."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add each file to the data of the wheel, under `share`."""
        sys.path.insert(0, self.root)
        from gradcalc.cli.shells import SCRIPTS
        from gradcalc.cli.shells.manual import pages

        texts = {f"man/man1/{name}": text for name, text in pages().items()}
        texts |= {_SCRIPTS[shell]: script() for shell, script in SCRIPTS.items()}
        folder = Path(mkdtemp())
        for name, text in texts.items():
            path = folder / name.replace("/", "-")
            path.write_text(text)
            path.chmod(0o644)
            build_data["shared_data"][str(path)] = f"share/{name}"
