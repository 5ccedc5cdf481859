"""What comes in and goes out, checked by marshmallow: configuration, jobs, callbacks, errors."""
