"""Tests, mirroring the package. No test judges speed: benchmarks/ does; `HANG` only ends what would never end."""

HANG = 60.0
"""Seconds after which an answer counts as hanging, however loaded the machine."""
