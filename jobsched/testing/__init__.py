"""For plugin authors and for us: fakes, virtual time, and a small simulator of the whole."""
