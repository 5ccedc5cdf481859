"""The provider, put together."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from jobsched.contracts.provider import Caps
from jobsched.domain.job import Instance, Offer
from jobsched.errors import OperationFailed
from jobsched.plugins.ec2_spot import jobsched_config_schemas, jobsched_providers
from jobsched.plugins.ec2_spot.client import Aws
from jobsched.plugins.ec2_spot.options import OptionsSchema
from jobsched.plugins.ec2_spot.provider import Ec2SpotProvider
from jobsched.plugins.ec2_spot.settings import Settings
from jobsched.testing.services import LentServices
from tests.unit.plugins.ec2_spot.orders import IMAGE, ORDER

SETTINGS = Settings(security_groups=("sg-1",), instance_types=("m7i.large",), subnets=("subnet-a",))
SUBNET = {"SubnetId": "subnet-a", "AvailabilityZone": "us-east-1a", "VpcId": "vpc-1"}
ANSWERS: dict[str, Any] = {
    "describe_subnets": {"Subnets": [SUBNET]},
    "describe_launch_template_versions": {"LaunchTemplateVersions": []},
    "create_launch_template_version": {
        "LaunchTemplateVersion": {"LaunchTemplateId": "lt-1", "VersionNumber": 1}
    },
    "get_parameter": {"Parameter": {"Value": IMAGE}},
    "create_fleet": {"Instances": [{"InstanceIds": ["i-1"], "InstanceType": "m7i.large"}]},
}


@pytest.fixture
def services(tmp_path: Path) -> Iterator[LentServices]:
    """What the core lends."""
    lent = LentServices(data_dir=tmp_path)
    yield lent
    lent.spawn.end()


class Answering:
    """Answers each operation in the same way, and counts the calls."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: Counter[str] = Counter()
        self.failing: dict[str, OperationFailed] = {}
        monkeypatch.setattr(Aws, "call", self._call)
        monkeypatch.setattr(Aws, "pages", self._pages)

    async def _call(self, operation: str, service: str = "ec2", /, **parameters: Any) -> Any:
        del service, parameters
        self.calls[operation] += 1
        await asyncio.sleep(0)
        if operation in self.failing:
            raise self.failing[operation]
        return ANSWERS[operation]

    async def _pages(
        self, operation: str, key: str, service: str = "ec2", /, **parameters: Any
    ) -> Any:
        return (await self._call(operation, service, **parameters))[key]


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Answering:
    """AWS that always answers."""
    return Answering(monkeypatch)


async def launched(provider: Ec2SpotProvider, token: str) -> str:
    """The id of a new machine of a token."""
    order = replace(ORDER, token=token)
    offer, *_ = await provider.offers(order)
    status = await provider.provision(await provider.freeze(order, offer))
    assert status.instance is not None
    return status.instance.id


def test_the_door(services: LentServices) -> None:
    """The plugin brings one provider, made from its section, without a call of AWS."""
    section = jobsched_config_schemas()["ec2_spot"]().load(
        {"lead": "2m", "alive": 7, "hourly": 9, "per_second": 0.5}
    )
    (provider,) = jobsched_providers({"ec2_spot": section}, services)

    assert (provider.name, provider.status_section) == ("ec2_spot", "aws")
    assert (provider.access, provider.destroys_machine) == (frozenset({"docker_tls"}), True)
    assert provider.lead == timedelta(minutes=2)
    assert provider.caps == Caps(alive=7, hourly=9, per_second=0.5)
    assert provider.settles_within == timedelta(minutes=10)
    assert provider.options_schema is OptionsSchema


def test_by_default_it_is_what_the_design_says(services: LentServices) -> None:
    """Three minutes ahead; 20 machines, 100 launches an hour, 2 a second."""
    provider = Ec2SpotProvider(services, Settings())
    assert (provider.lead, provider.caps) == (
        timedelta(minutes=3),
        Caps(alive=20, hourly=100, per_second=2),
    )


def test_the_status_has_its_keys(services: LentServices) -> None:
    """Those of the seed document come first, with nulls before there is a machine."""
    provider = Ec2SpotProvider(services, Settings())
    assert list(provider.status(None))[:5] == [
        "instance_id",
        "dns_name",
        "ready",
        "ip_address",
        "state",
    ]
    assert provider.status(Instance(id="i-1"))["instance_id"] == "i-1"


