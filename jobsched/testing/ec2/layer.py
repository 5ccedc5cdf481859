"""The way of a call: counted, perhaps refused or lost, carried out, perhaps lost again."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from moto.core.exceptions import ServiceException
from moto.core.request import Request

from jobsched.testing.ec2 import answer, call, losing, pricing, rights, services, throttle
from jobsched.testing.ec2.account import Account
from jobsched.testing.ec2.answer import Answer
from jobsched.testing.ec2.call import Call
from jobsched.testing.ec2.cloud import Cloud
from jobsched.testing.ec2.control import Control
from jobsched.testing.ec2.operations import Ec2Answers
from jobsched.testing.ec2.refusal import Refusal


class Layer:
    """The WSGI application around moto.

    Args:
        cloud: the state.
    """

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._account = Account(cloud.region)
        self._control = Control(cloud)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer one request."""
        request = Request(environ)
        if request.path.startswith("/_fake"):
            given = self._control.answer(request)
        else:
            given = self._answer(call.read(request))
        headers = given.headers | {"Content-Length": str(len(given.body))}
        status = f"{given.status} {HTTPStatus(given.status).phrase}"
        start_response(status, list(headers.items()))
        return [given.body]

    def _answer(self, one: Call) -> Answer:
        of_ec2 = self._noted(one)
        losing.before(self._cloud, one)
        try:
            given = self._carried_out(one, of_ec2)
        except Refusal as refusal:
            given = answer.error(one.protocol, refusal)
        losing.after(self._cloud, one)
        return given

    def _noted(self, one: Call) -> Ec2Answers | None:
        """Note the call; give what answers it, if it is one of EC2."""
        with self._cloud.lock:
            self._cloud.calls[one.operation] += 1
            of_ec2 = Ec2Answers(self._cloud, self._account, one) if one.service == "ec2" else None
            parameters = of_ec2.parameters() if of_ec2 else one.parameters()
            self._cloud.requests.append((one.operation, parameters))
        return of_ec2

    def _carried_out(self, one: Call, of_ec2: Ec2Answers | None) -> Answer:
        with self._cloud.lock:
            throttle.check(self._cloud.switches, one.operation, one.protocol)
            rights.check(self._cloud.switches, one, self._cloud.region)
            if of_ec2:
                # whoever follows the machines looks again
                self._cloud.lock.notify_all()
                return _of_ec2(one, of_ec2)
            if one.service == "pricing":
                return pricing.answer(self._account, one)
            return services.answer(one)


def _of_ec2(one: Call, answers: Ec2Answers) -> Answer:
    try:
        return answers.answer()
    except ServiceException as error:
        raise Refusal(error.code, error.message) from error
    except NotImplementedError:
        words = f"The fake does not know the operation {one.operation}."
        raise Refusal("InvalidAction", words) from None


__all__ = ["Layer"]
