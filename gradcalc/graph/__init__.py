"""The table of ops and the graph: formulas and their derivatives as one structure. See README.md."""
