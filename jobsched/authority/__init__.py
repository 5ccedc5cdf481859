"""The deployment's certificate authority: what its machines trust, and what its workers show.

A machine trusts one certificate, ``ca-cert.pem``, and lets in whoever shows one that it has signed.
The workers show ``client-cert.pem``. The machine's own certificate has nothing to do with it: each
machine makes one, and the workers know it by its fingerprint.
"""

from jobsched.authority.folder import CA_CERTIFICATE, CA_KEY, CERTIFICATE, FOLDER, KEY, init

__all__ = ["CA_CERTIFICATE", "CA_KEY", "CERTIFICATE", "FOLDER", "KEY", "init"]
