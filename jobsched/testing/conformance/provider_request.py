"""From an order to a frozen request: nothing has happened yet."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from jobsched.contracts.provider import Provider
from jobsched.engine.answer import LONGEST_TEXT
from jobsched.errors import OperationFailed
from jobsched.testing.conformance import document, stored
from jobsched.testing.conformance.breach import expect
from jobsched.testing.conformance.machines import Machines
from jobsched.testing.conformance.promise import promised


class ProviderRequest:
    """Offers, and rendering a request."""

    @promised(
        by=Provider.offers,
        that="Say in which ways a machine could be had; at least one",
        do="Give a list of Offer with a short label each; raise ProviderFailed if there is none.",
    )
    async def test_there_is_an_offer_with_a_label(self, machines: Machines) -> None:
        """Each order has at least one offer, and each offer a label for people."""
        offers = await machines.ask(machines.provider.offers(machines.order()))
        expect(offers, "offers gave none")
        for offer in offers:
            label = getattr(offer, "label", None)
            expect(document.is_text(label), f"offers gave {offer!r}, which has no label")

    @promised(
        by=Provider,
        that="are stored: small JSON that comes back as it was",
        do=stored.DO,
    )
    async def test_offers_come_back_from_the_store(self, machines: Machines) -> None:
        """What a provider keeps in an offer is the same after a restart."""
        stored.offers(await machines.ask(machines.provider.offers(machines.order())))

    @promised(
        by=Provider.freeze,
        that="Render the whole request as JSON",
        do="Give json.dumps({…}, sort_keys=True) of all that provision needs.",
    )
    async def test_the_request_is_json(self, machines: Machines) -> None:
        """Of each offer the request is a text with one JSON object in it, and not too long."""
        order = machines.order()
        for offer in await machines.offers(order):
            request = await machines.ask(machines.provider.freeze(order, offer))
            document.parsed(request, "freeze")
            size = len(request.encode())
            expect(size <= LONGEST_TEXT, f"the request of {offer.label!r} has {size} bytes")

    @promised(
        by=Provider.offers,
        that='then="fail": nothing that there is can serve this job',
        do="Raise ProviderFailed('no_such_machine', …, then='fail'), or offer what there is.",
    )
    async def test_an_order_may_be_too_large(self, machines: Machines) -> None:
        """What nobody has is refused as an expected failure, or offered by who does not look."""
        order = machines.order()
        resources = {**order.resources, "vcpus": 100_000, "memory_mib": 2**40, "gpus": 10_000}
        early = replace(order, launch=0, token="", callback_token="", resources=resources)
        try:
            offers = await machines.ask(machines.provider.offers(early))
        except OperationFailed as error:
            expect(error.then == "fail", f"it raised {error.reason!r} with then={error.then!r}")
            return
        expect(offers, "offers gave none", do="Raise ProviderFailed if there is none.")

    @promised(
        by=Provider.freeze,
        that="The same order and offer give the same bytes",
        do="Leave clock, random numbers and the order of sets out of it; sort the keys.",
    )
    async def test_a_request_is_always_the_same_bytes(self, machines: Machines) -> None:
        """Rendered again, later and by another worker, it is the same text."""
        order = machines.order()
        (offer, *_) = await machines.ask(machines.provider.offers(order))
        first = await machines.ask(machines.provider.freeze(order, offer))
        # A time in whole seconds shows only in another second.
        await asyncio.sleep(machines.freezes_apart.total_seconds())
        for provider in (machines.provider, machines.another):
            again = await machines.ask(provider.freeze(order, offer))
            expect(again == first, f"freeze gave\n    {first}\n  and then\n    {again}")

    @promised(
        by=Provider.freeze,
        that="has no effect that costs money",
        do="Ask for the machine in provision, and only there.",
    )
    async def test_a_frozen_request_has_no_machine(self, machines: Machines) -> None:
        """Before a request is sent there is nothing to be found of it."""
        order = machines.order()
        await machines.freeze(order)
        for provider in (machines.provider, machines.another):
            found = await machines.ask(provider.find(order.token))
            expect(found is None or found.instance is None, f"find gave {found}")
            seen = await machines.ask(provider.describe_all({}))
            expect(order.token not in seen, f"describe_all shows {seen.get(order.token)}")

    @promised(
        by=Provider,
        that="hold no secret; neither does a repr, nor status",
        do="Keep credentials out of dataclass reprs (field(repr=False)), states and the status; "
        "what a machine posts with belongs into the request and the machine's user data alone.",
    )
    async def test_secrets_are_shown_nowhere(self, machines: Machines) -> None:
        """Neither the token of the callbacks nor a secret that the author named is shown."""
        order = machines.order()
        offers = await machines.ask(machines.provider.offers(order))
        request = await machines.ask(machines.provider.freeze(order, offers[0]))
        launched = await machines.send(order, request)
        found = await machines.find(order.token)
        seen = await machines.describe(launched)
        section = machines.provider.status(launched.instance)
        shown = {
            "repr(provider)": machines.provider,
            "Offer": offers,
            "the answer of provision": launched.status,
            "the answer of find": found,
            "the answer of describe_all": seen,
            "status": section,
        }
        for where, what in shown.items():
            for secret in (order.callback_token, *machines.secrets):
                # Not told which: a report is shown, too.
                expect(secret not in repr(what), f"{where} holds a secret")
        for secret in machines.secrets:
            expect(secret not in request, "the request holds a secret")

    @promised(
        by=Provider.offers,
        that="has no effect",
        do="Look up prices and images if need be, and leave everything as it is.",
    )
    async def test_offers_do_not_need_a_token(self, machines: Machines) -> None:
        """Offers are asked before there is a launch, and ask for nothing themselves."""
        order = replace(machines.order(), launch=0, token="", callback_token="")
        before = await machines.ask(machines.provider.describe_all({}))
        await machines.ask(machines.provider.offers(order))
        after = await machines.ask(machines.provider.describe_all({}))
        new = after.keys() - before.keys()
        expect("" not in new, f"after offers describe_all shows {after.get('')}")


__all__ = ["ProviderRequest"]
