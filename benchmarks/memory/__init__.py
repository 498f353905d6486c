"""Which cells learn to remember: three synthetic tasks, each in the same fixed budget.

Run it with `scripts/memory-tasks`. Nothing here is part of the installed package.
"""
