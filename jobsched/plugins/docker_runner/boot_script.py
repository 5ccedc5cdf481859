"""What makes a Docker Engine of a fresh machine: this runner's half of the machine's script.

The other half is the provider's; what it offers to this one is in the contract
(:meth:`jobsched.contracts.runner.Runner.boot_script`). The texts are in ``user_data/docker``.
"""

from __future__ import annotations

import shlex
from importlib.resources import files
from typing import Final

from jobsched.plugins.docker_runner.config import Settings
from jobsched.plugins.docker_runner.failure import configuration

_TEXTS: Final = files("jobsched") / "_user_data" / "docker"

_SCRIPT: Final = """\
JOBSCHED_CLIENT_CA={ca}
JOBSCHED_INSECURE_REGISTRIES={insecure}
cat >/usr/local/lib/jobsched/container <<'END_OF_FILE'
{container}END_OF_FILE
{engine}"""


def boot_script(settings: Settings) -> str:
    """Give the script, the same for each machine of a deployment.

    Reads files: the texts, and the certificate of those whom an engine lets in.

    Raises:
        RunnerFailed: there is no such certificate: workers could speak to no machine.
    """
    try:
        ca = settings.ca_certificate.read_text(encoding="ascii")
    except (OSError, ValueError) as error:
        raise configuration(
            f"the certificate that machines trust, {settings.ca_certificate}, cannot be read: run "
            "`jobsched init`, and give its folder of certificates to every worker"
        ) from error
    return _SCRIPT.format(
        ca=shlex.quote(ca),
        insecure=shlex.quote(" ".join(settings.insecure_registries)),
        container=(_TEXTS / "container.sh").read_text(encoding="ascii"),
        engine=(_TEXTS / "engine.sh").read_text(encoding="ascii"),
    )


__all__ = ["boot_script"]
