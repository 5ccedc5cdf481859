"""The configuration: a schema per section, where each value came from, all mistakes at once."""

from jobsched.config.example import example
from jobsched.config.load import is_traced, load, load_core
from jobsched.config.value import Config

__all__ = ["Config", "example", "is_traced", "load", "load_core"]
