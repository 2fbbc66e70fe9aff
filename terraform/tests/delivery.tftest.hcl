mock_provider "aws" {
  source = "./tests/mocks"
}

run "delivery" {
  module {
    source = "./modules/delivery"
  }

  variables {
    name              = "persona-ai-prod"
    environment       = "prod"
    account           = "123456789012"
    functions         = { api_handler = { name = "persona-ai-prod-api_handler", arn = "arn:aws:lambda:eu-north-1:123456789012:function:mock", version = "1", alias = "live", timeout = 25, at_once = 1, role = "api" } }
    alarms            = { api_handler = ["persona-ai-prod-api-errors"] }
    canary            = "CodeDeployDefault.LambdaCanary10Percent5Minutes"
    topic_arn         = "arn:aws:sns:eu-north-1:123456789012:mock"
    github_repository = "persona-ai/persona-ai"
  }

  assert {
    condition = alltrue([
      for group in aws_codedeploy_deployment_group.function :
      length(group.alarm_configuration[0].alarms) > 0 && contains(group.auto_rollback_configuration[0].events, "DEPLOYMENT_STOP_ON_ALARM")
    ])
    error_message = "An alarm takes a release back."
  }

  assert {
    condition = (
      jsondecode(aws_iam_role.github["deploy"].assume_role_policy).Statement[0].Condition.StringEquals["token.actions.githubusercontent.com:sub"] == "repo:persona-ai/persona-ai:environment:prod" &&
      jsondecode(aws_iam_role.github["plan"].assume_role_policy).Statement[0].Condition.StringEquals["token.actions.githubusercontent.com:sub"] == "repo:persona-ai/persona-ai:pull_request"
    )
    error_message = "Only the environment's own job deploys, and a pull request may only look."
  }

  assert {
    condition = alltrue(flatten([
      for statement in jsondecode(aws_iam_role_policy.deploy.policy).Statement : [for action in statement.Action : !strcontains(action, "*")]
    ]))
    error_message = "What a deployment may do to roles is listed."
  }
}
