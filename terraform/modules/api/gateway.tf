resource "aws_api_gateway_stage" "this" {
  rest_api_id          = aws_api_gateway_rest_api.rest_api.id
  deployment_id        = aws_api_gateway_deployment.rest_api.id
  stage_name           = "v1"
  xray_tracing_enabled = true

  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.access.arn
    # No query, no address: a survey's link is in the first, and a person behind the second.
    format = jsonencode({
      request_id   = "$context.requestId"
      trace_id     = "$context.xrayTraceId"
      requested_at = "$context.requestTime"
      method       = "$context.httpMethod"
      route        = "$context.resourcePath"
      status       = "$context.status"
      bytes        = "$context.responseLength"
      milliseconds = "$context.responseLatency"
      lambda       = "$context.integrationLatency"
      error        = "$context.error.responseType"
      web_acl      = "$context.wafResponseCode"
    })
  }

  depends_on = [aws_api_gateway_account.this]
}

resource "aws_api_gateway_method_settings" "all" {
  rest_api_id = aws_api_gateway_rest_api.rest_api.id
  stage_name  = aws_api_gateway_stage.this.stage_name
  method_path = "*/*"

  settings {
    metrics_enabled        = true
    logging_level          = "ERROR"
    data_trace_enabled     = false
    throttling_rate_limit  = var.throttle.rate
    throttling_burst_limit = var.throttle.burst
  }
}

resource "aws_cloudwatch_log_group" "access" {
  name              = "/${var.name}/access"
  retention_in_days = var.log_days
  kms_key_id        = var.kms_key_arn
}

# The account's one permission for API Gateway to write logs: there are none without it.
resource "aws_api_gateway_account" "this" {
  cloudwatch_role_arn = aws_iam_role.gateway.arn

  depends_on = [aws_iam_role_policy_attachment.gateway]
}

resource "aws_iam_role" "gateway" {
  name = "${var.name}-gateway-logs"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "apigateway.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy_attachment" "gateway" {
  role       = aws_iam_role.gateway.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"
}
