"""Steering: latencies, which calls a fault strikes, and what is counted."""

import hashlib
import time

import openai
import pytest
import requests

from local.vendors.control import Control, ControlRefused, main
from local.vendors.faults import KINDS
from local.vendors.latencies import DEFAULT_MILLISECONDS
from local.vendors.server import Server


def chat(client: openai.OpenAI, prompt: str) -> bool:
    """Return whether the call went well."""
    try:
        client.chat.completions.create(
            model="gpt-5.4-mini", messages=[{"role": "user", "content": prompt}]
        )
    except openai.APIStatusError:
        return False
    return True


def test_a_latency_is_the_whole_time_of_the_answer(client: openai.OpenAI, control: Control) -> None:
    control.latency(image=400)
    started = time.monotonic()
    client.images.generate(model="gpt-image-2", prompt="a slow baker", size="512x512")
    assert 0.4 <= time.monotonic() - started < 1


def test_a_latency_that_is_not_named_stays(control: Control) -> None:
    assert control.latency(image=400)["text"] == 0


def test_clearing_brings_the_usual_latencies_back(control: Control) -> None:
    control.clear()
    assert control.latency() == DEFAULT_MILLISECONDS


@pytest.mark.parametrize("wrong", [{"lunch": 1}, {"text": -1}])
def test_a_wrong_latency_is_refused(control: Control, wrong: dict[str, float]) -> None:
    with pytest.raises(ControlRefused):
        control.latency(**wrong)


def test_a_fault_strikes_as_often_as_it_was_ordered(
    client: openai.OpenAI, control: Control
) -> None:
    control.fail("text", 500, times=2)
    assert [chat(client, "Hello") for _ in range(3)] == [False, False, True]


def test_a_fault_lets_the_first_calls_pass(client: openai.OpenAI, control: Control) -> None:
    control.fail("text", 500, after=2)
    assert [chat(client, "Hello") for _ in range(4)] == [True, True, False, True]


def test_a_fault_strikes_only_prompts_that_hold_a_text(
    client: openai.OpenAI, control: Control
) -> None:
    control.fail("text", 500, contains="Ada")
    assert [chat(client, "Grace"), chat(client, "Ada")] == [True, False]


def test_a_fault_strikes_only_its_operation(client: openai.OpenAI, control: Control) -> None:
    control.fail("image", 500)
    assert chat(client, "Hello")


def test_faults_strike_in_the_order_in_which_they_were_ordered(
    client: openai.OpenAI, control: Control
) -> None:
    control.fail("text", 500)
    control.fail("text", 429)
    chat(client, "Hello")
    with pytest.raises(openai.RateLimitError):
        client.chat.completions.create(
            model="gpt-5.4-mini", messages=[{"role": "user", "content": "Hello"}]
        )


def test_a_fault_that_waits_is_listed(control: Control) -> None:
    control.fail("text", 429, times=3, retry_after=2)
    (fault,) = control.faults()
    assert (fault["kind"], fault["times"], fault["options"]) == ("429", 3, {"retry_after": "2"})


def test_clearing_forgets_the_faults(control: Control) -> None:
    control.fail("text", 500)
    control.clear()
    assert control.faults() == []


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        ("text", "earthquake"),
        ("lunch", "500"),
        ("text", "bomb"),
    ],
)
def test_a_fault_that_cannot_happen_is_refused(control: Control, operation: str, kind: str) -> None:
    with pytest.raises(ControlRefused):
        control.fail(operation, kind)


def test_an_option_that_a_fault_does_not_take_is_refused(control: Control) -> None:
    with pytest.raises(ControlRefused):
        control.fail("text", 500, colour="red")


def test_calls_are_counted_by_operation_and_by_model(
    client: openai.OpenAI, control: Control
) -> None:
    chat(client, "Hello")
    client.images.generate(model="gpt-image-1.5", prompt="a baker", size="256x256")
    calls = control.calls()
    assert calls.by_operation == {"text": 1, "image": 1}
    assert calls.by_model == {"gpt-5.4-mini": 1, "gpt-image-1.5": 1}


