"""Is it so: formulas and numbers that are equal, claims, proof files. See README.md beside this file."""
