"""What is true of a formula at a point, and how it is known. See README.md."""
