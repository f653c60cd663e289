"""Answers drawn for a medium. See README.md."""
