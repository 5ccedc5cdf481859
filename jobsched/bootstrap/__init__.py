"""The only place where parts are put together: configuration, plugins, store, services."""

from jobsched.bootstrap.assemble import parts
from jobsched.bootstrap.configured import ca_dir
from jobsched.bootstrap.init import init_files, init_store
from jobsched.bootstrap.opening import LoggingStore, store_url
from jobsched.bootstrap.plugins import configure, inspect_plugins
from jobsched.bootstrap.restore import restore_store

__all__ = [
    "LoggingStore",
    "ca_dir",
    "configure",
    "init_files",
    "init_store",
    "inspect_plugins",
    "parts",
    "restore_store",
    "store_url",
]
