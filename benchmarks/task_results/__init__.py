"""The figures of docs/results.md, made by the commands that stand there."""
