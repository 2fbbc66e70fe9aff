"""Analyses as people see them: their owner, and the friends who are asked."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from chalicelib.analyses import scoring, tokens
from chalicelib.analyses.exceptions import AnalysisNotFound, SurveyClosed, TooFewResponses
from chalicelib.analyses.instruments import MINI_IPIP, Trait
from chalicelib.analyses.schemas import (
    AnalysesQuery,
    AnalysisPage,
    AnalysisRead,
    BlindSpotRead,
    Progress,
    QuestionRead,
    ReliabilityRead,
    ResultsRead,
    SelfRead,
    SurveyRead,
    TraitScoresRead,
)
from chalicelib.analyses.scoring import TraitScore
from chalicelib.analyses.services import Shared
from chalicelib.core.models import (
    Analysis,
    AnalysisResponse,
    AnalysisStatus,
    TraitProfile,
    TraitSource,
    User,
)
from chalicelib.core.text import plain

WORDS_LENGTH = 200

_VALID = (
    sa.select(sa.func.count())
    .where(AnalysisResponse.analysis_id == Analysis.id, AnalysisResponse.valid)
    .scalar_subquery()
)
# Built once: making and compiling a statement costs more than running it.
_ANALYSES = sa.select(Analysis, sa.func.now().label("now"), _VALID.label("response_count"))
_OWN = _ANALYSES.where(
    Analysis.id == sa.bindparam("analysis_id"), Analysis.user_id == sa.bindparam("owner_id")
)
_NEWEST = (
    _ANALYSES.where(
        Analysis.user_id == sa.bindparam("owner_id"), Analysis.status != AnalysisStatus.ARCHIVED
    )
    .order_by(Analysis.id.desc())
    .limit(1)
)
_SURVEY = (
    sa.select(Analysis, sa.func.now().label("now"), User.display_name)
    .join(User, User.id == Analysis.user_id)
    .where(Analysis.share_token_hash == sa.bindparam("share_hash"))
)


def get_analysis(
    session: Session, *, viewer_id: UUID | None, key: UUID | str
) -> AnalysisRead | SurveyRead:
    """Return the viewer's own analysis by its id, or the survey behind a share token."""
    if isinstance(key, str):
        return get_survey(session, share_token=key)
    if viewer_id is None:
        raise AnalysisNotFound
    return get_own(session, owner_id=viewer_id, shared=Shared(key, None))


def get_own(session: Session, *, owner_id: UUID, shared: Shared) -> AnalysisRead:
    found = session.execute(_OWN, {"analysis_id": shared.analysis_id, "owner_id": owner_id})
    return _analysis(_required(found.one_or_none()), share_token=shared.share_token)


def get_mine(session: Session, *, owner_id: UUID) -> AnalysisRead:
    """Return the newest analysis that is not archived."""
    return _analysis(_required(session.execute(_NEWEST, {"owner_id": owner_id}).one_or_none()))


def list_analyses(session: Session, *, owner_id: UUID, query: AnalysesQuery) -> AnalysisPage:
    wanted = _ANALYSES.where(Analysis.user_id == owner_id)
    if query.cursor is not None:
        wanted = wanted.where(Analysis.id < query.cursor)
    rows = session.execute(wanted.order_by(Analysis.id.desc()).limit(query.limit + 1)).all()
    items = [_analysis(row) for row in rows[: query.limit]]
    return AnalysisPage(items=items, next_cursor=items[-1].id if len(rows) > query.limit else None)


def get_survey(session: Session, *, share_token: str) -> SurveyRead:
    found = session.execute(_SURVEY, {"share_hash": tokens.share_hash(share_token)})
    if (row := found.one_or_none()) is None:
        raise AnalysisNotFound
    analysis: Analysis = row.Analysis
    if not analysis.is_open(row.now):
        raise SurveyClosed
    return SurveyRead(
        creator_name=row.display_name,
        subject_name=analysis.subject_name,
        questions=[QuestionRead.of(item) for item in MINI_IPIP.items],
        free_text_questions=MINI_IPIP.questions,
        consent=MINI_IPIP.consent,
        respondent_token=tokens.new_respondent_token(analysis.id),
        expires_at=analysis.expires_at,
    )


@dataclass(frozen=True)
class Answered:
    """What `n` friends answered, together. `words` is what they wrote, in no order."""

    n: int
    instrument: str
    scores: Mapping[Trait, TraitScore]
    words: Sequence[str]


