"""Getting an image: the one that was meant, and what it means that it cannot be had."""

from __future__ import annotations

import secrets
from dataclasses import replace

from jobsched.contracts.order import ContainerOrder, Credential
from jobsched.contracts.runner import Runner
from jobsched.errors import OperationFailed, Then
from jobsched.testing.conformance import document
from jobsched.testing.conformance.breach import expect
from jobsched.testing.conformance.containers import Containers
from jobsched.testing.conformance.promise import promised

DO = (
    "Tell the registry's answers apart: no such image, and credentials that are missing or wrong, "
    "fail every time; a registry that cannot tell now may do so later."
)


class RunnerImage:
    """`prepare`, and where the image comes from; where `has_images` is False any name will do."""

    @promised(by=Runner.prepare, that="image_not_found: its registry has no such image", do=DO)
    async def test_a_missing_image_fails_the_attempt(self, containers: Containers) -> None:
        """To ask again would not help."""
        with containers.images.one_that_is_missing() as image:
            await _is_refused(containers, image, "image_not_found", "fail")

    @promised(
        by=Runner.prepare,
        that="credentials: its registry wants others than order.credential, or any",
        do=DO,
    )
    async def test_a_private_image_needs_its_credential(self, containers: Containers) -> None:
        """Without one and with a wrong one the attempt fails; no message shows the wrong one."""
        wrong = Credential(username="conformance", password=secrets.token_hex(16))
        with containers.images.one_that_is_private() as image:
            for credential in (None, wrong):
                told = await _is_refused(containers, image, "credentials", "fail", credential)
                expect(wrong.password not in told, "the message holds the password")

    @promised(
        by=Runner.prepare,
        that='pull_failed (then="later"): the image may be there, but cannot be had now',
        do=DO,
    )
    async def test_a_silent_registry_is_asked_again_later(self, containers: Containers) -> None:
        """Nothing is said against the image."""
        with containers.images.one_that_is_out_of_reach() as image:
            await _is_refused(containers, image, "pull_failed", "later")

    @promised(
        by=ContainerOrder,
        that="the digest or image id that an earlier attempt resolved the name to; used as it is",
        do="Give in Container.image what names exactly this image, and take order.pinned for it.",
    )
    async def test_a_pinned_image_is_used_as_it_is(self, containers: Containers) -> None:
        """The next attempt runs what the first one ran."""
        order = containers.order(containers.programs.ends_with(0))
        first = await containers.prepare(order)
        is_named = document.is_text(first.image) or not containers.has_images
        expect(is_named, f"the answer of prepare has the image {first.image!r}")
        pinned = replace(containers.again(order), pinned=first.image)
        again = await containers.prepare(pinned)
        expect(again.image == first.image, f"{first.image} was pinned, and it is {again.image}")

    @promised(
        by=ContainerOrder,
        that="empty for the image's own command",
        do="Give the engine no command then; where there is none, refuse the order for good: "
        "RunnerFailed('configuration', …, then='fail').",
    )
    async def test_an_order_may_have_no_command(self, containers: Containers) -> None:
        """The image says what is run; one that says nothing is refused for good."""
        try:
            container = await containers.prepare(containers.order(()))
        except OperationFailed as error:
            expect(error.then == "fail", f"it raised {error.reason!r} with then={error.then!r}")
            return
        status = await containers.inspect(container)
        expect(status.phase == "created", f"inspect gave {status}")


async def _is_refused(
    containers: Containers,
    image: str,
    reason: str,
    then: Then,
    credential: Credential | None = None,
) -> str:
    """Order a container of an image that cannot be had; give what was said to it."""
    order = replace(
        containers.order(containers.programs.ends_with(0)), image=image, credential=credential
    )
    try:
        container = await containers.prepare(order)
    except OperationFailed as error:
        expect(containers.has_images, f"has_images is False, and {image} was refused: {error}")
        found = (error.reason, error.then)
        seen = f"of {image} it raised reason={error.reason!r}, then={error.then!r}"
        expect(found == (reason, then), f"{seen}; it is {reason!r}, {then!r}")
        return error.message
    expect(not containers.has_images, f"it prepared {container} of {image}, which nobody has")
    return ""


__all__ = ["RunnerImage"]
