"""Data files, one module for each format. See the README of `data`."""
