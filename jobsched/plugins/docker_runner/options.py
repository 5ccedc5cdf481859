"""What a job may ask of this runner: ``options.docker_runner``."""

from __future__ import annotations

from marshmallow import RAISE, Schema, fields, validate

#: The default of Linux for one argument (MAX_ARG_STRLEN); nothing longer can be run.
LONGEST_WORD = 131_071
_NO_NUL = validate.Regexp(r"[^\0]*\Z", error="No NUL characters.")


class OptionsSchema(Schema):
    """Settings of one container. All of them narrow what it may do, or say what it runs."""

    class Meta:
        """Settings of marshmallow."""

        unknown = RAISE

    user = fields.String(
        validate=validate.Regexp(
            # A name or number, and a group; as useradd allows them, and never empty.
            r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,63})?\Z",
            error="Write a user as name, name:group, or numbers.",
        ),
        metadata={"description": "who runs the command: name or number, with an optional group"},
    )
    working_dir = fields.String(
        validate=[
            validate.Length(max=4096),
            validate.Regexp(r"/[^\0\n]*\Z", error="Write an absolute path."),
        ],
        metadata={"description": "absolute path of the folder the command starts in"},
    )
    entrypoint = fields.List(
        fields.String(validate=[validate.Length(max=LONGEST_WORD), _NO_NUL]),
        validate=validate.Length(min=1, max=128),
        metadata={"description": "words in the place of the image's entry point"},
    )
    read_only = fields.Boolean(
        truthy={True},
        falsy={False},
        metadata={"description": "the container's root file system cannot be written"},
    )
    shm_size_mib = fields.Integer(
        validate=validate.Range(min=1, max=1024),
        metadata={"description": "size of /dev/shm"},
    )


__all__ = ["OptionsSchema"]
