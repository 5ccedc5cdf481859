"""Seeded bugs: what the simulator must find, or it proves nothing.

Each is one rule of the production code, switched off from outside while a world runs. The promise
that must break is named beforehand; the same world without the bug must keep them all.
"""
