"""Mutants of what a persona rests on, how it is changed, and what is left of it."""

from tests.mutants.mutant import Mutant

DELETION = "chalicelib/personas/deletion.py"
EVIDENCE = "chalicelib/personas/evidence.py"
VERIFICATION = "chalicelib/workers/verification.py"
CARDS = "chalicelib/personas/cards/services.py"

MUTANTS = (
    Mutant(
        "a deleted persona's pictures are deleted",
        DELETION,
        old="    doom(session, keys={*stored, *ordered})\n",
        tests=(
            (
                "tests/personas/test_deletion.py"
                "::test_the_objects_are_deleted_once_no_worker_can_be_storing_them"
            ),
        ),
    ),
    Mutant(
        "what a worker stores for a deleted persona is deleted",
        DELETION,
        old="keys={*stored, *ordered}",
        new="keys={*stored}",
        tests=(
            (
                "tests/personas/test_deletion.py"
                "::test_what_a_worker_stores_after_the_end_is_swept_away"
            ),
        ),
    ),
    Mutant(
        "no object is deleted that something refers to",
        DELETION,
        old="DoomedObject.created_at < sa.func.now() - OUTLIVED, ~is_referred_to",
        new="DoomedObject.created_at < sa.func.now() - OUTLIVED",
        tests=("tests/personas/test_deletion.py::test_what_is_still_referred_to_is_never_deleted",),
    ),
    Mutant(
        "nothing of a deleted persona stays in its jobs",
        "chalicelib/jobs/services.py",
        old='.values(input={}, checkpoint={}, error=Job.error.op("||")(final))',
        new='.values(error=Job.error.op("||")(final))',
        tests=("tests/personas/test_deletion.py::test_nothing_of_it_stays_in_its_jobs",),
    ),
    Mutant(
        "a claim rests on a trait or on words that were said",
        EVIDENCE,
        old="literal = quote if is_literal(quote, texts) else None",
        new="literal = quote or None",
        tests=("tests/personas/test_evidence.py::test_what_is_claimed_without_ground_is_dropped",),
    ),
    Mutant(
        "nothing that a model was told in confidence is passed on",
        EVIDENCE,
        old="    return any(passage in passages for",
        new="    return any(passage in () for",
        tests=(
            (
                "tests/personas/test_evidence.py"
                "::test_a_passage_is_found_whatever_signs_are_put_in_between"
            ),
        ),
    ),
    Mutant(
        "what a friend should not have written is left out",
        "chalicelib/workers/character.py",
        old="    return [text for text in words if not judged[digests[text]]]\n",
        new="    return list(words)\n",
        tests=(
            (
                "tests/personas/test_friends.py"
                "::test_what_a_friend_should_not_have_written_is_left_out"
            ),
        ),
    ),
    Mutant(
        "a correction that does not help is not kept",
        VERIFICATION,
        old="    return second if is_better else first\n",
        new="    return second\n",
        tests=("tests/workers/test_verification.py::test_of_two_prompts_the_better_one_is_kept",),
    ),
    Mutant(
        "a persona that nobody can ask who it is, is made all the same",
        VERIFICATION,
        old="    except (VendorRejected, ContentRefused) as error:\n",
        new="    except VendorRejected as error:\n",
        tests=(
            (
                "tests/workers/test_verification.py"
                "::test_an_answer_that_cannot_be_used_leaves_it_unmeasured_at_once[refusal]"
            ),
        ),
    ),
    Mutant(
        "a card brings traits only with our signature",
        "chalicelib/personas/cards/adoption.py",
        old=" and signing.is_ours(block):",
        new=":",
        tests=(
            "tests/personas/cards/test_import.py::test_traits_come_back_only_with_our_signature",
        ),
    ),
    Mutant(
        "an import that is sent again under its key is answered as at first",
        "chalicelib/core/http.py",
        old="            return _once(session, attempt, act) if attempt else act()\n",
        new="            return act()\n",
        tests=(
            (
                "tests/personas/cards/test_import.py"
                "::test_an_import_that_is_sent_again_under_its_key_makes_one_persona"
            ),
        ),
    ),
    Mutant(
        "a picture is doomed before it is stored",
        CARDS,
        old="        doom(session, keys=[key])\n",
        new="        pass\n",
        tests=(
            (
                "tests/personas/cards/test_import.py"
                "::test_a_picture_that_was_stored_in_vain_is_doomed"
            ),
        ),
    ),
    Mutant(
        "a card's texts are moderated",
        CARDS,
        old="    _moderate(ports.text, adopted)\n",
        tests=(
            "tests/personas/cards/test_import.py::test_texts_are_moderated_before_anything_is_kept",
        ),
    ),
    Mutant(
        "only its owner takes a persona away as a file",
        CARDS,
        old=".where(Persona.id == persona_id, Persona.owner_id == owner_id, ",
        new=".where(Persona.id == persona_id, ",
        tests=(
            (
                "tests/personas/cards/test_export.py"
                "::test_only_the_owner_exports_even_what_all_may_see"
            ),
        ),
    ),
    Mutant(
        "an upload is its user's own",
        CARDS,
        old="    if not data.upload_key.startswith(_uploads_of(owner_id)):\n",
        new='    if not data.upload_key.startswith("uploads/"):\n',
        tests=("tests/personas/cards/test_import.py::test_an_upload_belongs_to_its_user",),
    ),
    Mutant(
        "what an owner writes by hand is moderated",
        "chalicelib/personas/editing.py",
        old='        _moderate(ports.text, "\\n".join(texts))\n',
        tests=("tests/personas/test_editing.py::test_what_is_written_by_hand_is_moderated",),
    ),
)
