"""An operator's question: so many jobs, such machines, these caps: how late, how many, what cost.

A scenario (`read.read`) is played by the production code in virtual time (`play.play`), and looked
at (`answer.answered`): as one JSON object (`document.document`), as a picture (`picture.draw`). No
network fails here: it is a question about capacity, not a proof.
"""
