"""One descent: choices, steps, what is told of it. See the README of `optimize`."""
