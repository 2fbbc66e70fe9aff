locals {
  # What scripts/package builds for. Chalice names the Python that it runs on itself.
  runtime = "python3.13"

  environment = {
    for name, function in var.functions : name => merge(
      var.environment,
      { SECRETS_ID = join(",", concat([for secret in function.secrets : var.secret_arns[secret]], [var.settings_arn])) },
      function.environment,
    )
  }

  at_once = { for name, function in var.functions : name => lookup(var.concurrency, name, function.at_once) }
}

resource "aws_lambda_function" "this" {
  for_each = var.packaged

  function_name    = "${var.name}-${each.key}"
  s3_bucket        = aws_s3_object.package.bucket
  s3_key           = aws_s3_object.package.key
  source_code_hash = filebase64sha256(var.package)
  handler          = each.value.handler
  runtime          = local.runtime
  architectures    = [each.value.architecture]
  memory_size      = each.value.memory
  timeout          = each.value.timeout
  role             = aws_iam_role.function[each.key].arn
  publish          = true
  kms_key_arn      = var.kms_key_arn

  reserved_concurrent_executions = local.at_once[each.key]

  environment {
    variables = local.environment[each.key]
  }

  vpc_config {
    subnet_ids         = var.subnet_ids
    security_group_ids = [for group in concat(["functions"], var.functions[each.key].egress) : var.security_group[group]]
  }

  tracing_config {
    mode = "Active"
  }

  depends_on = [aws_cloudwatch_log_group.function, aws_iam_role_policy.function]
}

# One upload for all functions, and past what Lambda takes directly.
resource "aws_s3_object" "package" {
  bucket      = var.releases_bucket
  key         = "functions/${filesha256(var.package)}.zip"
  source      = var.package
  source_hash = filesha256(var.package)
}

resource "aws_cloudwatch_log_group" "function" {
  for_each = var.packaged

  name              = "/aws/lambda/${var.name}-${each.key}"
  retention_in_days = var.log_days
  kms_key_id        = var.kms_key_arn
}

# Whatever starts a function starts its alias, so that a release can shift it and take it back.
resource "aws_lambda_alias" "live" {
  for_each = var.packaged

  name             = "live"
  function_name    = aws_lambda_function.this[each.key].function_name
  function_version = aws_lambda_function.this[each.key].version

  # CodeDeploy moves it.
  lifecycle {
    ignore_changes = [function_version, routing_config]
  }
}

resource "aws_lambda_event_source_mapping" "queue" {
  for_each = { for name, function in var.packaged : name => function.queue if function.queue != null }

  function_name                      = aws_lambda_alias.live[each.key].arn
  event_source_arn                   = var.queues[each.value.name].arn
  batch_size                         = each.value.batch_size
  maximum_batching_window_in_seconds = each.value.window
  function_response_types            = each.value.batch_size > 1 ? ["ReportBatchItemFailures"] : null

  # Never more than may run: what SQS hands out and Lambda refuses counts as received.
  scaling_config {
    maximum_concurrency = local.at_once[each.key]
  }
}

resource "aws_cloudwatch_event_rule" "schedule" {
  for_each = { for name, function in var.packaged : name => function.schedule if function.schedule != null }

  name                = "${var.name}-${each.key}"
  schedule_expression = each.value
}

resource "aws_cloudwatch_event_target" "schedule" {
  for_each = aws_cloudwatch_event_rule.schedule

  rule = each.value.name
  arn  = aws_lambda_alias.live[each.key].arn
}

resource "aws_lambda_permission" "schedule" {
  for_each = aws_cloudwatch_event_rule.schedule

  action         = "lambda:InvokeFunction"
  principal      = "events.amazonaws.com"
  source_arn     = each.value.arn
  source_account = var.account
  function_name  = aws_lambda_function.this[each.key].function_name
  qualifier      = aws_lambda_alias.live[each.key].name
}

# The next run comes soon enough; one that is late would only do its work twice.
resource "aws_lambda_function_event_invoke_config" "schedule" {
  for_each = aws_cloudwatch_event_rule.schedule

  function_name                = aws_lambda_function.this[each.key].function_name
  qualifier                    = aws_lambda_alias.live[each.key].name
  maximum_retry_attempts       = 0
  maximum_event_age_in_seconds = 60
}
