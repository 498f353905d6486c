"""How fast the compiled cells are, measured beside what else would run the same equations.

Run it with `scripts/bench`. Nothing here is part of the installed package.
"""
