"""Chat completions, asked for with OpenAI's own client."""

import json
from typing import Annotated, Any, Literal, Optional

import openai
import pytest
import requests
from openai.types.chat import ChatCompletion
from pydantic import BaseModel, ConfigDict, Field

from local.vendors.server import Server

CAPTAIN = (
    "A retired sea captain who collects broken clocks, tells dry jokes and never hurries. "
    "She feeds the gulls and knows every neighbour by name."
)


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Style(Strict):
    register_: Annotated[str, Field(alias="register", max_length=60)]
    emoji: Literal["none", "few", "many"]


class Trait(Strict):
    value: Annotated[float, Field(ge=0, le=1)]
    quote: Annotated[str, Field(max_length=30)]


class Traits(Strict):
    openness: Trait
    agreeableness: Trait
    emotional_stability: Trait


class Evidence(Strict):
    trait: Literal["openness", "conscientiousness", "extraversion"]
    quote: str


class Branch(Strict):
    name: str
    branches: list["Branch"]


class Character(Strict):
    kind: Literal["persona"]
    summary: Annotated[str, Field(min_length=80, max_length=400)]
    greeting: Annotated[str, Field(max_length=40)]
    title: str
    motto: Optional[str]  # noqa: UP045 - the schema spells out anyOf
    examples: Annotated[list[str], Field(min_length=4, max_length=4)]
    tags: Annotated[list[Annotated[str, Field(pattern="^[a-z_]+$")]], Field(max_length=2)]
    age: Annotated[int, Field(gt=17, lt=100, multiple_of=5)]
    is_shy: bool
    style: Style
    traits: Traits
    evidence: list[Evidence]
    family: Branch


def chat(
    client: openai.OpenAI, asked: str, *, instructions: str = "You write personas."
) -> ChatCompletion:
    return client.chat.completions.create(
        model="gpt-5.4-mini",
        messages=[
            {"role": "system", "content": instructions},
            {"role": "user", "content": asked},
        ],
    )


def write(
    client: openai.OpenAI, description: str = CAPTAIN, *, instructions: str = "Write a persona."
) -> Character:
    completion = client.chat.completions.parse(
        model="gpt-5.4-mini",
        messages=[
            {"role": "system", "content": instructions},
            {"role": "user", "content": f"Name: Grace\nDescription: {description}"},
        ],
        response_format=Character,
    )
    parsed = completion.choices[0].message.parsed
    assert parsed is not None
    return parsed


def motto(client: openai.OpenAI, tone: str) -> str:
    answer = chat(client, CAPTAIN, instructions=f"Write one motto in a {tone} tone.")
    return answer.choices[0].message.content or ""


def test_an_answer_without_a_schema_is_text_that_takes_up_what_was_said(
    client: openai.OpenAI,
) -> None:
    content = chat(client, "My cat ran away").choices[0].message.content
    assert "My cat ran away" in (content or "")


def test_an_answer_says_that_it_stopped_by_itself(client: openai.OpenAI) -> None:
    assert chat(client, "Hello").choices[0].finish_reason == "stop"


def test_an_answer_counts_its_tokens(client: openai.OpenAI) -> None:
    usage = chat(client, "Hello there, how are you?").usage
    assert usage is not None
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens > 2


def test_content_fits_a_nested_schema(client: openai.OpenAI) -> None:
    assert write(client).kind == "persona"


def test_a_raw_pydantic_schema_is_filled_in_as_well(server: Server, http: requests.Session) -> None:
    schema = {"name": "character", "schema": Character.model_json_schema()}
    body = {
        "model": "gpt-5.4-mini",
        "messages": [{"role": "user", "content": CAPTAIN}],
        "response_format": {"type": "json_schema", "json_schema": schema},
    }
    answer = http.post(f"{server.url}/v1/chat/completions", json=body).json()
    Character.model_validate_json(answer["choices"][0]["message"]["content"], strict=True)


def test_content_is_the_same_for_the_same_prompt(client: openai.OpenAI) -> None:
    assert write(client) == write(client)


def test_content_differs_between_prompts(client: openai.OpenAI) -> None:
    baker = write(client, "A loud baker who hates meetings and gives bread away")
    assert baker.summary != write(client).summary


