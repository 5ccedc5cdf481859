"""The plugin door: what can be brought, how it is loaded, what was brought, and telling everybody."""
