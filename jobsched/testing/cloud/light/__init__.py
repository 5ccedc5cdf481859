"""The light machine's stand-in for systemd: it runs inside the machine, on Debian's own Python.

It knows what user data needs of `systemctl` and of unit files, and keeps to systemd's protocols
where programs speak them (sockets that are passed on, readiness that is told). It is copied into
the image, so it imports nothing but the standard library and itself.
"""

from __future__ import annotations
