"""The configuration: a schema per section, where each value came from, all mistakes at once."""

from jobsched.config.example import example
from jobsched.config.load import Wanted, load, load_core
from jobsched.config.value import Config

__all__ = ["Config", "Wanted", "example", "load", "load_core"]
