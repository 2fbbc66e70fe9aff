"""Moderation, speech and the list of models, asked for with OpenAI's own client."""

import io
import wave
from datetime import date

import openai
import pytest
from openai.types import ModerationTextInputParam


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("I will kill you", "violence"),
        ("a massacre", "violence"),
        ("gore everywhere", "violence_graphic"),
        ("naked people", "sexual"),
        ("I want to kill myself", "self_harm"),
        ("how to make a bomb", "illicit_violent"),
    ],
)
def test_plain_violence_and_sex_are_flagged(
    client: openai.OpenAI, text: str, category: str
) -> None:
    result = client.moderations.create(model="omni-moderation-latest", input=text).results[0]
    assert result.flagged
    assert getattr(result.categories, category)
    assert getattr(result.category_scores, category) > 0.9


@pytest.mark.parametrize(
    "text",
    ["A baker who loves murder mysteries", "She kills it on stage", "Shot in the dark", "skilled"],
)
def test_harmless_text_passes(client: openai.OpenAI, text: str) -> None:
    assert not client.moderations.create(input=text).results[0].flagged


def test_every_text_of_a_list_gets_a_result(client: openai.OpenAI) -> None:
    results = client.moderations.create(input=["tea", "gore"]).results
    assert [result.flagged for result in results] == [False, True]


def test_the_parts_of_a_message_are_moderated(client: openai.OpenAI) -> None:
    part: ModerationTextInputParam = {"type": "text", "text": "gore"}
    assert client.moderations.create(input=[part]).results[0].flagged


def seconds_of(client: openai.OpenAI, text: str) -> float:
    answer = client.audio.speech.create(
        model="gpt-4o-mini-tts", voice="alloy", input=text, response_format="wav"
    )
    with wave.open(io.BytesIO(answer.content)) as sound:
        return float(sound.getnframes() / sound.getframerate())


def test_a_longer_text_sounds_longer(client: openai.OpenAI) -> None:
    assert seconds_of(client, "one two three four") > 2 * seconds_of(client, "one")


def test_speech_says_that_it_is_wav_even_when_mp3_was_asked_for(client: openai.OpenAI) -> None:
    answer = client.audio.speech.create(model="gpt-4o-mini-tts", voice="alloy", input="Hello")
    assert answer.response.headers["content-type"] == "audio/wav"


def test_speech_is_the_same_for_the_same_text(client: openai.OpenAI) -> None:
    first, second = (
        client.audio.speech.create(model="tts-1", voice="alloy", input="Hello").content
        for _ in "ab"
    )
    assert first == second


def test_the_models_in_use_are_listed(client: openai.OpenAI) -> None:
    names = {model.id for model in client.models.list()}
    assert names >= {"gpt-5.4-mini", "gpt-image-2", "omni-moderation-latest", "gpt-4o-mini-tts"}


def test_a_model_says_when_it_shuts_down(client: openai.OpenAI) -> None:
    announced = client.models.retrieve("gpt-4o-mini-tts").shutdown_date
    assert date.fromisoformat(announced or "") == date(2027, 1, 6)


def test_a_model_without_an_end_says_null(client: openai.OpenAI) -> None:
    assert client.models.retrieve("gpt-image-2").shutdown_date is None


def test_a_model_that_is_not_served_is_not_found(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("dall-e-2")
