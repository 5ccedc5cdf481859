"""Making a deployment: its files, and its store."""

from __future__ import annotations

from contextlib import AsyncExitStack

from jobsched import authority, identity
from jobsched.bootstrap import opening
from jobsched.bootstrap.configured import ca_dir, identify, secrets_of, services_of
from jobsched.bootstrap.plugins import gather
from jobsched.config import Config
from jobsched.errors import ConfigError, WrongStore
from jobsched.hooks.registry import Registry
from jobsched.identity import Identity
from jobsched.store.port import Store


def init_files(config: Config) -> Identity:
    """Make the deployment's secret, id and certificates; what is there is kept.

    Raises:
        ConfigError: a folder cannot be written, or half of a certificate's pair is missing.
    """
    who = identity.init(config.value("data_dir"))
    authority.init(ca_dir(config))
    return who


async def init_store(config: Config, *, force: bool = False) -> None:
    """Make an empty store this deployment's. Safe to repeat.

    Args:
        config: names the store; without one, the embedded server of the data directory.
        force: also take over another deployment's store, or one that lost its records while there
            are machines.

    Raises:
        WrongStore: it is another deployment's.
        ConfigError: a provider still has machines of this deployment.
    """
    async with AsyncExitStack() as stack:
        who = identify(config)
        fingerprint = secrets_of(config, who).fingerprint
        store = await opening.connect(config, who.deployment, fingerprint, stack)
        services = services_of(config, who.deployment)
        stack.push_async_callback(services.spawn.close)
        if not force and not await _is_ours(store):
            registry, _ = gather(config, services, store.logs())
            await _refuse_machines(registry)
        await store.stamp(fingerprint, force=force)
        opening.mark(config)


async def _is_ours(store: Store) -> bool:
    try:
        await store.check()
    except WrongStore:
        return False
    return True


async def _refuse_machines(registry: Registry) -> None:
    for name, provider in registry.providers.items():
        machines = await provider.describe_all({})
        there = [token for token, status in machines.items() if status.phase != "gone"]
        if there:
            raise ConfigError(
                f"{name} still has {len(there)} machines of this deployment, which a new "
                "store would forget: terminate them, or say --force"
            )


__all__ = ["init_files", "init_store"]
