"""Find or start the Redis of this machine: one server per data directory, which loses nothing."""

from jobsched.embedded.answer import EmbeddedRedis
from jobsched.embedded.folder import find_socket, is_running
from jobsched.embedded.program import ServerBinary, choose, server_binaries
from jobsched.embedded.server import leave, start

__all__ = [
    "EmbeddedRedis",
    "ServerBinary",
    "choose",
    "find_socket",
    "is_running",
    "leave",
    "server_binaries",
    "start",
]
