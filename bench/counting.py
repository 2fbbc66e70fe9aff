"""The worker, and what its first metric makes it import."""

import aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch  # noqa: F401

import chalicelib.workers.persona_generator  # noqa: F401
