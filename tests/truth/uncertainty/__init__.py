"""Tests of how uncertainties are propagated."""
