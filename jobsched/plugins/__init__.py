"""The default plugins; they enter by the same door as anybody else's, and nobody imports them."""
