"""Pictures, asked for with OpenAI's own client."""

import base64
import io
import time

import openai
import pytest
from PIL import Image

from local.vendors.portrait import draw_portrait


def draw(client: openai.OpenAI, prompt: str, size: str = "256x256", n: int = 1) -> list[bytes]:
    answer = client.images.generate(model="gpt-image-2", prompt=prompt, size=size, n=n)
    return [base64.b64decode(image.b64_json or "", validate=True) for image in answer.data or []]


def opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


@pytest.mark.parametrize("size", ["1024x1024", "1536x1024", "300x700"])
def test_a_picture_is_a_png_of_the_size_that_was_asked_for(
    client: openai.OpenAI, size: str
) -> None:
    image = opened(draw(client, "a baker", size)[0])
    assert (image.format, f"{image.width}x{image.height}") == ("PNG", size)


def test_a_jpeg_is_as_small_as_the_compression_makes_it(client: openai.OpenAI) -> None:
    answers = [
        client.images.generate(
            model="gpt-image-2",
            prompt="a baker",
            size="256x256",
            output_format="jpeg",
            output_compression=compression,
        )
        for compression in (95, 50)
    ]
    pictures = [base64.b64decode((answer.data or [])[0].b64_json or "") for answer in answers]
    assert [opened(picture).format for picture in pictures] == ["JPEG", "JPEG"]
    assert len(pictures[1]) < len(pictures[0])


def test_a_picture_measures_1024_when_no_size_is_given(client: openai.OpenAI) -> None:
    assert opened(draw(client, "a baker", "auto")[0]).size == (1024, 1024)


def test_a_picture_is_the_same_for_the_same_prompt() -> None:
    once = draw_portrait.__wrapped__("a sailor", 256, 256)
    assert once == draw_portrait.__wrapped__("a sailor", 256, 256)


def test_pictures_differ_between_prompts(client: openai.OpenAI) -> None:
    assert draw(client, "a sailor") != draw(client, "a lawyer")


def test_pictures_of_one_order_differ(client: openai.OpenAI) -> None:
    assert len(set(draw(client, "a sailor", n=3))) == 3


@pytest.mark.parametrize(
    "prompt",
    [
        "a robot",
        "a bald king with a beard",
        "an old witch with sunglasses at night",
        "a hacker with blue curls and freckles",
        "a bearded climber in the snow, stern",
        "a professor in a library",
        "a woman with an afro and earrings, laughing",
        "a farmer",
        "a sailor with a moustache",
        "a courier with a bob in the city",
        "a red-haired gardener in a forest",
        "somebody in the desert",
        "a plain person",
        "another person",
        "yet another person",
    ],
)
def test_every_kind_of_sitter_can_be_drawn(prompt: str) -> None:
    colours = opened(draw_portrait(prompt, 256, 256)).getcolors(256 * 256)
    assert colours is not None
    assert len(colours) > 500


def test_words_choose_the_colour_of_the_hair() -> None:
    red, blue = (
        opened(draw_portrait(f"a woman with {shade} hair", 256, 256)).getpixel((128, 75))
        for shade in ("red", "blue")
    )
    assert isinstance(red, tuple)
    assert isinstance(blue, tuple)
    assert red[0] > red[2]
    assert blue[2] > blue[0]


def test_drawing_takes_less_than_a_quarter_of_a_second() -> None:
    durations = []
    for index in range(3):
        started = time.process_time()
        draw_portrait(f"somebody, attempt {index}", 1024, 1024)
        durations.append(time.process_time() - started)
    assert min(durations) < 0.25


def test_the_answer_counts_tokens(client: openai.OpenAI) -> None:
    answer = client.images.generate(model="gpt-image-2", prompt="a baker", size="256x256")
    assert answer.usage is not None
    assert answer.usage.total_tokens == answer.usage.input_tokens + answer.usage.output_tokens


def test_a_forbidden_wish_is_blocked(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        draw(client, "an erotic picture")
    assert refused.value.code == "moderation_blocked"


def test_a_parameter_of_the_retired_models_is_unknown(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        client.images.generate(model="gpt-image-2", prompt="a baker", response_format="url")
    assert (refused.value.code, refused.value.param) == ("unknown_parameter", "response_format")


@pytest.mark.parametrize("size", ["big", "64x64", "9999x9999"])
def test_a_size_that_nobody_serves_is_refused(client: openai.OpenAI, size: str) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        draw(client, "a baker", size)
    assert refused.value.param == "size"


def test_a_retired_model_is_not_found(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError):
        client.images.generate(model="dall-e-3", prompt="a baker")
