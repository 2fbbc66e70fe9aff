"""The rehearsal's comparison of what roles have with what they ask for."""

from local.rehearsal.rights import REASONS, Request, complaints, grants

BUCKET = "arn:aws:s3:::images"
POLICIES = {
    "worker": {
        "Statement": [
            *(
                {"Sid": sid, "Effect": "Allow", "Action": ["a:B"], "Resource": ["*"]}
                for sid in REASONS
            ),
            {
                "Sid": "ReadImages",
                "Effect": "Allow",
                "Action": ["s3:GetObject"],
                "Resource": [f"{BUCKET}/images/*"],
            },
            {
                "Sid": "NetworkIsLambdas",
                "Effect": "Deny",
                "Action": ["ec2:CreateNetworkInterface"],
                "Resource": ["*"],
            },
        ]
    }
}
READ = Request("worker", "s3:GetObject", f"{BUCKET}/images/one.jpeg")


def said(*requests: Request) -> list[str]:
    return list(complaints(list(grants(POLICIES)), requests))


def test_what_is_granted_and_asked_for_is_right() -> None:
    assert said(READ) == []


def test_a_grant_that_nobody_uses_is_told() -> None:
    assert said() == [f"worker never asked for s3:GetObject of {BUCKET}/images/* (ReadImages)"]


def test_a_request_without_a_grant_is_told() -> None:
    asked = Request("worker", "s3:GetObject", f"{BUCKET}/exports/one.png")
    assert said(READ, asked) == [
        f"worker asked for s3:GetObject of {BUCKET}/exports/one.png, ungranted"
    ]


def test_another_role_s_grant_does_not_count() -> None:
    asked = Request("sweeper", "s3:GetObject", f"{BUCKET}/images/one.jpeg")
    assert said(READ, asked) == [
        f"sweeper asked for s3:GetObject of {BUCKET}/images/one.jpeg, ungranted"
    ]


def test_a_refusal_is_told_even_of_what_is_granted() -> None:
    refused = Request("worker", "s3:GetObject", f"{BUCKET}/images/one.jpeg", is_allowed=False)
    assert said(READ, refused) == [f"worker was refused s3:GetObject of {BUCKET}/images/one.jpeg"]


def test_a_reason_for_what_nobody_has_is_told() -> None:
    policies = {"worker": {"Statement": POLICIES["worker"]["Statement"][1:]}}
    (complaint,) = complaints(list(grants(policies)), [READ])
    assert complaint == f"there is a reason for {next(iter(REASONS))}, which is granted to nobody"
