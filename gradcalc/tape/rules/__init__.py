"""NumPy's functions with derivative rules, entered where its protocols find them. See the README of `tape`."""
