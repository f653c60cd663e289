"""Graphs as programs in other languages."""
