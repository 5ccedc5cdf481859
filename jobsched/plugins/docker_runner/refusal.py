"""What it means that an image cannot be pulled: read from the registry's own words. Pure.

An engine hands on a registry's refusal under changing HTTP statuses (no credentials: 500), so only
the text tells. The order counts: a rate limit talks about authentication too.
"""

from __future__ import annotations

import re

from jobsched.contracts.order import ContainerOrder
from jobsched.errors import RunnerFailed

LATER = ("toomanyrequests", "rate limit", "no space left")
NOT_FOUND = (
    "manifest unknown",
    "not found: does not exist",
    "no matching manifest",
    "name unknown",
    "name_unknown",
    # What Docker Hub says of a private image too; it does not tell which.
    "repository does not exist",
    "repository name not known",
    "no such image",
    "invalid reference format",
    "invalid repository name",
    "cannot specify 64-byte hexadecimal",
)
CREDENTIALS = (
    "no basic auth credentials",
    "unauthorized",
    "authentication required",
    "authorization token has expired",
    "incorrect username or password",
    "access to the resource is denied",
    "403 forbidden",
)
#: Shorter values than this are in every sentence by chance.
SHORTEST_SECRET = 4


def pull_failed(text: str, order: ContainerOrder) -> RunnerFailed:
    """Say what follows from the words of an engine or registry."""
    low = text.lower()
    message = f"{order.image}: {masked(text, order)}"
    if any(words in low for words in LATER):
        return RunnerFailed("pull_failed", message)
    if any(words in low for words in NOT_FOUND):
        return RunnerFailed("image_not_found", message, then="fail")
    if any(words in low for words in CREDENTIALS):
        return RunnerFailed("credentials", message, then="fail")
    return RunnerFailed("pull_failed", message)


def masked(text: str, order: ContainerOrder) -> str:
    """Take what may be secret out of somebody else's words: values, and signed addresses."""
    secrets = [entry.partition("=")[2] for entry in order.environment]
    if order.credential is not None:
        secrets += [order.credential.password, order.credential.username]
    # Longest first: one value may be a part of another.
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= SHORTEST_SECRET:
            text = text.replace(secret, "***")
    return re.sub(r"(https?://[^\s\"?]*)\?[^\s\"]*", r"\1?***", text)


__all__ = ["masked", "pull_failed"]
