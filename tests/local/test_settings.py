import io
import json
import stat
from pathlib import Path

import pytest
from dotenv import dotenv_values

from local.ports import USUAL
from local.settings import (
    UserSettings,
    as_dotenv,
    backing_settings,
    load_secrets,
    process_environment,
    stage_settings,
)


@pytest.fixture
def stack_settings(tmp_path: Path) -> dict[str, str]:
    return backing_settings(USUAL, load_secrets(tmp_path / "secrets.json"))


def user(tmp_path: Path, text: str) -> UserSettings:
    file = tmp_path / ".env"
    file.write_text(text)
    return UserSettings.read(file)


def test_secrets_are_made_once_for_their_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    assert load_secrets(file) == load_secrets(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_secret_that_is_missing_is_added_to_those_that_are_kept(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    before = load_secrets(file)
    kept = json.loads(file.read_text())
    del kept["refresh_token_key"]
    file.write_text(json.dumps(kept))
    after = load_secrets(file)
    assert after.database_password == before.database_password
    assert after.refresh_token_key not in {"", before.refresh_token_key}


def test_two_stacks_share_no_secret(tmp_path: Path) -> None:
    one, other = (load_secrets(tmp_path / name) for name in ("one", "other"))
    assert not set(vars(one).values()) & set(vars(other).values())


def test_without_a_file_everything_is_emulated(
    tmp_path: Path, stack_settings: dict[str, str]
) -> None:
    nobody = UserSettings.read(tmp_path / ".env")
    assert nobody.over(stack_settings) == stack_settings
    assert nobody.vendors() == {"OpenAI": "emulated", "Replicate": "emulated"}


def test_an_empty_value_is_none(tmp_path: Path, stack_settings: dict[str, str]) -> None:
    template = user(tmp_path, "OPENAI_API_KEY=\nREPLICATE_API_TOKEN=''\nMEDIA_BUCKET\n")
    assert template.over(stack_settings) == stack_settings


def test_a_real_key_brings_in_the_real_openai_and_nothing_else(
    tmp_path: Path, stack_settings: dict[str, str]
) -> None:
    chosen = user(tmp_path, "OPENAI_API_KEY=sk-real")
    settings = chosen.over(stack_settings)
    assert "OPENAI_BASE_URL" not in settings
    assert settings["OPENAI_API_KEY"] == "sk-real"
    assert stack_settings.items() - settings.items() == {
        ("OPENAI_API_KEY", "sk-local"),
        ("OPENAI_BASE_URL", stack_settings["OPENAI_BASE_URL"]),
    }
    assert chosen.vendors()["OpenAI"].startswith("REAL")
    assert chosen.vendors()["Replicate"] == "emulated"
    assert chosen.needs_emulator


def test_a_real_token_brings_in_the_real_replicate_with_its_own_images(
    tmp_path: Path, stack_settings: dict[str, str]
) -> None:
    settings = user(tmp_path, "REPLICATE_API_TOKEN=r8_real").over(stack_settings)
    assert not settings.keys() & {"REPLICATE_BASE_URL", "IMAGE_SOURCES"}
    assert not settings.keys() & {"PUBLIC_API_URL", "REPLICATE_WEBHOOK_SECRETS"}
    assert settings["OPENAI_BASE_URL"] == stack_settings["OPENAI_BASE_URL"]


def test_with_both_keys_no_vendor_is_emulated(tmp_path: Path) -> None:
    assert not user(tmp_path, "OPENAI_API_KEY=a\nREPLICATE_API_TOKEN=b").needs_emulator


def test_a_server_of_the_user_stands_in_for_the_vendor(
    tmp_path: Path, stack_settings: dict[str, str]
) -> None:
    chosen = user(tmp_path, "OPENAI_BASE_URL=http://127.0.0.1:11434/v1")
    settings = chosen.over(stack_settings)
    assert settings["OPENAI_BASE_URL"] == "http://127.0.0.1:11434/v1"
    assert settings["OPENAI_API_KEY"] == "sk-local"
    assert chosen.vendors()["OpenAI"] == "your server at http://127.0.0.1:11434/v1"


def test_any_other_setting_of_the_user_wins(tmp_path: Path, stack_settings: dict[str, str]) -> None:
    settings = user(tmp_path, "JOB_LEASE_SECONDS=5\nFLAG='a$b'").over(stack_settings)
    assert (settings["JOB_LEASE_SECONDS"], settings["FLAG"]) == ("5", "a$b")


def test_what_is_written_as_dotenv_is_read_back(stack_settings: dict[str, str]) -> None:
    settings = stack_settings | {"ODD": 'it\'s \\ "quoted" $HOME #no comment'}
    assert dotenv_values(stream=io.StringIO(as_dotenv(settings)), interpolate=False) == settings


def test_the_shell_of_the_user_does_not_lead_past_the_stack(
    monkeypatch: pytest.MonkeyPatch, stack_settings: dict[str, str]
) -> None:
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "PGHOST", "OPENAI_BASE_URL", "ENV_FILE"):
        monkeypatch.setenv(name, "elsewhere")
    monkeypatch.setenv("NO_PROXY", "intranet")
    monkeypatch.setenv("EDITOR", "vi")
    settings = UserSettings({"OPENAI_API_KEY": "sk-real"}).over(stack_settings)
    environment = process_environment(settings)
    assert "elsewhere" not in environment.values()
    assert environment["NO_PROXY"] == "intranet,127.0.0.1,localhost"
    assert environment["EDITOR"] == "vi"


def test_the_stage_does_not_name_the_settings_file_of_another_stack() -> None:
    assert "ENV_FILE" not in stage_settings()
