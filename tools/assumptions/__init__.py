"""Checks on a real AWS account that EC2 behaves as the fake of `jobsched.testing.ec2` does.

By hand only: `python -m tools.assumptions --region eu-central-1`. Each rule of
`docs/explanation/assumptions.md` has one check, of the same name.
"""
