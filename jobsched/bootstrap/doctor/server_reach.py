"""Whether others than this machine reach the server: by its address, and by where it listens."""

from __future__ import annotations

from typing import Literal

from jobsched.bootstrap.doctor import server as server_facts
from jobsched.bootstrap.doctor.server import Server

Reach = Literal["this machine", "others", "unknown"]


async def reach(server: Server) -> Reach:
    """Say who reaches it; ``unknown``: our address is local, and it tells not where it listens.

    Raises:
        StoreUnavailable: it does not answer.
    """
    if server.is_own:
        return "this machine"
    if not server_facts.is_local(server.url()):
        return "others"
    ports = [await server.setting(name) for name in ("port", "tls-port")]
    bind = await server.setting("bind")
    if ports[0] is None or bind is None:
        return "unknown"
    if all(port in {None, "0"} for port in ports) or all(_is_loopback(one) for one in bind.split()):
        return "this machine"
    # it refuses others as long as it lets everybody in
    if await server.setting("protected-mode") == "yes" and await server.stranger() is None:
        return "this machine"
    return "others"


def _is_loopback(address: str) -> bool:
    return server_facts.is_loopback(address.removeprefix("-"))


__all__ = ["Reach", "reach"]
