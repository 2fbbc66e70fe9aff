"""What the OpenAPI document says of a parameter."""

from tests.client import Api


def operations_with(visitor: Api, parameter: str) -> set[tuple[str, str]]:
    """Return method and path of every operation that lists the parameter."""
    paths = visitor.get("/openapi.json").json["paths"]
    return {
        (method, path)
        for path, operations in paths.items()
        for method, operation in operations.items()
        if parameter in {each["name"] for each in operation["parameters"]}
    }
