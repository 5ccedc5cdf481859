"""A model of EC2 for virtual time: the rules of the fake EC2, and faults by chance.

`ModelEc2` is what all workers share: machines, tokens, disks. `ModelProvider` is one worker's way
to it, and says what the provider ``ec2_spot`` would say. Nothing of moto or boto3 is needed.
"""

from __future__ import annotations

from jobsched.testing.model_ec2.ec2 import ModelEc2
from jobsched.testing.model_ec2.faults import CALM, FAULTS, Chance
from jobsched.testing.model_ec2.provider import ModelProvider

__all__ = ["CALM", "FAULTS", "Chance", "ModelEc2", "ModelProvider"]
