"""All critical points of a formula in a box, or all roots of a system, each proved: see README.md beside this file."""
