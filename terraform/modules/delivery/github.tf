# GitHub's workflows have no keys: they show a token of GitHub's, and hold a role for an hour.

locals {
  issuer = "token.actions.githubusercontent.com"

  # Who may assume which: a pull request may look, and only the environment's own job may change.
  subjects = {
    plan   = "repo:${var.github_repository}:pull_request"
    deploy = "repo:${var.github_repository}:environment:${var.environment}"
  }

  policies = {
    plan   = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    deploy = "arn:aws:iam::aws:policy/PowerUserAccess"
  }
}

resource "aws_iam_openid_connect_provider" "github" {
  url            = "https://${local.issuer}"
  client_id_list = ["sts.amazonaws.com"]
}

resource "aws_iam_role" "github" {
  for_each = local.subjects

  name = "${var.name}-github-${each.key}"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Federated = aws_iam_openid_connect_provider.github.arn }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = {
        StringEquals = {
          "${local.issuer}:aud" = "sts.amazonaws.com"
          "${local.issuer}:sub" = each.value
        }
      }
    }]
  })
}

resource "aws_iam_role_policy_attachment" "github" {
  for_each = local.policies

  role       = aws_iam_role.github[each.key].name
  policy_arn = each.value
}

# A plan reads everything but what is secret: reading the owner's password back is Terraform's alone.
resource "aws_iam_role_policy" "plan" {
  name = "plan"
  role = aws_iam_role.github["plan"].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "ReadOwnerPassword"
        Effect   = "Allow"
        Action   = ["secretsmanager:GetSecretValue"]
        Resource = ["arn:aws:secretsmanager:*:${var.account}:secret:${var.name}/owner-password-*"]
      },
      {
        Sid       = "DecryptIt"
        Effect    = "Allow"
        Action    = ["kms:Decrypt"]
        Resource  = ["arn:aws:kms:*:${var.account}:key/*"]
        Condition = { StringLike = { "kms:ViaService" = "secretsmanager.*.amazonaws.com" } }
      },
      {
        Sid         = "NoPeoplesData"
        Effect      = "Deny"
        Action      = ["s3:GetObject"]
        NotResource = ["arn:aws:s3:::${var.name}-state-${var.account}/*"]
      },
    ]
  })
}

# PowerUserAccess leaves IAM out: a deployment makes this application's roles and no others.
resource "aws_iam_role_policy" "deploy" {
  name = "own-roles"
  role = aws_iam_role.github["deploy"].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "OwnRoles"
        Effect = "Allow"
        Action = [
          "iam:AttachRolePolicy", "iam:CreateRole", "iam:DeleteRole", "iam:DeleteRolePolicy", "iam:DetachRolePolicy",
          "iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListInstanceProfilesForRole",
          "iam:ListRolePolicies", "iam:PutRolePolicy", "iam:TagRole", "iam:UntagRole", "iam:UpdateAssumeRolePolicy", "iam:UpdateRole",
        ]
        Resource = ["arn:aws:iam::${var.account}:role/${var.name}-*"]
      },
      {
        Sid       = "HandThemOver"
        Effect    = "Allow"
        Action    = ["iam:PassRole"]
        Resource  = ["arn:aws:iam::${var.account}:role/${var.name}-*"]
        Condition = { StringEquals = { "iam:PassedToService" = local.services } }
      },
      {
        Sid      = "GitHubItself"
        Effect   = "Allow"
        Action   = ["iam:GetOpenIDConnectProvider", "iam:TagOpenIDConnectProvider"]
        Resource = [aws_iam_openid_connect_provider.github.arn]
      },
      {
        Sid      = "NotItsOwn"
        Effect   = "Deny"
        Action   = ["iam:AttachRolePolicy", "iam:DeleteRolePolicy", "iam:DetachRolePolicy", "iam:PutRolePolicy", "iam:UpdateAssumeRolePolicy"]
        Resource = [for role in aws_iam_role.github : role.arn]
      },
    ]
  })
}

locals {
  services = [
    "apigateway.amazonaws.com",
    "codedeploy.amazonaws.com",
    "lambda.amazonaws.com",
    "monitoring.rds.amazonaws.com",
    "rds.amazonaws.com",
    "vpc-flow-logs.amazonaws.com",
  ]
}
