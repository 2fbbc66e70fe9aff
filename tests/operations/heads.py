from pathlib import Path

from chalicelib import migrations


def newest() -> str:
    """Return the newest migration, by the name of its file."""
    files = (Path(migrations.__file__).parent / "versions").glob("*.py")
    return max(file.name.partition("_")[0] for file in files)
