"""Kinds of numbers that a graph is evaluated over: floats, arrays, balls, native code. See README.md."""
