"""Metrics are lines of the log in which CloudWatch finds numbers (embedded metric format)."""

from collections.abc import Mapping
from typing import Any

from chalicelib.core.config import settings

_UNITS = ("Milliseconds", "Seconds", "Percent")


def counted(*dimensions: Mapping[str, str], **values: float) -> dict[str, Any]:
    """Return what a line has to carry so that the values count, by each set of dimensions."""
    # Those who count nothing, as the API, need not wait for it.
    from aws_lambda_powertools.metrics.provider.cloudwatch_emf import cloudwatch  # noqa: PLC0415

    first, *others = dimensions or ({},)
    line = cloudwatch.AmazonCloudWatchEMFProvider(
        namespace=settings().metrics_namespace, dimension_set=dict(first)
    )
    for other in others:
        line.add_dimensions(**other)
    for name, value in values.items():
        line.add_metric(name, unit=_unit(name), value=value)
    return dict(line.serialize_metric_set())


def _unit(name: str) -> str:
    return next((unit for unit in _UNITS if name.endswith(unit)), "Count")
