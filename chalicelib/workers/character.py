"""The character's step: what friends answered is scored, and the character is written on it, or on
the owner's description."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from hashlib import sha256
from typing import Any
from uuid import UUID

from chalicelib import wiring
from chalicelib.analyses.exceptions import AnalysisNotFound, TooFewResponses
from chalicelib.analyses.reading import get_answered
from chalicelib.core.db import reading
from chalicelib.core.ports import Answer, ContentRefused, Prompt, VendorRejected
from chalicelib.jobs.purchases import Order
from chalicelib.jobs.runner import Run
from chalicelib.personas import generation, traits
from chalicelib.personas.brief import sentence, write_brief
from chalicelib.personas.generation import Basis, Character, DescribedCharacter
from chalicelib.personas.schemas import NamedWish
from chalicelib.workers.asking import ask


def score(run: Run, wish: NamedWish) -> dict[str, Any] | None:
    """Return the traits that friends have answered, or None for a described person. They are
    scored once: who answers in the meantime does not change a persona that is being made."""
    if wish.analysis_id is None:
        return None
    if (recorded := run.recorded("scored")) is not None:
        return dict(recorded)
    with reading() as session:
        mine = {"owner_id": run.claim.owner_id, "analysis_id": wish.analysis_id}
        scored = traits.friends_traits(get_answered(session, **mine))
    run.record(step="score", progress=10, scored=scored)
    return scored


def about(wish: NamedWish, scored: Mapping[str, Any] | None) -> str:
    """Return the description, or the brief in its place. Nothing that friends wrote is in it."""
    if scored is None:
        return str(wish.description)
    return sentence(write_brief(traits.estimates(scored)))


def write_character(run: Run, wish: NamedWish, scored: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the character, written in one try or two. Raises `VendorRejected` when nothing in
    either can be used."""
    if (recorded := run.recorded("character")) is not None:
        return dict(recorded)
    if wish.analysis_id is None or scored is None:
        character = _described(run, wish)
    else:
        character = _answered(run, wish, scored, _written_words(run, wish.analysis_id))
    if character is None:
        raise VendorRejected(reason="no evidence")
    return character


def _described(run: Run, wish: NamedWish) -> dict[str, Any] | None:
    """Write on the owner's description."""
    description = str(wish.description)
    prompt = generation.described_prompt(name=wish.name, description=description)

    def kept(answer: DescribedCharacter) -> dict[str, Any] | None:
        inferred = traits.inferred_traits(answer.traits, description=description)
        basis = Basis(traits.supported(inferred), [description], secrets=[prompt.instructions])
        content = generation.grounded(answer, basis)
        return content and {**content, "traits": inferred, "words_left_out": False}

    asked = partial(_tried, run, prompt=prompt, shape=DescribedCharacter, keep=kept)
    return asked(step="synthesise") or asked(step="rewrite")


def _answered(
    run: Run, wish: NamedWish, scored: Mapping[str, Any], written: Sequence[str]
) -> dict[str, Any] | None:
    """Write on what friends answered, and where nothing in that can be used, or the vendor does not
    write it at all, once more without their words: then nothing that they wrote can be to blame."""
    brief = write_brief(traits.estimates(scored))

    def tried(step: str, words: Sequence[str]) -> dict[str, Any] | None:
        prompt = generation.friends_prompt(name=wish.name, brief=brief, words=words)
        basis = Basis(traits.supported(scored), words, secrets=[prompt.instructions, *words])
        left_out = {"words_left_out": len(words) < len(written)}

        def kept(answer: Character) -> dict[str, Any] | None:
            content = generation.grounded(answer, basis)
            return content and {**content, "traits": scored, **left_out}

        return _tried(run, step=step, prompt=prompt, shape=Character, keep=kept)

    words = _without_flagged(run, written)
    try:
        character = tried("synthesise", words)
    except (VendorRejected, ContentRefused):
        if not words:
            raise
        character = None
    return character or tried("rewrite", [])


def _tried(
    run: Run,
    *,
    step: str,
    prompt: Prompt,
    shape: type[Answer],
    keep: Callable[[Answer], dict[str, Any] | None],
) -> dict[str, Any] | None:
    """Ask for a character and record what of it is kept, if anything is."""
    bought = ask(run, step, prompt, shape)
    character = keep(bought.value)
    if character is None:
        run.settle(bought.receipt)
    else:
        run.record(step="motto", progress=40, receipt=bought.receipt, character=character)
    return character


def _written_words(run: Run, analysis_id: UUID) -> Sequence[str]:
    """Return what friends wrote, as it is now: no checkpoint keeps a copy of it."""
    try:
        with reading() as session:
            mine = {"owner_id": run.claim.owner_id, "analysis_id": analysis_id}
            return generation.told_words(get_answered(session, **mine).words)
    except (AnalysisNotFound, TooFewResponses):
        return []


def _without_flagged(run: Run, words: Sequence[str]) -> Sequence[str]:
    """Leave out what is not fit. The checkpoint knows a text that was judged by its digest."""
    judged = dict(run.recorded("words_moderated") or {})
    digests = {text: sha256(f"{run.claim.job_id}:{text}".encode()).hexdigest() for text in words}
    if any(digest not in judged for digest in digests.values()):
        judged = _judged(run, digests)
    return [text for text in words if not judged[digests[text]]]


def _judged(run: Run, digests: Mapping[str, str]) -> dict[str, bool]:
    engine = wiring.ports().text
    flagged = run.buy(
        Order(
            step="moderate_words",
            service=engine.moderating,
            call=lambda: engine.flag(list(digests)),
            progress=15,
        )
    )
    judged = dict(zip(digests.values(), flagged.value, strict=True))
    run.record(step="synthesise", progress=15, receipt=flagged.receipt, words_moderated=judged)
    return judged
