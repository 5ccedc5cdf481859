"""Messages of marshmallow become sentences by field path."""

from jobsched.schemas.error import by_field


def test_nested_messages_are_flattened() -> None:
    """A path joins names and positions; what is about an object stands under its name."""
    messages = {
        "env": {1: ["write each entry as NAME=value"]},
        "retry": {"_schema": ["a"], "on": {0: ["b", "c"]}},
        "_schema": ["d"],
    }

    assert by_field(messages) == {
        "env.1": ["write each entry as NAME=value"],
        "retry": ["a"],
        "retry.on.0": ["b", "c"],
        "body": ["d"],
    }


def test_a_bare_message_is_about_the_body() -> None:
    """A message without a field is about the whole."""
    assert by_field("a") == {"body": ["a"]}
