"""Fits: the parameters of a formula from the rows of data, with their uncertainty."""
