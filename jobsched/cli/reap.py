"""``jobsched reap``: what is known of machines that are no job's, and the word that ends them."""

from __future__ import annotations

import click

from jobsched.cli import option, output
from jobsched.client import Client, Document


@click.command(name="reap")
@click.argument("provider")
@click.option("--force", is_flag=True, help="Let the next pass end them, however many they are.")
@option.as_json
@option.server
def command(*, client: Client, provider: str, force: bool, as_json: bool) -> None:
    """Say how PROVIDER's machines that are no job's stand; with --force, let them be ended.

    Every minute a worker ends machines that no job knows of. So many at once that it may be a
    mistake (more than five, and more than a fifth of all) it leaves on, and raises an alarm: look
    at them, and if they may go, say so with --force. That counts for one pass.
    """
    answer = client.force_reap(provider) if force else _known(client, provider)
    if as_json:
        output.document(answer)
    elif force:
        output.progress(
            f"the next pass over {provider}, within a minute, may end every machine that is no"
            f" job's; that counts until {answer['until']}"
        )
    else:
        output.progress(_standing(answer))


def _known(client: Client, provider: str) -> Document:
    found: list[Document] = client.providers()["providers"]
    for one in found:
        if one["name"] == provider:
            return one
    names = ", ".join(one["name"] for one in found)
    raise click.UsageError(f"there is no provider {provider!r}; loaded: {names}")


def _standing(one: Document) -> str:
    if one["reaped_at"] is None:
        return f"no worker has compared the machines of {one['name']} with the jobs yet"
    last = f"the machines of {one['name']} were last compared with the jobs at {one['reaped_at']}"
    if one["reap_alarm"] is None:
        return f"{last}; nothing keeps those that are no job's from their end"
    machines = f"`jobsched doctor --only leaks.{one['name']}` lists the machines"
    return f"{last}. {one['reap_alarm']['sentence']} ({machines})"


__all__ = ["command"]
