"""Names of images that cannot be had: the author's, or of a registry that runs meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus

from jobsched.testing.conformance import registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Images:
    """What a machine may be asked for in vain; empty: the kit runs a registry for it."""

    missing: str = ""
    private: str = ""
    unreachable: str = ""

    @contextmanager
    def one_that_is_missing(self) -> Iterator[str]:
        """Name an image that its registry does not have."""
        with registry.refusing(HTTPStatus.NOT_FOUND) as ours:
            yield self.missing or ours

    @contextmanager
    def one_that_is_private(self) -> Iterator[str]:
        """Name an image that its registry gives to nobody without the right password."""
        with registry.refusing(HTTPStatus.UNAUTHORIZED) as ours:
            yield self.private or ours

    @contextmanager
    def one_that_is_out_of_reach(self) -> Iterator[str]:
        """Name an image of a registry that does not answer."""
        with registry.silent() as port:
            yield self.unreachable or f"{registry.HOST}:{port}/{registry.IMAGE}"


__all__ = ["Images"]
