"""The least that Chalice can serve: the floor of a cold start."""

from chalice.app import Chalice

app = Chalice("bare")


@app.route("/health")
def get_health() -> dict[str, str]:
    return {"status": "ok"}
