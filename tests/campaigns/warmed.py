"""Imported by the fork server, and by nobody else: it alone has limits that no campaign reaches."""

import os

from tests.campaigns.nursery import warm

PLENTY = {"DAILY_TEXTS": "1000000", "DAILY_IMAGES": "1000000", "DAILY_BUDGET_DOLLARS": "1000000"}

os.environ |= PLENTY
warm()
