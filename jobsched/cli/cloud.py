"""``jobsched cloud``: an EC2 on this machine, whose machines really boot."""

from __future__ import annotations

import shlex
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from jobsched.cli import option, output
from jobsched.cli.failure import FAILED, NO_SERVER, USAGE, Failure

if TYPE_CHECKING:
    from jobsched.testing.cloud import Event, LocalCloud

#: the default of these is to end at once; Ctrl-C raises already
SIGNALS = (signal.SIGTERM, signal.SIGHUP)


@click.command(name="cloud")
@click.option("--region", default="us-east-1", show_default=True, help="The region it serves.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    help="Of its API, on 127.0.0.1; any that is free unless set.",
)
@click.option(
    "--api-port",
    type=click.IntRange(1, 65535),
    default=8080,
    show_default=True,
    help="Of your jobsched API, which the machines call at this host's address.",
)
@click.option(
    "--image",
    "images",
    multiple=True,
    default=["busybox:latest"],
    show_default=True,
    help="An image of your engine that the machines have; may be repeated.",
)
@click.option(
    "--debian",
    type=click.Choice(["12", "13"]),
    default="12",
    show_default=True,
    help="The release that the machines boot.",
)
@click.option("--light", is_flag=True, help="No systemd in the machines: for many at one time.")
@option.as_json
def command(
    *,
    region: str,
    port: int,
    api_port: int,
    images: tuple[str, ...],
    debian: str,
    light: bool,
    as_json: bool,
) -> None:
    """Run an EC2 on this Linux: each machine is a container that boots systemd.

    Its machines run the user data of their launch, have a metadata service and a Docker Engine of
    their own, and are gone when they are terminated, interrupted or powered off. It needs a Docker
    Engine here, and makes the image that machines boot from the first time.

    On stdout are the variables with which jobsched and the AWS SDKs use it, on stderr what happens
    to its machines. With --json both are on stdout, an object a line. Ctrl-C ends it, and nothing
    is left.
    """
    # moto and the Docker SDK: not for --help
    from jobsched.testing.cloud import LocalCloud  # noqa: PLC0415

    def tell(event: Event) -> None:
        if as_json:
            output.document({"machine": event.machine, "event": event.what} | _more(event))
        else:
            output.progress(event.line)

    cloud = LocalCloud(
        region=region,
        port=port,
        mode="light" if light else "systemd",
        debian=int(debian),
        images=images,
        progress=output.progress,
        tell=tell,
    )
    with one_sentence(), _until_told(), cloud:
        _told(cloud, api_port, as_json=as_json)
        cloud.wait()
    raise Failure("the process that keeps the machines has ended; they are gone", FAILED)


def _more(event: Event) -> dict[str, Any]:
    return {"seconds": event.seconds, **({"detail": event.detail} if event.detail else {})}


def _told(cloud: LocalCloud, api_port: int, *, as_json: bool) -> None:
    api = f"http://{cloud.gateway}:{api_port}"
    variables = cloud.settings(api_port) | {"JOBSCHED_URL": api}
    if as_json:
        told = {"cloud": cloud.name, "gateway": cloud.gateway, "addresses": cloud.addresses}
        output.document({**told, "url": cloud.ec2.url, "environment": variables})
        return
    for name, value in variables.items():
        output.data(f"export {name}={shlex.quote(value)}")
    output.progress(
        f"the local cloud {cloud.name} runs; its machines have addresses of {cloud.addresses} and "
        f"see this host at {cloud.gateway}. Ctrl-C ends it, and nothing is left"
    )


@contextmanager
def one_sentence() -> Iterator[None]:
    """Turn what is missing here for a cloud into a sentence and an exit code."""
    from jobsched.testing.cloud import CannotRun, NoEngine  # noqa: PLC0415 (as above)

    try:
        yield
    except CannotRun as error:
        raise Failure(str(error), NO_SERVER if isinstance(error, NoEngine) else USAGE) from error


@contextmanager
def _until_told() -> Iterator[None]:
    """End well by Ctrl-C and by other signals; a second one does not keep it from ending."""

    def end(_: int, __: object) -> None:
        for one in (signal.SIGINT, *SIGNALS):
            signal.signal(one, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {one: signal.signal(one, end) for one in (signal.SIGINT, *SIGNALS)}
    try:
        yield
    except KeyboardInterrupt:
        raise click.exceptions.Exit(0) from None
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


__all__ = ["command", "one_sentence"]
