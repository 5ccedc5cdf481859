"""The errors of jobsched: one tree, each class one meaning.

JobschedError
├─ InvalidInput ─ UnknownName                      (422) what was sent cannot be used
├─ Unauthorised                                    (401) no token, or a wrong one
├─ NotFound ─ UnknownJob                           (404)
├─ Refused ─ AlreadyEnded · IdempotencyConflict    (409) for this job, the answer is no
│          └ StaleWrite ─ LeaseOver                      the record was changed meanwhile, or is
│                                                         in another worker's hands
├─ Gone                                            (410) the launch is over: the machine may go
├─ Unavailable                                     (503) nothing was done; ask again later
│  ├─ StoreUnavailable ─ WrongStore                      Redis is down, or another deployment's
│  └─ UnreadableRecord ─ NewerRecord                     a record not to be touched by us
├─ ConfigError                                           the settings are wrong
├─ PluginError ─ PluginNotFound · PluginLoadFailed · DuplicateName · BadHookResult
└─ OperationFailed ─ ProviderFailed · RunnerFailed · LogStoreFailed
                                                         an expected failure of a plugin, with what
                                                         follows
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Effect = Literal["none", "unknown"]
Then = Literal["next", "later", "replace", "fail", "breaker"]


class JobschedError(Exception):
    """Something in jobsched went wrong."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or type(self).__doc__)

    @property
    def message(self) -> str:
        """The sentence for the user: what is wrong and what to do."""
        return str(self.args[0])


class InvalidInput(JobschedError):
    """What was sent cannot be used."""

    def __init__(
        self, message: str | None = None, *, errors: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        super().__init__(message)
        #: field path ("retry.on", "env.0") → sentences
        self.errors: Mapping[str, Sequence[str]] = errors or {}


class UnknownName(InvalidInput):
    """No provider, runner, planner, log store or action of that name is loaded."""


class Unauthorised(JobschedError):
    """The token is missing or wrong."""


class NotFound(JobschedError):
    """There is nothing of that name."""


class UnknownJob(NotFound):
    """No job has this id."""


class Refused(JobschedError):
    """The answer is no."""


class AlreadyEnded(Refused):
    """The job has already ended."""


class IdempotencyConflict(Refused):
    """This Idempotency-Key was used with another body."""


class StaleWrite(Refused):
    """The record was changed by somebody else: read it again and decide anew."""


class LeaseOver(StaleWrite):
    """The lease ended before the effect, which is left to whoever has the job now."""


class Gone(JobschedError):
    """This launch is over: the machine may shut itself down."""


class Unavailable(JobschedError):
    """Not possible now; nothing was done. Ask again later."""


class StoreUnavailable(Unavailable):
    """The store does not answer, is loading, or takes no writes."""


class WrongStore(StoreUnavailable):
    """The store is empty or another deployment's: nothing is accepted, nothing is launched."""


class UnreadableRecord(Unavailable):
    """The record cannot be read; it is kept aside for an operator."""


class NewerRecord(UnreadableRecord):
    """The record was written by a newer version of jobsched; this one leaves it alone."""


class ConfigError(JobschedError):
    """The configuration is wrong."""


class PluginError(JobschedError):
    """A plugin cannot be used."""

    def __init__(self, plugin: str, message: str, *, hook: str = "") -> None:
        self.plugin = plugin
        self.hook = hook
        at = f"{plugin}.{hook}" if hook else plugin
        super().__init__(f"plugin {at}: {message}")


class PluginNotFound(PluginError):
    """The configuration names a plugin that is not installed."""


class PluginLoadFailed(PluginError):
    """The plugin could not be imported or registered."""


class DuplicateName(PluginError):
    """Two plugins bring something of one name."""


class BadHookResult(PluginError):
    """A hook returned something other than what its specification says."""


class OperationFailed(JobschedError):
    """An expected failure of a plugin's operation, with what is known and what follows.

    Args:
        reason: a short label with few values (``no_capacity``, ``quota``, ``image_not_found``); it
        goes
            to metrics and to the user.
        message: one sentence for the user, with no secret in it.
        effect: ``none``: it surely did not happen; ``unknown``: it may have.
        then: ``next``: the next offer; ``later``: the same again after a back-off; ``replace``:
        give the
            machine back and take another; ``fail``: the attempt ends with this reason;
            ``breaker`` (of a provider's ``offers``, ``freeze`` and ``provision``): it would be the
            same for every job. The attempt of the first job ends with this reason, and the
            provider is halted: all other jobs wait in line until an operator resumes it. From
            anything else it is the same as ``fail``.
    """

    def __init__(
        self,
        reason: str,
        message: str = "",
        *,
        effect: Effect = "none",
        then: Then = "later",
    ) -> None:
        super().__init__(message or reason)
        self.reason = reason
        self.effect: Effect = effect
        self.then: Then = then


class ProviderFailed(OperationFailed):
    """A provider's operation failed in an expected way."""


class RunnerFailed(OperationFailed):
    """A runner's operation failed in an expected way."""


class LogStoreFailed(OperationFailed):
    """A log store's operation failed in an expected way."""
