"""Facts in; state and the next command read out. Pure: no I/O, no clock, no randomness."""