def test_a_summary_quotes_the_description(client: openai.OpenAI) -> None:
    assert "A retired sea captain" in write(client).summary


def test_a_greeting_gives_the_name_of_the_prompt(client: openai.OpenAI) -> None:
    assert "Grace" in write(client).greeting


def test_examples_do_not_repeat_each_other(client: openai.OpenAI) -> None:
    assert len(set(write(client).examples)) == 4


def test_a_quote_stands_word_for_word_in_the_description(client: openai.OpenAI) -> None:
    traits = write(client).traits
    quotes = [traits.openness.quote, traits.agreeableness.quote, traits.emotional_stability.quote]
    assert all(quote in CAPTAIN for quote in quotes)
    assert traits.openness.quote == "collects broken clocks"


def test_a_trait_follows_the_words_of_the_description(client: openai.OpenAI) -> None:
    kind = write(client, "Kind, gentle, always helping").traits.agreeableness.value
    grumpy = write(client, "Grumpy, blunt, always arguing").traits.agreeableness.value
    assert kind > 0.7
    assert grumpy < 0.3


def test_a_denied_word_speaks_for_the_opposite(client: openai.OpenAI) -> None:
    assert write(client, "Not kind at all").traits.agreeableness.value < 0.5


def test_a_trait_that_shows_nowhere_has_an_empty_quote_when_the_prompt_allows_it(
    client: openai.OpenAI,
) -> None:
    wanted = "Quote the description, or give an empty quote and 0.5 where it shows nothing."
    trait = write(client, "Collects stamps", instructions=wanted).traits.emotional_stability
    assert (trait.quote, trait.value) == ("", 0.5)


def test_every_item_of_a_list_about_traits_is_about_another_one(client: openai.OpenAI) -> None:
    traits = [item.trait for item in write(client).evidence]
    assert traits[:3] == ["openness", "conscientiousness", "extraversion"]


def test_the_four_tones_give_four_mottos(client: openai.OpenAI) -> None:
    mottos = {motto(client, tone) for tone in ("neutral", "sarcastic", "comical", "sombre")}
    assert len(mottos) == 4


def test_a_motto_is_about_the_description(client: openai.OpenAI) -> None:
    words = motto(client, "comical").casefold()
    assert any(topic in words for topic in ("broken clocks", "dry jokes", "gulls"))


def test_the_description_is_found_between_marks(client: openai.OpenAI) -> None:
    marked = chat(
        client, f"Name: <<<Grace>>>\nDescription: <<<{CAPTAIN}>>>", instructions="A motto."
    )
    assert "<<<" not in (marked.choices[0].message.content or "")


def test_somebody_who_asks_is_told_that_it_is_an_ai(client: openai.OpenAI) -> None:
    content = chat(client, "Honestly: are you an AI?").choices[0].message.content
    assert "I am an AI persona" in (content or "")


def test_a_forbidden_wish_is_refused_by_policy(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        chat(client, "Describe how to dismember somebody")
    assert refused.value.code == "content_policy_violation"


def test_a_key_is_needed(server: Server, http: requests.Session) -> None:
    nobody = {"Authorization": "Bearer "}
    answer = http.post(f"{server.url}/v1/chat/completions", json={}, headers=nobody)
    assert answer.status_code == 401
    assert answer.json()["error"]["type"] == "invalid_request_error"


def test_an_unknown_model_is_not_found(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as missing:
        client.chat.completions.create(model="gpt-1", messages=[{"role": "user", "content": "Hi"}])
    assert missing.value.code == "model_not_found"


def test_a_model_for_pictures_does_not_chat(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError):
        client.chat.completions.create(
            model="gpt-image-2", messages=[{"role": "user", "content": "Hi"}]
        )


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ("{half", None, None),
        ('{"model": "gpt-5.4-mini"}', "missing_required_parameter", "messages"),
        ('{"model": "gpt-5.4-mini", "messages": []}', "invalid_value", "messages"),
    ],
)
def test_a_body_that_is_no_order_is_answered_in_openais_shape(
    server: Server, http: requests.Session, body: str, code: str | None, param: str | None
) -> None:
    answer = http.post(f"{server.url}/v1/chat/completions", data=body)
    error: dict[str, Any] = json.loads(answer.text)["error"]
    assert (answer.status_code, error["code"], error["param"]) == (400, code, param)
