"""The server itself: connections, its log, its end."""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import openai
import pytest
import requests

from local.vendors.server import Server, serve


def test_it_says_when_it_is_ready(server: Server, http: requests.Session) -> None:
    answer = http.get(f"{server.url}/health", headers={"Authorization": ""})
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_a_connection_serves_several_requests_without_a_stall(server: Server) -> None:
    request = b"GET /health HTTP/1.1\r\nHost: vendors\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
        started = time.monotonic()
        for _ in range(20):
            connection.sendall(request)
            assert connection.recv(65536).endswith(b'{"status": "ok"}')
        assert time.monotonic() - started < 0.5


def test_an_unknown_path_is_not_found(server: Server, http: requests.Session) -> None:
    assert http.get(f"{server.url}/v2/anything").status_code == 404


def test_the_log_names_templates_and_no_prompts_or_tokens(
    client: openai.OpenAI, capsys: pytest.CaptureFixture[str]
) -> None:
    client.chat.completions.create(
        model="gpt-5.4-mini", messages=[{"role": "user", "content": "a secret"}]
    )
    client.models.retrieve("gpt-5.4-mini")
    log = capsys.readouterr().out
    assert "POST /v1/chat/completions 200" in log
    assert "GET /v1/models/{model} 200" in log
    assert "secret" not in log
    assert "sk-local" not in log


def test_the_webhook_key_is_kept_and_private(state: Path) -> None:
    keys = []
    for _ in range(2):
        with serve(0, state):
            keys.append((state / "webhook-key").read_text())
    assert keys[0] == keys[1]
    assert (state / "webhook-key").stat().st_mode & 0o077 == 0


def test_the_program_stops_at_once_when_told_to(state: Path) -> None:
    command = [sys.executable, "-m", "local.vendors", "--port", "0", "--state", str(state)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:  # noqa: S603
        assert program.stdout is not None
        assert "answer at http://127.0.0.1:" in program.stdout.readline()
        told = time.monotonic()
        program.send_signal(signal.SIGTERM)
        assert program.wait(timeout=5) == 0
        assert time.monotonic() - told < 1