def test_calls_are_counted_by_what_their_prompt_holds(
    client: openai.OpenAI, control: Control
) -> None:
    for prompt in ("Ada one", "Ada two", "Grace"):
        chat(client, prompt)
    assert control.calls("text", contains="Ada").count == 2


def test_a_moderation_is_an_attempt_that_costs_nothing(
    client: openai.OpenAI, control: Control
) -> None:
    client.moderations.create(input="tea")
    calls = control.calls("moderation")
    assert (calls.count, calls.attempts) == (0, 1)


def test_a_forbidden_wish_costs_nothing(client: openai.OpenAI, control: Control) -> None:
    chat(client, "gore, please")
    assert control.calls("text").count == 0


def test_a_call_shows_the_digest_of_its_prompt_and_its_fault(
    client: openai.OpenAI, control: Control
) -> None:
    control.fail("text", 500)
    chat(client, "a secret")
    (call,) = control.calls().calls
    assert call.prompt_sha256 == hashlib.sha256(b"a secret").hexdigest()
    assert (call.billed, call.fault) == (False, "500")


def test_calls_can_be_forgotten(client: openai.OpenAI, control: Control) -> None:
    chat(client, "Hello")
    control.forget_calls()
    assert control.calls().attempts == 0


def test_the_control_pages_list_themselves(server: Server, http: requests.Session) -> None:
    page = http.get(f"{server.url}/_local/").json()
    assert "POST /_local/faults" in page["routes"]
    assert page["faults"].keys() == KINDS.keys()


def test_the_command_orders_a_fault(
    server: Server, control: Control, capsys: pytest.CaptureFixture[str]
) -> None:
    line = "fail image 429 --times 2 --after 1 --retry-after 3 --contains Ada"
    assert main(line.split(), server.url) == 0
    (fault,) = control.faults()
    assert fault == {
        "operation": "image",
        "kind": "429",
        "times": 2,
        "after": 1,
        "contains": "Ada",
        "options": {"retry_after": "3"},
    }
    assert "429 x 2" in capsys.readouterr().out


def test_the_command_takes_options_of_a_fault(server: Server, control: Control) -> None:
    main(["fail", "download", "redirect", "--option", "location=http://10.0.0.1/"], server.url)
    assert control.faults()[0]["options"] == {"location": "http://10.0.0.1/"}


def test_the_command_changes_latencies(
    server: Server, control: Control, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["latency", "image=1500", "text=300"], server.url) == 0
    assert (control.latency()["image"], control.latency()["text"]) == (1500, 300)
    assert "1500 ms" in capsys.readouterr().out


def test_the_command_clears(server: Server, control: Control) -> None:
    control.fail("text", 500)
    assert main(["clear"], server.url) == 0
    assert control.faults() == []


def test_the_command_shows_calls(
    server: Server, client: openai.OpenAI, capsys: pytest.CaptureFixture[str]
) -> None:
    chat(client, "Hello")
    assert main(["calls", "--operation", "text", "--contains", "Hello"], server.url) == 0
    assert "1 calls, 1 of them billed." in capsys.readouterr().out


def test_the_command_alone_lists_the_faults(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([], server.url) == 0
    shown = capsys.readouterr().out
    assert all(kind in shown for kind in KINDS)


@pytest.mark.parametrize("argv", [["fail", "text", "bomb"], ["latency", "lunch=5"]])
def test_the_command_says_what_cannot_be_done(
    server: Server, argv: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(argv, server.url) == 1
    assert capsys.readouterr().err


def test_the_command_says_when_nobody_answers(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["clear"], "http://127.0.0.1:9") == 1
    assert "No vendors answer" in capsys.readouterr().err


def test_what_was_billed_is_tallied_by_the_word_after_a_prefix(
    client: openai.OpenAI, control: Control
) -> None:
    for number in (1, 1, 2):
        chat(client, f"Tell me of Ada-{number} and her sea.")
    control.fail("text", "500", contains="Ada-2")
    chat(client, "Ada-2, too.")
    assert control.tally("Ada-") == {"1": {"text": 2}, "2": {"text": 1}}
