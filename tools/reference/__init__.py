"""The reference of hooks and contracts, written from their docstrings."""
