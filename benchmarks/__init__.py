"""Figures, never tests: each script prints a table, with the goal beside what was measured."""
