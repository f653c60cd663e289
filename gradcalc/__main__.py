"""`python -m gradcalc`: the command line."""

from gradcalc.cli import run

if __name__ == "__main__":
    run()
