"""Imported by the fork server, and by nobody else: it alone has limits that no campaign reaches."""

import os

from tests.campaigns.nursery import PLENTY, warm

os.environ |= PLENTY
warm()
