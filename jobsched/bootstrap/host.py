"""Refuse a worker on a host from which a provider's machines cannot be seen."""

from __future__ import annotations

from jobsched.contracts.provider import Provider
from jobsched.engine.call import USUAL
from jobsched.errors import ConfigError, JobschedError
from jobsched.hooks.patience import Broke, NoAnswer, patiently
from jobsched.hooks.registry import Registry
from jobsched.store.keepable import named
from jobsched.store.port import Store


async def check_hosts(store: Store, registry: Registry) -> None:
    """Bind each provider that is bound to a host to the first worker's host.

    Raises:
        ConfigError: it is bound to another host, or does not say to which.
    """
    for provider in registry.providers.values():
        here = await _host(provider)
        if here is None:
            continue
        bound = await store.bind(f"host:{provider.name}", here)
        if bound != here:
            raise ConfigError(
                f"the provider {provider.name} of this deployment is bound to the host {bound}, "
                f"and this is the host {here}: start workers there, or take {provider.name} out "
                "of JOBSCHED_PLUGINS here"
            )


async def _host(provider: Provider) -> str | None:
    what = f"{provider.name}.host"
    try:
        found: object = await patiently(what, provider.host, USUAL)
    except NoAnswer as error:
        raise ConfigError(f"{what} gave no answer within {USUAL.total_seconds():g} s") from error
    except (JobschedError, Broke) as error:
        raise ConfigError(f"{what} failed: {error}") from error
    except Exception as error:
        raise ConfigError(f"{what} failed: {type(error).__name__}: {error}") from error
    if found is None or (isinstance(found, str) and found):
        return found
    raise ConfigError(f"{what} gave {named(found)}, and neither the id of a host nor None")


__all__ = ["check_hosts"]
