"""Write the reference of hooks and contracts anew: ``python -m tools.reference``."""

from tools.reference.pages import pages

for path, text in pages().items():
    path.write_text(text, encoding="utf-8")
    print(path)
