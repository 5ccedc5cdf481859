"""What follows from the configuration alone: who we are, our secrets, our services."""

from __future__ import annotations

from pathlib import Path

from jobsched import authority, identity
from jobsched.config import Config
from jobsched.contracts.order import Credential
from jobsched.identity import Identity
from jobsched.secrets import ConfiguredSecrets
from jobsched.services import RunningServices


def identify(config: Config, *, own_store: bool = False) -> Identity:
    """Give the deployment's id and secret.

    Args:
        config: names them, or the data directory that keeps them.
        own_store: the store is this process's own, so that it may make both, and certificates.

    Raises:
        ConfigError: one is missing.
    """
    make = own_store or not config.value("redis_url")
    if make:
        authority.init(ca_dir(config))
    return identity.identify(
        deployment=config.value("deployment"),
        secret=config.value("secret"),
        data_dir=config.value("data_dir"),
        make=make,
    )


def ca_dir(config: Config) -> Path:
    """Give the folder of the deployment's certificates."""
    named: Path | None = config.value("ca_dir")
    data_dir: Path = config.value("data_dir")
    return named or data_dir / authority.FOLDER


def secrets_of(config: Config, who: Identity) -> ConfiguredSecrets:
    """Give the secrets that jobs may name, and those that tokens are made from."""
    registries = config.section("registries").items()
    return ConfiguredSecrets(
        deployment_secret=who.secret,
        values=config.section("secrets"),
        registries={name: Credential(**login) for name, login in registries},
    )


def services_of(config: Config, deployment: str) -> RunningServices:
    """Give what plugins get."""
    return RunningServices(
        deployment=deployment,
        data_dir=config.value("data_dir"),
        ca_dir=ca_dir(config),
        settings=config.masked(),
    )


__all__ = ["ca_dir", "identify", "secrets_of", "services_of"]
