"""What the uncertainty of the inputs makes of a result: see README.md."""
