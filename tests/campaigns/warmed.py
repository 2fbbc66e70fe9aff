"""Imported by the fork server, and by nobody else."""

from tests.campaigns.nursery import warm

warm()
