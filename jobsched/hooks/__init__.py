"""The plugin door: what can be brought, how it is loaded, what was brought, whom to tell."""
