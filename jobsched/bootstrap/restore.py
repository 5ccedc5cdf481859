"""Putting the store right after a backup was put back."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from uuid import uuid4

from jobsched.bootstrap import opening
from jobsched.bootstrap.configured import identify, secrets_of, services_of
from jobsched.config import Config
from jobsched.engine.parts import Parts
from jobsched.engine.restore import Restoration, restore
from jobsched.errors import ConfigError, WrongStore
from jobsched.hooks.registry import Registry
from jobsched.store.port import Store


async def restore_store(
    config: Config, *, tell: Callable[[Restoration], None], force: bool = False
) -> Restoration:
    """Begin a new epoch of the store, and hold back what may have run since the backup.

    Safe to repeat, also after a crash in the middle; until it has come to its end every other
    process is refused.

    Args:
        config: names the store; without one, the embedded server of the data directory.
        tell: is told how far it is.
        force: even while workers live in the store; they must be started again.

    Raises:
        WrongStore: it is empty, another deployment's, or was made with another secret.
        ConfigError: workers live in it.
        NewerRecord: a newer version of jobsched must do it.
    """
    async with AsyncExitStack() as stack:
        who = identify(config)
        secrets = secrets_of(config, who)
        store = await opening.connect(config, who.deployment, secrets.fingerprint, stack)
        services = services_of(config, who.deployment)
        stack.push_async_callback(services.spawn.close)
        if not force:
            await _refuse_workers(store)
        await store.begin_restore(uuid4().hex)
        services.clock.sync(await store.check())
        parts = Parts(store=store, registry=Registry(), services=services, secrets=secrets)
        found = await restore(parts, tell)
        await store.end_restore()
        opening.mark(config)
        return found


async def _refuse_workers(store: Store) -> None:
    try:
        workers = await store.workers()
    except WrongStore:
        # in one that is being restored nobody lives; of any other the next call says more
        return
    if workers:
        live = "1 worker lives" if len(workers) == 1 else f"{len(workers)} workers live"
        raise ConfigError(
            f"{live} in the store: stop API and workers, and wait for half a minute; or say "
            "--force, and start them again afterwards"
        )


__all__ = ["restore_store"]
