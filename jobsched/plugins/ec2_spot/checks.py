"""What ``jobsched doctor --ec2`` looks at, before the first job does."""

from __future__ import annotations

from jobsched.contracts.check import Check
from jobsched.contracts.services import Services
from jobsched.plugins.ec2_spot.checks_account import Credentials, Region
from jobsched.plugins.ec2_spot.checks_callback import Callback
from jobsched.plugins.ec2_spot.checks_change import RightToChange, RightToPrices
from jobsched.plugins.ec2_spot.checks_clock import Skew
from jobsched.plugins.ec2_spot.checks_machine import Image, InstanceProfile, InstanceTypes, KeyPair
from jobsched.plugins.ec2_spot.checks_network import Groups, Subnets
from jobsched.plugins.ec2_spot.checks_rights import (
    RightToLaunch,
    RightToLook,
    RightToMake,
    RightToTerminate,
)
from jobsched.plugins.ec2_spot.checks_template import LaunchTemplate
from jobsched.plugins.ec2_spot.checks_volumes import Volumes
from jobsched.plugins.ec2_spot.client import Aws
from jobsched.plugins.ec2_spot.network import Network
from jobsched.plugins.ec2_spot.settings import Settings


def checks_of(services: Services, settings: Settings) -> list[Check]:
    """Give them in the order in which they are told: what others stand on comes first."""
    aws = Aws(services, region=settings.region, endpoint_url=settings.endpoint_url)
    network = Network(aws, services.clock, settings.subnets)
    deployment = services.deployment
    found: list[Check] = [
        Credentials(aws),
        Region(aws, services),
        Skew(aws),
        RightToLook(aws),
        RightToLaunch(aws, network, settings, deployment),
        RightToMake(aws, network, settings, deployment),
        RightToTerminate(aws, deployment),
        RightToChange(aws, settings, deployment),
        RightToPrices(aws, settings),
        Image(aws, settings),
        Subnets(aws, network, settings),
        Groups(aws, network, settings, deployment),
        InstanceTypes(aws, network, settings),
        LaunchTemplate(aws, settings, deployment),
        Volumes(aws, deployment),
    ]
    if settings.key_name:
        found.append(KeyPair(aws, settings.key_name))
    if settings.instance_profile:
        found.append(InstanceProfile(aws, settings.instance_profile))
    return [*found, Callback(aws, services, settings)]


__all__ = ["checks_of"]
