"""The fault tables: each row with its mechanism, its test, and the line that the test holds."""
