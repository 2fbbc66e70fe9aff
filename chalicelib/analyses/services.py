"""Ask friends about oneself, answer about a friend, and end the asking."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from chalicelib.analyses import scoring, tokens
from chalicelib.analyses.exceptions import (
    ActiveExists,
    AlreadyAnswered,
    AnalysisNotFound,
    ExpiryOutOfRange,
    InvalidSelfAnswers,
    NotCollecting,
    OwnerCannotAnswer,
    SurveyClosed,
    SurveyFull,
)
from chalicelib.analyses.instruments import MINI_IPIP, Trait
from chalicelib.analyses.schemas import (
    AnalysisCreate,
    AnalysisUpdate,
    CreateQuery,
    ResponseCreate,
)
from chalicelib.analyses.scoring import Answers, TraitScore
from chalicelib.core.errors import Unauthenticated
from chalicelib.core.models import (
    Analysis,
    AnalysisResponse,
    AnalysisStatus,
    TraitProfile,
    TraitSource,
    User,
)

MAX_RESPONSES = 50
LONGEST = timedelta(days=90)


@dataclass(frozen=True)
class Shared:
    """An analysis, and its link in clear if that was made just now."""

    analysis_id: UUID
    share_token: str | None


@dataclass(frozen=True)
class Recorded:
    """How many valid answers a survey has, one respondent's among them."""

    subject_name: str
    response_count: int
    missing: int


def create_analysis(
    session: Session, *, owner_id: UUID, data: AnalysisCreate, query: CreateQuery
) -> Shared:
    """Open a survey. Only one of an owner collects answers at a time."""
    owner = session.get(User, owner_id, with_for_update=True)
    if owner is None:
        raise Unauthenticated
    is_over = sa.true() if query.replace else Analysis.expires_at <= sa.func.now()
    session.execute(
        sa.update(Analysis)
        .where(Analysis.user_id == owner_id, Analysis.status == AnalysisStatus.COLLECTING, is_over)
        .values(status=AnalysisStatus.CLOSED)
    )
    token = tokens.new_share_token()
    analysis = Analysis(
        user_id=owner_id,
        share_token_hash=tokens.share_hash(token),
        instrument=MINI_IPIP.id,
        subject_name=data.subject_name or owner.display_name,
        min_responses=data.min_responses,
        expires_at=sa.func.now() + timedelta(days=data.expires_in_days),
    )
    try:
        with session.begin_nested():
            session.add(analysis)
    except IntegrityError as error:
        raise ActiveExists from error
    return Shared(analysis.id, token)


def update_analysis(
    session: Session, *, owner_id: UUID, analysis_id: UUID, data: AnalysisUpdate
) -> Shared:
    analysis, now = _own_locked(session, owner_id=owner_id, analysis_id=analysis_id)
    if data.expires_at is not None or data.rotate_link:
        _require_collecting(analysis)
    if data.expires_at is not None:
        analysis.expires_at = _within_range(data.expires_at, now)
    token = tokens.new_share_token() if data.rotate_link else None
    if token is not None:
        analysis.share_token_hash = tokens.share_hash(token)
    if data.status is not None:
        _end(analysis, AnalysisStatus(data.status))
    session.flush()
    return Shared(analysis.id, token)


def delete_analysis(session: Session, *, owner_id: UUID, analysis_id: UUID) -> None:
    """Delete an analysis and everything that was answered to it."""
    deleted = session.scalar(
        sa.delete(Analysis)
        .where(Analysis.id == analysis_id, Analysis.user_id == owner_id)
        .returning(Analysis.id)
    )
    if deleted is None:
        raise AnalysisNotFound


