import http.client
import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Thread
from typing import Any

import pytest
from chalice.app import Chalice, Request, Response

from local.api import server_of
from local.ports import HOST


def request_of(app: Chalice) -> Request:
    request = app.current_request
    assert request is not None
    return request


def small_app() -> Chalice:
    app = Chalice("small", configure_logs=False)
    together = Barrier(8, timeout=5)

    @app.route("/things/{name}", methods=["GET", "PUT"], content_types=[])
    def thing(name: str) -> Response:
        body = request_of(app).raw_body
        text = body.decode() if isinstance(body, bytes) else body
        return Response(f"{name}:{text}", headers={"Content-Type": "text/plain"})

    @app.route("/same/{name}")
    def same(name: str) -> dict[str, str]:
        together.wait()
        return {"asked": name, "seen": (request_of(app).uri_params or {})["name"]}

    @app.route("/nothing", methods=["DELETE"])
    def nothing() -> Response:
        return Response("", status_code=204, headers={"Content-Type": "application/json"})

    @app.route("/large")
    def large() -> Response:
        return Response("x" * 1_000_000, headers={"Content-Type": "text/plain"})

    return app


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    server = server_of(small_app(), 0)
    runner = Thread(target=server.serve_forever)
    runner.start()
    yield server.server.server_port
    server.shutdown()
    runner.join()
    server.server.server_close()


@pytest.fixture
def client(port: int) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    yield connection
    connection.close()


def ask(
    client: http.client.HTTPConnection, method: str, path: str, body: Any = None, **headers: str
) -> tuple[int, http.client.HTTPMessage, str]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    client.request(method, path, body, named, encode_chunked="Transfer-Encoding" in named)
    answer = client.getresponse()
    return answer.status, answer.headers, answer.read().decode()


def ask_raw(port: int, request: bytes) -> bytes:
    """Send what no client would, and return everything that comes until the server hangs up."""
    with socket.create_connection((HOST, port), timeout=5) as connection:
        connection.sendall(request)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def is_alive(client: http.client.HTTPConnection) -> bool:
    return ask(client, "GET", "/things/lamp")[::2] == (200, "lamp:")


def test_an_unknown_path_is_a_problem(client: http.client.HTTPConnection) -> None:
    status, headers, body = ask(client, "GET", "/nowhere")
    problem = json.loads(body)
    assert (status, headers["Content-Type"]) == (404, "application/problem+json")
    assert problem.keys() == {
        *("type", "title", "status", "detail", "instance", "code", "request_id")
    }
    assert (problem["status"], problem["code"]) == (404, "no_such_route")
    assert problem["request_id"]
    assert is_alive(client)


def test_an_unknown_path_is_the_same_problem_with_any_token(
    client: http.client.HTTPConnection,
) -> None:
    status, _, body = ask(client, "GET", "/nowhere", Authorization="Bearer \xe9")
    assert (status, json.loads(body)["code"]) == (404, "no_such_route")


def test_a_wrong_method_is_a_problem_that_names_the_right_ones(
    client: http.client.HTTPConnection,
) -> None:
    status, headers, body = ask(client, "POST", "/things/lamp", b"{}")
    assert (status, headers["Content-Type"]) == (405, "application/problem+json")
    assert json.loads(body)["code"] == "method_not_allowed"
    assert set(headers["Allow"].split(", ")) == {"GET", "PUT"}
    assert is_alive(client)


@pytest.mark.parametrize("path", ["/things/lamp", "/nowhere"])
def test_the_answer_to_head_has_no_body(client: http.client.HTTPConnection, path: str) -> None:
    status, headers, body = ask(client, "HEAD", path)
    assert status in {404, 405}
    assert int(headers["Content-Length"]) > 0
    assert body == ""
    assert is_alive(client)


def test_a_body_may_come_in_chunks(client: http.client.HTTPConnection) -> None:
    chunked = {"Content_Type": "text/plain", "Transfer_Encoding": "chunked"}
    status, _, body = ask(client, "PUT", "/things/lamp", iter([b"on", b"off"]), **chunked)
    assert (status, body) == (200, "lamp:onoff")
    assert is_alive(client)


def test_trailers_are_read_over(port: int) -> None:
    answer = ask_raw(
        port,
        b"PUT /things/lamp HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n"
        b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"2;note=yes\r\non\r\n0\r\nChecksum: 1\r\n\r\n",
    )
    assert answer.endswith(b"lamp:on")


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: many",
        b"Content-Length: -1",
        b"Transfer-Encoding: chunked\r\n\r\nmany\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n-5\r\n",
    ],
)
def test_a_body_of_no_known_length_is_refused(port: int, framing: bytes) -> None:
    answer = ask_raw(port, b"PUT /things/lamp HTTP/1.1\r\nHost: x\r\n" + framing + b"\r\n\r\n")
    assert problem_of(answer) == (400, "bad_request")


@pytest.mark.parametrize(
    "framing",
    [b"Content-Length: 10485761", b"Transfer-Encoding: chunked\r\n\r\nA00001\r\n"],
)
def test_a_body_larger_than_the_gateway_takes_is_refused(port: int, framing: bytes) -> None:
    answer = ask_raw(port, b"PUT /things/lamp HTTP/1.1\r\nHost: x\r\n" + framing + b"\r\n\r\n")
    assert problem_of(answer) == (413, "payload_too_large")


@pytest.mark.parametrize(
    ("request_line", "expected"),
    [
        (b"BREW /things/lamp HTTP/1.1", (405, "method_not_allowed")),
        (b"GET /" + b"x" * 70_000 + b" HTTP/1.1", (414, "uri_too_long")),
        (b"GET /things/lamp HTTP/one", (400, "bad_request")),
    ],
)
def test_what_is_no_request_is_a_problem(
    port: int, request_line: bytes, expected: tuple[int, str]
) -> None:
    answer = ask_raw(port, request_line + b"\r\nHost: x\r\n\r\n")
    assert problem_of(answer) == expected


def problem_of(answer: bytes) -> tuple[int, str]:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"Content-Type: application/problem+json" in head
    problem = json.loads(body)
    assert problem["detail"].endswith(".")
    return problem["status"], problem["code"]


def test_a_client_that_waits_for_leave_gets_it(port: int) -> None:
    with socket.create_connection((HOST, port), timeout=5) as connection:
        connection.sendall(
            b"PUT /things/lamp HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n"
            b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n"
        )
        assert connection.recv(100).startswith(b"HTTP/1.1 100 Continue")
        connection.sendall(b"on")
        assert connection.recv(1000).endswith(b"lamp:on")


def test_no_content_has_no_length(client: http.client.HTTPConnection) -> None:
    status, headers, body = ask(client, "DELETE", "/nothing")
    assert (status, headers["Content-Length"], body) == (204, None, "")
    assert is_alive(client)


def test_a_large_answer_arrives_whole(client: http.client.HTTPConnection) -> None:
    assert len(ask(client, "GET", "/large")[2]) == 1_000_000


def test_requests_at_the_same_time_do_not_see_each_other(port: int) -> None:
    def ask_for(name: str) -> Any:
        connection = http.client.HTTPConnection(HOST, port, timeout=5)
        answer = json.loads(ask(connection, "GET", f"/same/{name}")[2])
        connection.close()
        return answer

    names = [f"n{number}" for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask_for, names))
    assert answers == [{"asked": name, "seen": name} for name in names]


def test_a_connection_that_is_kept_does_not_stall(client: http.client.HTTPConnection) -> None:
    assert is_alive(client)
    started = time.perf_counter()
    for _ in range(20):
        assert is_alive(client)
    assert time.perf_counter() - started < 20 * 0.02
