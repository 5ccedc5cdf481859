"""Run this container, at this time, once, on a fresh machine, and leave nothing behind."""

from pluggy import HookimplMarker

__version__ = "0.1.0"

#: The version of the plugin API: what hooks and contracts look like.
JOBSCHED_API = 1

#: Marks a plugin's function as the implementation of a hook of :mod:`jobsched.hooks.specs`.
hookimpl = HookimplMarker("jobsched")

__all__ = ["JOBSCHED_API", "__version__", "hookimpl"]