def record_response(
    session: Session, *, share_token: str, caller_id: UUID | None, data: ResponseCreate
) -> Recorded:
    """Keep a friend's answers. Those that do not count are kept too, and their author is not
    told; the unique constraint refuses a second response."""
    analysis = _open_locked(session, share_token=share_token)
    if analysis.user_id == caller_id:
        raise OwnerCannotAnswer
    reason = scoring.invalid_reason(data.answers)
    response = AnalysisResponse(
        analysis_id=analysis.id,
        respondent_hash=tokens.respondent_hash(data.respondent_token, analysis_id=analysis.id),
        relation=data.relation,
        familiarity=data.familiarity,
        answers=data.answers,
        free_text=data.free_text.model_dump(exclude_none=True),
        valid=reason is None,
        invalid_reason=reason,
    )
    try:
        with session.begin_nested():
            session.add(response)
    except IntegrityError as error:
        raise AlreadyAnswered from error
    return _counted(session, analysis)


def put_self(
    session: Session, *, owner_id: UUID, analysis_id: UUID, answers: Answers
) -> TraitProfile:
    """Score the owner's own answers, in place of earlier ones."""
    analysis, _ = _own_locked(session, owner_id=owner_id, analysis_id=analysis_id)
    if scoring.invalid_reason(answers) is not None:
        raise InvalidSelfAnswers
    scored = {
        "traits": _stored(scoring.score_self(MINI_IPIP, answers)),
        "n": 1,
        "instrument": analysis.instrument,
        "scoring_version": scoring.SCORING_VERSION,
    }
    return session.scalars(
        insert(TraitProfile)
        .values(analysis_id=analysis.id, source=TraitSource.SELF, **scored)
        .on_conflict_do_update(
            index_elements=[TraitProfile.analysis_id, TraitProfile.source],
            set_={**scored, "updated_at": sa.func.now()},
        )
        .returning(TraitProfile)
    ).one()


def _own_locked(
    session: Session, *, owner_id: UUID, analysis_id: UUID
) -> tuple[Analysis, datetime]:
    """Return one of the owner's analyses, and the time; another user's is not found either."""
    return _locked(session, Analysis.id == analysis_id, Analysis.user_id == owner_id)


def _open_locked(session: Session, *, share_token: str) -> Analysis:
    """Return the survey behind a link. The lock lets responses in one by one, so that they can be
    counted, and none slips in after the end."""
    this = Analysis.share_token_hash == tokens.share_hash(share_token)
    analysis, now = _locked(session, this)
    if not analysis.is_open(now):
        raise SurveyClosed
    return analysis


def _locked(session: Session, *conditions: sa.ColumnElement[bool]) -> tuple[Analysis, datetime]:
    wanted = sa.select(Analysis, sa.func.now()).where(*conditions).with_for_update()
    if (row := session.execute(wanted).one_or_none()) is None:
        raise AnalysisNotFound
    analysis, now = row
    return analysis, now


def _require_collecting(analysis: Analysis) -> None:
    if analysis.status is not AnalysisStatus.COLLECTING:
        raise NotCollecting


def _within_range(expires_at: datetime, now: datetime) -> datetime:
    if not now < expires_at <= now + LONGEST:
        raise ExpiryOutOfRange
    return expires_at


def _end(analysis: Analysis, status: AnalysisStatus) -> None:
    if analysis.status is AnalysisStatus.ARCHIVED and status is AnalysisStatus.CLOSED:
        raise NotCollecting
    analysis.status = status


def _counted(session: Session, analysis: Analysis) -> Recorded:
    """Count the responses, and refuse the one that is too many: the transaction takes it back."""
    kept, valid = session.execute(
        sa.select(sa.func.count(), sa.func.count().filter(AnalysisResponse.valid)).where(
            AnalysisResponse.analysis_id == analysis.id
        )
    ).one()
    if kept > MAX_RESPONSES:
        raise SurveyFull
    return Recorded(
        subject_name=analysis.subject_name,
        response_count=valid,
        missing=max(analysis.min_responses - valid, 0),
    )


def _stored(scores: Mapping[Trait, TraitScore]) -> dict[str, Any]:
    return {trait.value: asdict(score) for trait, score in scores.items()}
