"""Launch templates: moto keeps them; their descriptions are given whole and page by page."""

from __future__ import annotations

from typing import Any

from jobsched.testing.ec2.account import Account
from jobsched.testing.ec2.cloud import Cloud
from jobsched.testing.ec2.filtering import page, wanted_by


def describe(cloud: Cloud, account: Account, asked: dict[str, Any]) -> dict[str, Any]:
    """Answer DescribeLaunchTemplates.

    Raises:
        Refusal: one that is asked for by id or name is not there.
    """
    named = [{"LaunchTemplateId": one} for one in asked.get("LaunchTemplateIds") or ()]
    named += [{"LaunchTemplateName": one} for one in asked.get("LaunchTemplateNames") or ()]
    wanted = [account.template_of(one) for one in named] if named else account.templates()
    reads = {"launch-template-name": lambda one: [one.name]}
    shown, more = page(wanted_by(asked, wanted, reads), asked, cloud.switches.page_size)
    return {"LaunchTemplates": [_described(one) for one in shown], **more}


def describe_versions(cloud: Cloud, account: Account, asked: dict[str, Any]) -> dict[str, Any]:
    """Answer DescribeLaunchTemplateVersions, newest first.

    Raises:
        Refusal: no such template or version.
    """
    one = account.template_of(asked)
    told = asked.get("Versions")
    numbers = (
        [int(account.template(asked | {"Version": word})[0]["Version"]) for word in told]
        if told
        else range(len(one.versions), 0, -1)
    )
    bounds = int(asked.get("MinVersion") or 1), int(asked.get("MaxVersion") or len(one.versions))
    inside = [number for number in numbers if bounds[0] <= number <= bounds[1]]
    shown, more = page(inside, asked, cloud.switches.page_size)
    versions = [_version(one, number) for number in shown]
    return {"LaunchTemplateVersions": versions, **more}


def _described(one: Any) -> dict[str, Any]:
    return {
        "LaunchTemplateId": one.id,
        "LaunchTemplateName": one.name,
        "CreateTime": one.create_time,
        "DefaultVersionNumber": one.default_version_number,
        "LatestVersionNumber": len(one.versions),
        "Tags": one.tags,
    }


def _version(one: Any, number: int) -> dict[str, Any]:
    version = one.versions[number - 1]
    data = dict(version.data)
    # moto adds the tags of the template itself, which AWS does not.
    kinds = [tag for tag in data.get("TagSpecifications") or () if not _is_own(tag)]
    return {
        "LaunchTemplateId": one.id,
        "LaunchTemplateName": one.name,
        "VersionNumber": number,
        "VersionDescription": version.description,
        "CreateTime": version.create_time,
        "DefaultVersion": one.default_version_number == number,
        "LaunchTemplateData": data | {"TagSpecifications": kinds},
    }


def _is_own(tag: dict[str, Any]) -> bool:
    return bool(tag.get("ResourceType") == "launch-template")


__all__ = ["describe", "describe_versions"]
