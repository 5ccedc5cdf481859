"""What a plugin hands over: abstract classes and the data that passes through them.

Each docstring says when a method is called, whether it is repeated, what it raises and how long it
may take.
"""
