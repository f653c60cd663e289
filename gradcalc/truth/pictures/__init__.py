"""Formulas as pictures: curves, contours, the graph, the page. See README.md beside this file."""
