"""The IAM policy that workers and the doctor need at AWS: exactly what this plugin calls.

``python -m jobsched.plugins.ec2_spot.policy DEPLOYMENT REGION ACCOUNT`` prints it; the page
``docs/how-to/aws-policy.md`` explains each statement. Resources and condition keys are those of
"Actions, resources, and condition keys for Amazon EC2" in the Service Authorization Reference.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any, Final

from jobsched.domain.job import Json
from jobsched.plugins.ec2_spot import tags

#: a fleet launches with the caller's own rights, so both are asked for
LAUNCH: Final = ("ec2:CreateFleet", "ec2:RunInstances")
#: what they cannot be limited to: EC2 knows no resource for them
LOOK: Final = (
    "ec2:DescribeInstances",
    "ec2:DescribeLaunchTemplateVersions",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSpotPriceHistory",
    "ec2:DescribeSubnets",
    "ec2:DescribeVolumes",
)
#: what ``jobsched doctor`` describes besides; a launch needs none of it
EXAMINE: Final = (
    "ec2:DescribeImages",
    "ec2:DescribeInstanceTypeOfferings",
    "ec2:DescribeKeyPairs",
)
#: what a machine is made of; not made by a launch, or not tagged by it
USED: Final = (
    "key-pair",
    "network-interface",
    "security-group",
    "spot-instances-request",
    "subnet",
)
#: public ones belong to no account
PUBLIC: Final = ("image", "snapshot")
LAUNCHED: Final = ("fleet", "instance", "volume")
MAKE: Final = ("ec2:CreateLaunchTemplate", "ec2:CreateSecurityGroup")
MADE: Final = ("launch-template", "security-group")
CHANGE: Final = (
    "ec2:AuthorizeSecurityGroupIngress",
    "ec2:CreateLaunchTemplateVersion",
    "ec2:DeleteVolume",
    "ec2:RevokeSecurityGroupIngress",
    "ec2:TerminateInstances",
)
CHANGED: Final = ("instance", "launch-template", "security-group", "volume")
TAGGING: Final = ("CreateFleet", "CreateLaunchTemplate", "CreateSecurityGroup", "RunInstances")
#: where AWS publishes the images that are used where none is configured
IMAGES: Final = "aws/service/ecs/optimized-ami/*"


def document(
    *,
    deployment: str,
    region: str,
    account: str,
    partition: str = "aws",
    role: str | None = None,
    prices: bool = True,
) -> Json:
    """Give the policy. Pure.

    Args:
        deployment: the deployment's id; only what carries it as a tag is made, changed or removed.
        region: the region of the machines.
        account: the 12 digits of the account.
        partition: ``aws``, ``aws-cn``, ``aws-us-gov``.
        role: ARN of the role in the machines' instance profile, if one is configured.
        prices: whether list prices of on-demand machines may be asked for.
    """

    def named(*kinds: str, owner: str = account) -> list[str]:
        return [f"arn:{partition}:ec2:{region}:{owner}:{kind}/*" for kind in kinds]

    made = {"StringEquals": {f"aws:RequestTag/{tags.DEPLOYMENT}": deployment}}
    ours = {"StringEquals": {f"aws:ResourceTag/{tags.DEPLOYMENT}": deployment}}
    here = {"StringEquals": {"aws:RequestedRegion": region}}
    profiles = f"arn:{partition}:iam::{account}:instance-profile/*"
    parameters = f"arn:{partition}:ssm:{region}::parameter/{IMAGES}"
    creating = {"StringEquals": {**made["StringEquals"], "ec2:CreateAction": list(TAGGING)}}
    return {
        "Version": "2012-10-17",
        "Statement": [
            _allow("Look", LOOK, ["*"], here),
            _allow("Examine", EXAMINE, ["*"], here),
            _allow("LaunchWith", LAUNCH, [*named(*PUBLIC, owner=""), *named(*USED)]),
            _allow("LaunchFromOurTemplate", LAUNCH, named("launch-template"), ours),
            _allow("LaunchOurs", LAUNCH, named(*LAUNCHED), made),
            _allow("MakeOurs", MAKE, named(*MADE), made),
            _allow("MakeGroupIn", ["ec2:CreateSecurityGroup"], named("vpc")),
            _allow("TagWhatIsMade", ["ec2:CreateTags"], named(*LAUNCHED, *MADE), creating),
            _allow("ChangeOurs", CHANGE, named(*CHANGED), ours),
            _allow("FindImage", ["ssm:GetParameter"], [parameters]),
            *([_allow("AskListPrices", ["pricing:GetProducts"], ["*"])] if prices else []),
            *([_passed(role), _seen(profiles)] if role else []),
        ],
    }


def _passed(role: str) -> Json:
    to_machines = {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}
    return _allow("GiveMachinesTheirRole", ["iam:PassRole"], [role], to_machines)


def _seen(profiles: str) -> Json:
    return _allow("ExamineProfile", ["iam:GetInstanceProfile"], [profiles])


def _allow(sid: str, actions: Iterable[str], resources: Sequence[str], *when: Any) -> Json:
    allowed = {
        "Sid": sid,
        "Effect": "Allow",
        "Action": list(actions),
        "Resource": list(resources),
    }
    return {**allowed, "Condition": when[0]} if when else allowed


def main(words: Sequence[str] | None = None) -> None:
    """Print the policy."""
    parser = argparse.ArgumentParser(prog="python -m jobsched.plugins.ec2_spot.policy")
    parser.description = "Print the IAM policy that jobsched needs to launch machines of EC2."
    parser.add_argument("deployment", help="the deployment's id")
    parser.add_argument("region", help="the region of the machines, as us-east-1")
    parser.add_argument("account", help="the account, 12 digits")
    parser.add_argument("--partition", default="aws", help="aws, aws-cn or aws-us-gov")
    parser.add_argument("--role", help="ARN of the role in the machines' instance profile")
    parser.add_argument("--no-prices", dest="prices", action="store_false")
    policy = document(**vars(parser.parse_args(words)))
    sys.stdout.write(json.dumps(policy, indent=2) + "\n")


if __name__ == "__main__":
    main()


__all__ = ["document", "main"]
