"""Fixtures that an author may give, and need not."""

from dataclasses import dataclass

import pytest

from jobsched.testing.conformance.fixture import deployment_of, optional


@pytest.fixture
def given() -> str:
    """What an author gave."""
    return "given"


@pytest.fixture
def needs_more(nowhere: str) -> str:
    """What cannot be made."""
    return nowhere


def test_the_authors_fixture_goes_first(request: pytest.FixtureRequest) -> None:
    """A fixture is taken wherever it is defined; without one it is the default."""
    assert optional(request, "given", "usual") == "given"
    assert optional(request, "nowhere_at_all", "usual") == "usual"


def test_a_fixture_that_cannot_be_made_is_an_error(request: pytest.FixtureRequest) -> None:
    """What the author's fixture needs and has not is told, and not passed over."""
    with pytest.raises(pytest.FixtureLookupError) as caught:
        optional(request, "needs_more", "usual")
    assert caught.value.argname == "nowhere"


class TestServices:
    """The deployment is that of the services."""

    @dataclass
    class Services:
        """What a plugin is made from."""

        deployment: str = "theirs"

    @pytest.fixture
    def services(self) -> Services:
        """Services of the author."""
        return self.Services()

    def test_the_deployment_is_that_of_the_services(self, request: pytest.FixtureRequest) -> None:
        """Plugins that look for their own machines look for this deployment's."""
        assert deployment_of(request) == "theirs"

    class TestNamed:
        """The deployment has a fixture of its own."""

        @pytest.fixture
        def deployment(self) -> str:
            """Named by the author."""
            return "named"

        def test_it_goes_first(self, request: pytest.FixtureRequest) -> None:
            """What is named is taken."""
            assert deployment_of(request) == "named"
