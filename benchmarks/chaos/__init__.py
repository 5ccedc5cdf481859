"""Chaos: jobs on real processes that are killed, judged from outside: ``-m benchmarks.chaos``."""
