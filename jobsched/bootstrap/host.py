"""Refuse a worker on a host from which a provider's machines cannot be seen."""

from __future__ import annotations

from jobsched.errors import ConfigError
from jobsched.hooks.registry import Registry
from jobsched.store.port import Store


async def check_hosts(store: Store, registry: Registry) -> None:
    """Bind each provider that is bound to a host to the first worker's host.

    Raises:
        ConfigError: it is bound to another host.
    """
    for provider in registry.providers.values():
        here = await provider.host()
        if here is None:
            continue
        bound = await store.bind(f"host:{provider.name}", here)
        if bound != here:
            raise ConfigError(
                f"the provider {provider.name} of this deployment is bound to the host {bound}, "
                f"and this is the host {here}: start workers there, or take {provider.name} out "
                "of JOBSCHED_PLUGINS here"
            )


__all__ = ["check_hosts"]
