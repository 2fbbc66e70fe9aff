"""GET /personas/me, written by hand for that one request: the standard library and two drivers.

It checks the same token, reads the same columns in one prepared statement, signs the same URL and
answers with the same body and headers. It has no layers, no second route and no error handling.
"""

import hmac
import json
import time
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TextIO

import boto3
import psycopg2
from botocore.config import Config

PREPARE = """
PREPARE me (uuid) AS
SELECT p.id, p.name, p.source, p.description, p.visibility, p.motto, p.motto_tone, p.summary,
       p.greeting, p.examples, p.style, p.traits, p.system_prompt, p.warnings, p.version,
       p.created_at, p.published_at, i.id, i.key, i.width, i.height, i.mime, i.model,
       i.requested_model, j.id, j.status, j.step, j.progress, j.attempt, j.error, j.updated_at
FROM users u
JOIN personas p ON p.id = u.primary_persona_id
LEFT JOIN persona_images i ON i.id = p.current_image_id
LEFT JOIN jobs j ON j.id = p.job_id
WHERE u.id = $1
"""
STATUS = {
    "queued": "pending",
    "running": "generating",
    "succeeded": "ready",
    "failed": "failed",
    "cancelled": "failed",
}
SIGNED_FOR = 60


class Floor:
    def __init__(self, env: Mapping[str, str], log: TextIO) -> None:
        connection = psycopg2.connect(env["DATABASE_URL"].replace("+psycopg2", ""))
        connection.autocommit = True
        self._cursor = connection.cursor()
        self._cursor.execute(PREPARE)
        self._keys = {
            kid: secret.encode() for kid, secret in json.loads(env["ACCESS_TOKEN_KEYS"]).items()
        }
        config = Config(signature_version="s3v4", s3={"addressing_style": "path"})
        self._s3 = boto3.client("s3", config=config)
        self._bucket = env["MEDIA_BUCKET"]
        self._log = log

    def __call__(self, event: Mapping[str, Any], _context: object) -> dict[str, Any]:
        started = time.perf_counter()
        token = event["headers"]["Authorization"].removeprefix("Bearer ")
        self._cursor.execute("EXECUTE me (%s)", (self._subject(token),))
        row = self._cursor.fetchone()
        image = self._image(row)
        about = event["requestContext"]
        answer = {
            "statusCode": 200,
            "headers": headers(row, image, request_id=about["requestId"]),
            "body": json.dumps(body(row, image)),
        }
        self._write(about, (time.perf_counter() - started) * 1000)
        return answer

    def _subject(self, token: str) -> str:
        signed, _, signature = token.rpartition(".")
        header, _, payload = signed.partition(".")
        key = self._keys[json.loads(_decoded(header))["kid"]]
        digest = hmac.digest(key, signed.encode(), "sha256")
        claims: dict[str, Any] = json.loads(_decoded(payload))
        is_ours = (claims["iss"], claims["aud"]) == ("persona-ai", "persona-ai-api")
        if not (hmac.compare_digest(digest, _decoded(signature)) and is_ours):
            raise PermissionError
        if claims["exp"] <= time.time():
            raise PermissionError
        return str(claims["sub"])

    def _image(self, row: tuple[Any, ...]) -> dict[str, Any] | None:
        if row[18] is None:
            return None
        url = self._s3.generate_presigned_url(
            "get_object", Params={"Bucket": self._bucket, "Key": row[18]}, ExpiresIn=SIGNED_FOR
        )
        return {
            "id": row[17],
            "url": url,
            "expires_at": _iso(datetime.now(UTC) + timedelta(seconds=SIGNED_FOR)),
            "width": row[19],
            "height": row[20],
            "mime": row[21],
            "model": row[22],
            "requested_model": row[23],
        }

    def _write(self, about: Mapping[str, Any], ms: float) -> None:
        line = {
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "level": "info",
            "message": "request",
            "request_id": about["requestId"],
            "method": about["httpMethod"],
            "route": about["resourcePath"],
            "status": 200,
            "ms": round(ms, 1),
        }
        self._log.write(json.dumps(line) + "\n")
        self._log.flush()


def body(row: tuple[Any, ...], image: dict[str, Any] | None) -> dict[str, Any]:
    status = STATUS[row[25]]
    job = {"job_id": row[24], "step": row[26], "progress": row[27], "attempt": row[28]}
    return {
        "generation_status": status,
        "generation": job | {"error": row[29]},
        "persona": persona(row, image, status) if row[16] else None,
    }


def persona(row: tuple[Any, ...], image: dict[str, Any] | None, status: str) -> dict[str, Any]:
    return {
        "id": row[0],
        "name": row[1],
        "ai_generated": True,
        "source": row[2],
        "motto": row[5],
        "summary": row[7],
        "traits": row[11],
        "image": image,
        "generation_status": status,
        "description": row[3],
        "visibility": row[4],
        "motto_tone": row[6],
        "greeting": row[8],
        "examples": row[9],
        "style": row[10],
        "system_prompt": row[12],
        "warnings": row[13],
        "version": row[14],
        "created_at": _iso(row[15]),
        "published_at": _iso(row[16]),
    }


def headers(
    row: tuple[Any, ...], image: dict[str, Any] | None, *, request_id: str
) -> dict[str, str]:
    signed = int(time.time() + SIGNED_FOR) // 30 if image else 0
    is_final = row[25] in {"succeeded", "failed", "cancelled"}
    return {
        "Content-Type": "application/json",
        "Cache-Control": "private, no-cache",
        "ETag": f'W/"{row[14]}.{row[30].timestamp():.6f}.{signed}"',
        **({} if is_final else {"Retry-After": "2"}),
        "X-Request-Id": request_id,
        "X-Content-Type-Options": "nosniff",
        "Vary": "Origin",
    }


def quiet() -> TextIO:
    """Open where both log: what a line costs is counted, what a disk costs is not."""
    return Path("/dev/null").open("w")


def _decoded(part: str) -> bytes:
    return urlsafe_b64decode(part + "==")


def _iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
