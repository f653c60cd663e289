"""A formula over the rows of data files. See README.md."""
