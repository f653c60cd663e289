"""Formulas over columns of data: files in. Imports nothing."""
