"""The AWS emulator."""

import sys
from collections.abc import Mapping
from pathlib import Path

from local.ports import HOST, answers_http
from local.service import Service
from local.settings import REGION, process_environment

HEALTH = "/_ministack/health"

_NO_DOCKER = "unix:///nonexistent"


def server(data: Path, port: int, settings: Mapping[str, str]) -> Service:
    """Describe the emulator; the keys in the settings are those it accepts."""
    scratch = data / "tmp"
    for directory in (data, scratch):
        directory.mkdir(mode=0o700, exist_ok=True)
    keys = {name: settings[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
    configuration = {
        "BIND_HOST": HOST,
        "GATEWAY_PORT": str(port),
        "MINISTACK_HOST": HOST,
        "MINISTACK_REGION": REGION,
        # Refuse unsigned requests and unknown keys as AWS does. It refuses presigned URLs that
        # are expired or altered in any case.
        "AUTH": "true",
        "IOT_MTLS_ENABLED": "0",
        "PERSIST_STATE": "1",
        "STATE_DIR": str(data / "state"),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(data / "s3"),
        "DOCKER_HOST": _NO_DOCKER,
        "LOG_LEVEL": "WARNING",
        "TMPDIR": str(scratch),
    }
    return Service(
        "aws",
        [sys.executable, "-m", "ministack"],
        process_environment({**keys, **configuration}),
        is_ready=lambda: answers_http(port, HEALTH),
        port=port,
        directory=data,
    )
