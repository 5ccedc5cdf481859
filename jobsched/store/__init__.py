"""Where the truth is kept: the port, an adapter for Redis and Valkey, and one in memory."""
