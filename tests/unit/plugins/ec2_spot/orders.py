"""An order for a machine, and what was looked up for it."""

from datetime import UTC, datetime

from jobsched.contracts.order import MachineOrder
from jobsched.domain.job import JobId
from jobsched.plugins.ec2_spot.network import Subnet
from jobsched.plugins.ec2_spot.template import Version

ORDER = MachineOrder(
    deployment="test",
    job=JobId("j" * 32),
    attempt=2,
    launch=3,
    token="0123abcd" * 8,
    boot_script="echo ready\n",
    dies_at=datetime(2026, 11, 25, 15, 30, 10, tzinfo=UTC),
    callback_url="https://jobs.example.com/callback",
    callback_token="token-of-this-launch",
)
SUBNETS = tuple(
    Subnet(id=f"subnet-{zone}", zone=f"us-east-1{zone}", vpc="vpc-1", free=250) for zone in "abcdef"
)
VERSION = Version(id="lt-1", number="7")
IMAGE = "ami-0123456789abcdef0"
