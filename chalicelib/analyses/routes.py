from uuid import UUID

from sqlalchemy.orm import Session

from chalicelib.analyses import reading, services
from chalicelib.analyses.instruments import ETAG, MINI_IPIP
from chalicelib.analyses.schemas import (
    AnalysesQuery,
    AnalysisCreate,
    AnalysisKey,
    AnalysisPage,
    AnalysisRead,
    AnalysisUpdate,
    CreateQuery,
    InstrumentsRead,
    ResponseCreate,
    ResponseRecorded,
    ResultsRead,
    SelfAnswers,
    SelfRead,
    SurveyRead,
)
from chalicelib.auth.guards import signed_in, signed_in_or_anyone
from chalicelib.core.answers import Reply
from chalicelib.core.http import Caller, Routes, anyone

MAX_BODY_BYTES = 16 * 1024
HOUR = 3600

routes = Routes(__name__, guard=signed_in, max_body_bytes=MAX_BODY_BYTES)


@routes.get("/analyses/instruments", guard=anyone)
def list_instruments() -> Reply[InstrumentsRead]:
    """Show what friends are asked, how it is scored, and where it comes from."""
    return Reply(InstrumentsRead(instruments=[MINI_IPIP]), etag=ETAG, max_age=HOUR)


@routes.post("/analyses")
def create_analysis(
    session: Session, caller: Caller, body: AnalysisCreate, query: CreateQuery
) -> Reply[AnalysisRead]:
    """Open a survey about yourself. Its link is shown in this answer and never again."""
    owner_id = caller.user_id
    shared = services.create_analysis(session, owner_id=owner_id, data=body, query=query)
    analysis = reading.get_own(session, owner_id=owner_id, shared=shared)
    return Reply(analysis, location=f"/analyses/{analysis.id}")


@routes.get("/analyses")
def list_analyses(session: Session, caller: Caller, query: AnalysesQuery) -> AnalysisPage:
    return reading.list_analyses(session, owner_id=caller.user_id, query=query)


@routes.get("/analyses/me")
def get_my_analysis(session: Session, caller: Caller) -> AnalysisRead:
    """Return the analysis that is collecting answers, or the one that did so last."""
    return reading.get_mine(session, owner_id=caller.user_id)


@routes.get("/analyses/{analysis_id}", guard=signed_in_or_anyone)
def get_analysis(
    session: Session, caller: Caller | None, analysis_id: AnalysisKey
) -> AnalysisRead | SurveyRead:
    """Return your own analysis by its id; by its share token, what friends are asked."""
    viewer_id = caller.user_id if caller else None
    return reading.get_analysis(session, viewer_id=viewer_id, key=analysis_id)


@routes.post("/analyses/{analysis_id}/responses", guard=signed_in_or_anyone)
def create_response(
    session: Session, caller: Caller | None, analysis_id: str, body: ResponseCreate
) -> ResponseRecorded:
    """Answer a survey by its share token; no account is needed."""
    caller_id = caller.user_id if caller else None
    return _thanks(
        services.record_response(session, share_token=analysis_id, caller_id=caller_id, data=body)
    )


@routes.put("/analyses/{analysis_id}/self")
def put_self(session: Session, caller: Caller, analysis_id: UUID, body: SelfAnswers) -> SelfRead:
    """Answer about yourself, so that results can say where your friends see you otherwise."""
    profile = services.put_self(
        session, owner_id=caller.user_id, analysis_id=analysis_id, answers=body.answers
    )
    return reading.self_of(profile)


@routes.get("/analyses/{analysis_id}/results")
def get_results(session: Session, caller: Caller, analysis_id: UUID) -> ResultsRead:
    return reading.get_results(session, owner_id=caller.user_id, analysis_id=analysis_id)


@routes.patch("/analyses/{analysis_id}")
def update_analysis(
    session: Session, caller: Caller, analysis_id: UUID, body: AnalysisUpdate
) -> AnalysisRead:
    """Close or archive an analysis, move its end, or replace its link."""
    shared = services.update_analysis(
        session, owner_id=caller.user_id, analysis_id=analysis_id, data=body
    )
    return reading.get_own(session, owner_id=caller.user_id, shared=shared)


@routes.delete("/analyses/{analysis_id}")
def delete_analysis(session: Session, caller: Caller, analysis_id: UUID) -> None:
    services.delete_analysis(session, owner_id=caller.user_id, analysis_id=analysis_id)


def _thanks(recorded: services.Recorded) -> ResponseRecorded:
    name, missing = recorded.subject_name, recorded.missing
    if missing:
        teaser = f"Thank you. {missing} more, and {name} sees how friends see them."
    else:
        teaser = f"Thank you. {name} can see now how friends see them."
    return ResponseRecorded(
        status="recorded", response_count=recorded.response_count, result_teaser=teaser
    )
