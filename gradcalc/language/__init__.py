"""From text to a graph and back: the language of formulas. See README.md."""
