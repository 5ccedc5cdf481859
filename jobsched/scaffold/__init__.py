"""A new plugin: a small complete package that installs and passes its own tests."""
