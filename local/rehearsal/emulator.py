"""The AWS that the rehearsal is made on: an emulator that runs the functions with Lambda's Python
and lets each role do what its policy says."""

import ssl
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from urllib.request import urlopen

from local.aws import HEALTH
from local.home import CHECKOUT
from local.ports import HOST
from local.service import Service
from local.settings import REGION, process_environment

ACCOUNT = "000000000000"
KEY, SECRET = "rehearsal", "rehearsal"
PYTHON = CHECKOUT / "build" / "emulator" / "bin" / "python"

_WITNESS = Path(__file__).with_name("witness.py")
_ANSWER_SECONDS = 2.0


@dataclass(frozen=True)
class Emulator:
    folder: Path
    port: int

    @property
    def url(self) -> str:
        return f"https://{HOST}:{self.port}"

    @property
    def certificate(self) -> Path:
        return self.folder / "ministack-tls" / "server.crt"

    @property
    def witnessed(self) -> Path:
        return self.folder / "witnessed.jsonl"

    @property
    def credentials(self) -> dict[str, str]:
        """Return what makes a program take it for AWS."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_CA_BUNDLE": str(self.certificate),
            "REQUESTS_CA_BUNDLE": str(self.certificate),
        }

    def service(self) -> Service:
        return Service(
            "emulator",
            [PYTHON, _WITNESS],
            process_environment(
                {
                    "AWS_ACCESS_KEY_ID": KEY,
                    "AWS_SECRET_ACCESS_KEY": SECRET,
                    "BIND_HOST": HOST,
                    "GATEWAY_PORT": str(self.port),
                    "MINISTACK_HOST": HOST,
                    "MINISTACK_REGION": REGION,
                    "USE_SSL": "1",
                    "AUTH": "true",
                    "IOT_MTLS_ENABLED": "0",
                    "DOCKER_HOST": "unix:///nonexistent",
                    "LOG_LEVEL": "WARNING",
                    "TMPDIR": str(self.folder),
                    "S3_DATA_DIR": str(self.folder / "s3"),
                    "STATE_DIR": str(self.folder / "state"),
                    "WITNESS": str(self.witnessed),
                }
            ),
            is_ready=self._answers,
            port=self.port,
            directory=self.folder,
        )

    def _answers(self) -> bool:
        try:
            trusted = ssl.create_default_context(cafile=str(self.certificate))
            with urlopen(self.url + HEALTH, timeout=_ANSWER_SECONDS, context=trusted) as answer:  # noqa: S310 - ours
                return bool(answer.status == HTTPStatus.OK)
        except OSError:  # no certificate yet, or nobody there
            return False
