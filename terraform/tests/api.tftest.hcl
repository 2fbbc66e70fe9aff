mock_provider "aws" {
  source = "./tests/mocks"
}

run "functions" {
  module {
    source = "./functions"
  }
}

run "api" {
  module {
    source = "./modules/api"
  }

  variables {
    name        = "persona-ai-prod"
    region      = "eu-north-1"
    account     = "123456789012"
    package     = "tests/api.tftest.hcl" # any file: what is in it is not looked at
    packaged    = run.functions.packaged
    functions   = run.functions.functions
    concurrency = { persona_generator = 20 }
    environment = { SECRETS_ID = "settings" }
    queues = {
      for name in keys(run.functions.queues) : name => {
        name              = name
        arn               = "arn:aws:sqs:eu-north-1:123456789012:${name}"
        dead_letters_name = "${name}-dead-letters"
        dead_letters_arn  = "arn:aws:sqs:eu-north-1:123456789012:${name}-dead-letters"
      }
    }
    images_arn      = "arn:aws:s3:::images"
    releases_bucket = "releases"
    settings_arn    = "arn:aws:secretsmanager:eu-north-1:123456789012:secret:settings"
    secret_arns     = { owner = "arn:aws:secretsmanager:eu-north-1:123456789012:secret:owner" }
    kms_key_arn     = "arn:aws:kms:eu-north-1:123456789012:key/mock"
    web_url         = "https://persona.example"
    throttle        = { rate = 500, burst = 1000 }
    log_days        = 365
    subnet_ids      = ["subnet-1", "subnet-2"]
    security_group  = { functions = "sg-functions", vendors = "sg-vendors", receivers = "sg-receivers" }
  }

  assert {
    condition = alltrue(flatten([
      for policy in aws_iam_role_policy.function : [
        for statement in jsondecode(policy.policy).Statement : [
          for action in statement.Action : !strcontains(action, "*")
        ]
      ]
    ]))
    error_message = "No policy allows an action by a pattern."
  }

  assert {
    condition = alltrue(flatten([
      for policy in aws_iam_role_policy.function : [
        for statement in jsondecode(policy.policy).Statement :
        statement.Effect == "Deny" || !contains(statement.Resource, "*") || contains(["Trace", "Network"], statement.Sid)
      ]
    ]))
    error_message = "Only tracing and network interfaces, for which AWS knows no resource, may name every resource."
  }

  assert {
    condition     = length(distinct([for name in keys(aws_lambda_function.this) : aws_iam_role.function[name].name])) == length(aws_lambda_function.this)
    error_message = "Each function has a role of its own."
  }

  assert {
    condition = alltrue([
      for name, function in aws_lambda_function.this :
      aws_cloudwatch_log_group.function[name].name == "/aws/lambda/${function.function_name}" && aws_cloudwatch_log_group.function[name].retention_in_days == 365
    ])
    error_message = "Every function has its log group, and its logs an end."
  }

  assert {
    condition     = alltrue([for function in aws_lambda_function.this : function.runtime == "python${regex("\ndeployed=([0-9.]+)", file("../scripts/package"))[0]}"])
    error_message = "Functions run on the Python that scripts/package builds for."
  }

  assert {
    condition     = alltrue([for function in aws_lambda_function.this : function.tracing_config[0].mode == "Active"])
    error_message = "Every function is traced."
  }

  assert {
    condition     = alltrue([for function in aws_lambda_function.this : function.reserved_concurrent_executions > 0])
    error_message = "Every function has a concurrency reserved, which it cannot exceed."
  }

  assert {
    condition     = aws_lambda_function.this["persona_generator"].reserved_concurrent_executions == 20 && aws_lambda_function.this["sweeper"].reserved_concurrent_executions == 1
    error_message = "The environment's concurrency wins over that of functions.tf."
  }

  assert {
    condition     = alltrue([for function in aws_lambda_function.this : length(function.vpc_config[0].subnet_ids) == 2 && contains(function.vpc_config[0].security_group_ids, "sg-functions")])
    error_message = "Every function is in the network."
  }

  assert {
    condition     = !contains(aws_lambda_function.this["sweeper"].vpc_config[0].security_group_ids, "sg-vendors")
    error_message = "Who calls no vendor has no way out."
  }

  assert {
    condition     = alltrue([for name in keys(aws_lambda_function.this) : aws_lambda_alias.live[name].name == "live"])
    error_message = "Every function has an alias to release it by."
  }

  assert {
    condition = alltrue([
      for name, mapping in aws_lambda_event_source_mapping.queue :
      mapping.scaling_config[0].maximum_concurrency <= aws_lambda_function.this[name].reserved_concurrent_executions
    ])
    error_message = "SQS starts no more workers than may run."
  }

  assert {
    condition = alltrue([
      for mapping in aws_lambda_event_source_mapping.queue :
      mapping.batch_size == 1 || contains(coalesce(mapping.function_response_types, []), "ReportBatchItemFailures")
    ])
    error_message = "A worker that takes several messages at once says which have failed."
  }

  assert {
    condition     = length(setsubtract(keys(run.functions.queues), [for name, mapping in aws_lambda_event_source_mapping.queue : run.functions.packaged[name].queue.name])) == 0
    error_message = "Each queue feeds its worker."
  }

  assert {
    condition = alltrue([
      for path in values(jsondecode(aws_api_gateway_rest_api.rest_api.body).paths) : alltrue([
        for method in values(path) : endswith(method["x-amazon-apigateway-integration"].uri, ":live/invocations")
      ])
    ])
    error_message = "The API calls the alias, not the latest code."
  }

  assert {
    condition     = aws_api_gateway_method_settings.all.settings[0].throttling_rate_limit == 500 && aws_api_gateway_method_settings.all.settings[0].data_trace_enabled == false
    error_message = "The API is throttled, and bodies are in no log."
  }

  assert {
    condition = alltrue([
      for field in ["authorization", "header", "querystring", "sourceIp", "path\"", "requestOverride"] :
      !strcontains(aws_api_gateway_stage.this.access_log_settings[0].format, field)
    ])
    error_message = "The access log has no token, no address and no path with an id in it."
  }

  assert {
    condition = alltrue([
      for answer in aws_api_gateway_gateway_response.problem : alltrue([
        answer.response_parameters["gatewayresponse.header.Content-Type"] == "'application/problem+json'",
        answer.response_parameters["gatewayresponse.header.Access-Control-Allow-Origin"] == "'https://persona.example'",
        startswith(jsondecode(answer.response_templates["application/json"]).type, "urn:persona-ai:problem:"),
        can(regex("^[45][0-9][0-9]$", jsondecode(answer.response_templates["application/json"]).status)),
      ])
    ])
    error_message = "What the gateway answers by itself is a problem document that the page may read."
  }
}

run "a_function_that_nobody_said_anything_of" {
  command = plan

  module {
    source = "./modules/api"
  }

  variables {
    name            = "persona-ai-prod"
    region          = "eu-north-1"
    account         = "123456789012"
    package         = "tests/api.tftest.hcl"
    packaged        = run.functions.packaged
    functions       = { for name, function in run.functions.functions : name => function if name != "sweeper" }
    concurrency     = {}
    environment     = {}
    queues          = {}
    images_arn      = "arn:aws:s3:::images"
    releases_bucket = "releases"
    settings_arn    = "arn:aws:secretsmanager:eu-north-1:123456789012:secret:settings"
    secret_arns     = {}
    kms_key_arn     = "arn:aws:kms:eu-north-1:123456789012:key/mock"
    web_url         = "https://persona.example"
    throttle        = { rate = 500, burst = 1000 }
    log_days        = 365
    subnet_ids      = []
    security_group  = {}
  }

  expect_failures = [var.functions]
}