def get_answered(session: Session, *, owner_id: UUID, analysis_id: UUID) -> Answered:
    """Put the valid answers together. Raises `TooFewResponses` below the owner's minimum, which
    is three or more."""
    analysis = require_ready(session, owner_id=owner_id, analysis_id=analysis_id)
    responses = session.execute(
        sa.select(AnalysisResponse.answers, AnalysisResponse.free_text).where(
            AnalysisResponse.analysis_id == analysis_id, AnalysisResponse.valid
        )
    ).all()
    return Answered(
        n=len(responses),
        instrument=analysis.instrument,
        scores=scoring.score_friends(MINI_IPIP, [row.answers for row in responses]),
        words=_words(analysis_id, [row.free_text for row in responses]),
    )


def require_ready(session: Session, *, owner_id: UUID, analysis_id: UUID) -> Analysis:
    """Return an analysis of the owner's that has enough valid answers, whatever its status."""
    mine = {"analysis_id": analysis_id, "owner_id": owner_id}
    row = _required(session.execute(_OWN, mine).one_or_none())
    analysis: Analysis = row.Analysis
    if (missing := analysis.min_responses - row.response_count) > 0:
        raise TooFewResponses(missing=missing)
    return analysis


def get_results(session: Session, *, owner_id: UUID, analysis_id: UUID) -> ResultsRead:
    answered = get_answered(session, owner_id=owner_id, analysis_id=analysis_id)
    return ResultsRead(
        n=answered.n,
        instrument=answered.instrument,
        scoring_version=scoring.SCORING_VERSION,
        traits=TraitScoresRead.of(answered.scores),
        words=list(answered.words),
        blind_spots=_blind_spots(_own_scores(session, analysis_id), answered.scores),
    )


def self_of(profile: TraitProfile) -> SelfRead:
    return SelfRead(
        source=profile.source,
        instrument=profile.instrument,
        scoring_version=profile.scoring_version,
        traits=TraitScoresRead.of(_scores(profile.traits)),
    )


def _required(row: sa.Row[Any] | None) -> sa.Row[Any]:
    if row is None:
        raise AnalysisNotFound
    return row


def _analysis(row: sa.Row[Any], *, share_token: str | None = None) -> AnalysisRead:
    analysis: Analysis = row.Analysis
    is_ready = row.response_count >= analysis.min_responses
    reliability = scoring.spearman_brown(row.response_count)
    return AnalysisRead(
        id=analysis.id,
        share_url=tokens.share_url(share_token) if share_token else None,
        share_token=share_token,
        status=_progress(analysis, is_open=analysis.is_open(row.now), is_ready=is_ready),
        instrument=analysis.instrument,
        subject_name=analysis.subject_name,
        min_responses=analysis.min_responses,
        response_count=row.response_count,
        ready=is_ready,
        reliability_if_generated_now=ReliabilityRead(
            value=round(reliability, 2), label=scoring.label_of(reliability)
        ),
        created_at=analysis.created_at,
        expires_at=analysis.expires_at,
    )


def _progress(analysis: Analysis, *, is_open: bool, is_ready: bool) -> Progress:
    if is_open:
        return "ready_to_generate" if is_ready else "collecting"
    return "archived" if analysis.status is AnalysisStatus.ARCHIVED else "closed"


def _words(analysis_id: UUID, free_texts: Iterable[Mapping[str, str]]) -> list[str]:
    """Return everything that was written, without markup and addresses: anybody with the link may
    have sent them. Only the words themselves decide the order: it tells neither who wrote what nor
    when, nor what was written together."""
    written = (plain(text, limit=WORDS_LENGTH) for each in free_texts for text in each.values())
    shown = filter(None, written)
    return sorted(shown, key=lambda text: sha256(f"{analysis_id}:{text}".encode()).digest())


def _own_scores(session: Session, analysis_id: UUID) -> Mapping[Trait, TraitScore]:
    traits = session.scalar(
        sa.select(TraitProfile.traits).where(
            TraitProfile.analysis_id == analysis_id, TraitProfile.source == TraitSource.SELF
        )
    )
    return _scores(traits or {})


def _scores(stored: Mapping[str, Any]) -> dict[Trait, TraitScore]:
    return {Trait(name): TraitScore(**score) for name, score in stored.items()}


def _blind_spots(
    own: Mapping[Trait, TraitScore], friends: Mapping[Trait, TraitScore]
) -> Sequence[BlindSpotRead]:
    """Compare the traits that both sides have answered about."""
    compared = []
    for trait, score in own.items():
        mine, theirs = score.observed, friends[trait].observed
        if mine is not None and theirs is not None:
            reference = MINI_IPIP.references.traits[trait]
            compared.append(
                BlindSpotRead(
                    trait=trait,
                    self=round(mine, 2),
                    friends=round(theirs, 2),
                    label=scoring.compare(mine, theirs, reference),
                )
            )
    return compared
