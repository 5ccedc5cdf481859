"""The kinds of plugins that can be begun: each has a folder of templates."""

KINDS = ("provider", "runner", "notifier")

__all__ = ["KINDS"]
