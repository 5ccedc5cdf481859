"""The contracts as tests: subclass, give one or two fixtures, run pytest."""
