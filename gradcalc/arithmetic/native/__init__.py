"""A graph as native code: compiled, interpreted, over columns of points. See the README of `arithmetic`."""
