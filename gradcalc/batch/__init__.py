"""Formulas over columns of data: files in, files out. Imports nothing."""
