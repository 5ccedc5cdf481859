"""The shell: one verb in one file.

Save what was recorded, carry out what is due, tell the plugins.
"""
