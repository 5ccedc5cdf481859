"""Who gets into the server: names, passwords, rights, and who may listen on the way."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from jobsched.bootstrap.doctor import server as server_facts
from jobsched.bootstrap.doctor.server_reach import reach
from jobsched.bootstrap.doctor.store import StoreCheck
from jobsched.contracts.check import Finding
from jobsched.errors import StoreUnavailable

#: what it means for the door who reaches the server, if it is not others
NOT_OTHERS: Final = {
    "this machine": Finding("pass", "not needed: only this machine reaches it"),
    "unknown": Finding(
        "unknown", "the server does not tell whether others reach it (CONFIG GET bind): look there"
    ),
}
#: what our user needs not, and what harms every job at once
DANGEROUS: Final[Mapping[str, tuple[str, ...]]] = {
    "FLUSHALL": ("FLUSHALL",),
    "KEYS": ("KEYS", "*"),
    "CONFIG SET": ("CONFIG", "SET", "appendonly", "no"),
    "DEBUG": ("DEBUG", "SLEEP", "0"),
    "MODULE": ("MODULE", "LIST"),
}


class Authentication(StoreCheck):
    """Who has no password is refused."""

    name = "redis.authentication"

    async def judge(self, about: Mapping[str, Any]) -> Finding:
        """See above."""
        del about
        if known := NOT_OTHERS.get(await reach(self._server)):
            return known
        try:
            refusal = await self._server.stranger()
        except StoreUnavailable as error:
            return Finding("unknown", f"a connection without a password: {error.message}")
        if refusal is None:
            why = f"{self._server.where} lets everybody in who reaches it"
            way = "give its users passwords (ACL, or requirepass), and name ours in redis_url"
            return Finding("fail", f"{why}: {way} (JOBSCHED_REDIS_URL)")
        return Finding("pass", "who brings no password is refused")


class User(StoreCheck):
    """Our user has a name of its own, and may not do what harms everybody."""

    name = "redis.user"

    async def judge(self, about: Mapping[str, Any]) -> Finding:
        """See above."""
        del about
        if known := NOT_OTHERS.get(await reach(self._server)):
            return known
        told = await self._server.ask("ACL", "WHOAMI")
        if told is None:
            return Finding("unknown", "the server does not tell which user we are (ACL WHOAMI)")
        user = told.decode()
        if user == "default":
            why = "we are the user default, who is whoever brings no name"
            return Finding("warn", f"{why}: make a user for jobsched, and name it in redis_url")
        return await self._rights(user)

    async def _rights(self, user: str) -> Finding:
        may = []
        for name, command in DANGEROUS.items():
            answer = await self._server.ask("ACL", "DRYRUN", user, *command)
            if answer is None:
                return self._untold(user)
            if answer == b"OK":
                may.append(name)
        if may:
            words = f"the user {user} may {', '.join(may)}, which jobsched needs not"
            return Finding("warn", f"{words}: take it away (ACL SETUSER {user} -@dangerous +info)")
        return Finding("pass", f"the user {user} may not {', '.join(DANGEROUS)}")

    def _untold(self, user: str) -> Finding:
        if "permission" in self._server.refusal.lower():
            # who may not ask for rights may not give any: both are of the same kind
            return Finding("pass", f"the user {user} may not ask for rights (ACL)")
        why = f"the user {user}; this version does not tell what it may (ACL DRYRUN)"
        return Finding("unknown", f"{why}: it should not be permitted @dangerous commands")


class Encryption(StoreCheck):
    """Nobody on the way reads what is sent, passwords and records among it."""

    name = "redis.tls"

    async def judge(self, about: Mapping[str, Any]) -> Finding:
        """See above."""
        del about
        parts = urlsplit(self._server.url())
        if parts.scheme == "rediss":
            return Finding("pass", "the connection is encrypted")
        if known := NOT_OTHERS.get(await reach(self._server)):
            return known
        way = "use TLS (rediss://)"
        if server_facts.is_local(self._server.url()):
            why = "our connection stays on this machine, but the server listens to others in clear"
            return Finding("warn", f"{why}: bind it to 127.0.0.1, or {way}")
        if await asyncio.to_thread(is_private, parts.hostname or ""):
            why = "passwords and jobs are sent in clear, in a private network"
            return Finding("warn", f"{why}: {way}, or see to it that nobody else is in it")
        why = "passwords and jobs are sent in clear through public networks"
        return Finding("fail", f"{why}: {way}")


def is_private(host: str) -> bool:
    """Whether all addresses of a host are of private networks. Looks names up; may block."""
    try:
        found = {entry[4][0] for entry in socket.getaddrinfo(host, None)}
    except (OSError, UnicodeError):
        return False
    return bool(found) and all(ipaddress.ip_address(str(one)).is_private for one in found)


__all__ = ["DANGEROUS", "Authentication", "Encryption", "User", "is_private"]