async def test_many_launches_share_their_look_ups(
    services: LentServices, aws: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    """L10: 200 at once: one look at subnets, template and image, and one fleet each."""
    monkeypatch.setitem(ANSWERS, "describe_spot_price_history", {"SpotPriceHistory": []})
    provider = Ec2SpotProvider(services, SETTINGS)

    await asyncio.gather(*(launched(provider, f"{number:064x}") for number in range(200)))
    # the price of spot machines is shared too, and nobody knows one here
    del aws.calls["describe_spot_price_history"]
    assert aws.calls == {
        "describe_subnets": 1,
        "describe_launch_template_versions": 1,
        "create_launch_template_version": 1,
        "get_parameter": 1,
        "create_fleet": 200,
    }


async def test_wrong_settings_are_looked_up_anew(services: LentServices, aws: Answering) -> None:
    """After an operator has put right what was wrong, no old look-up is used."""
    provider = Ec2SpotProvider(services, replace(SETTINGS, on_demand="always"))
    aws.failing["create_fleet"] = OperationFailed(
        "configuration", "InvalidSubnetID.NotFound: create_fleet: m", then="breaker"
    )
    with pytest.raises(OperationFailed) as failed:
        await launched(provider, ORDER.token)
    assert failed.value.then == "breaker"

    await provider.freeze(ORDER, (await provider.offers(ORDER))[0])
    assert aws.calls["describe_subnets"] == 2
    assert aws.calls["describe_launch_template_versions"] == 2


@pytest.mark.parametrize(
    "code", ["InvalidLaunchTemplateId.NotFound", "InvalidLaunchTemplateId.VersionNotFound"]
)
async def test_what_was_just_made_may_not_be_shown_yet(
    services: LentServices, aws: Answering, code: str
) -> None:
    """The first launch of a deployment does not stop it: the same request is sent again."""
    provider = Ec2SpotProvider(services, replace(SETTINGS, on_demand="always"))
    aws.failing["create_fleet"] = OperationFailed(
        "configuration", f"{code}: create_fleet: m", then="breaker"
    )
    with pytest.raises(OperationFailed) as failed:
        await launched(provider, ORDER.token)
    assert (failed.value.reason, failed.value.effect, failed.value.then) == (
        "not_shown_yet",
        "none",
        "later",
    )


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize(
    ("codes", "follows"),
    [
        (("InvalidGroup.NotFound", "InvalidGroup.NotFound"), ("not_shown_yet", "next")),
        (("InvalidGroup.NotFound", "InvalidSubnetID.NotFound"), ("configuration", "breaker")),
        (("InvalidGroup.NotFound", "UnauthorizedOperation"), ("configuration", "breaker")),
        (("InvalidAMIID.NotFound",), ("configuration", "breaker")),
    ],
)
async def test_a_pool_may_not_be_shown_a_new_group_yet(
    services: LentServices,
    monkeypatch: pytest.MonkeyPatch,
    codes: tuple[str, ...],
    follows: tuple[str, str],
) -> None:
    """The token of a fleet without a machine is used up: a new launch, and nobody is halted."""
    errors = [{"ErrorCode": code, "ErrorMessage": "m"} for code in codes]
    monkeypatch.setitem(ANSWERS, "create_fleet", {"Errors": errors})
    provider = Ec2SpotProvider(services, replace(SETTINGS, on_demand="always"))
    with pytest.raises(OperationFailed) as failed:
        await launched(provider, ORDER.token)
    assert failed.value.effect == "none"
    assert (failed.value.reason, failed.value.then) == follows


async def test_what_is_not_shown_to_a_repeat_leaves_it_open(
    services: LentServices, aws: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    """L3: the sending before may have seen the template, and made a machine of it."""
    monkeypatch.setitem(ANSWERS, "describe_instances", {"Reservations": []})
    provider = Ec2SpotProvider(services, replace(SETTINGS, on_demand="always"))
    request = await provider.freeze(ORDER, (await provider.offers(ORDER))[0])
    words = "InvalidLaunchTemplateId.NotFound: create_fleet: m"
    aws.failing["create_fleet"] = OperationFailed("configuration", words, then="breaker")
    effects = []
    for _ in range(2):
        with pytest.raises(OperationFailed, match="InvalidLaunchTemplateId") as failed:
            await provider.provision(request)
        assert (failed.value.reason, failed.value.then) == ("not_shown_yet", "later")
        effects.append(failed.value.effect)
    assert effects == ["none", "unknown"]


async def test_provision_looks_nothing_up(services: LentServices, aws: Answering) -> None:
    """L6: all that could change was frozen; a repeat asks only what became of its machine."""
    provider = Ec2SpotProvider(services, replace(SETTINGS, on_demand="always"))
    (offer,) = await provider.offers(ORDER)
    request = await provider.freeze(ORDER, offer)
    frozen = json.loads(request)["fleet"]
    aws.calls.clear()

    await provider.provision(request)
    assert aws.calls == {"create_fleet": 1}
    assert frozen["ClientToken"] == ORDER.token


def test_no_secret_is_shown(services: LentServices, monkeypatch: pytest.MonkeyPatch) -> None:
    """S: neither keys nor the token of a launch stand in what is printed of the provider."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2-hunter2")
    provider = Ec2SpotProvider(services, SETTINGS)
    shown = repr(provider) + repr(vars(provider)) + repr(ORDER)
    assert "hunter2" not in shown
    assert ORDER.callback_token not in shown


async def test_an_offer_may_be_older_than_the_settings(
    services: LentServices, aws: Answering
) -> None:
    """A launch asks for what its attempt was offered, whatever is configured by then."""
    before = Ec2SpotProvider(services, SETTINGS)
    (offer, _) = await before.offers(ORDER)
    after = Ec2SpotProvider(services, replace(SETTINGS, instance_types=("c7i.large",)))

    kept = Offer(label=offer.label, state=json.loads(json.dumps(offer.state)))
    request = await after.freeze(ORDER, kept)
    assert "m7i.large" in request
    assert "c7i.large" not in request
    assert aws.calls["get_parameter"] == 1
