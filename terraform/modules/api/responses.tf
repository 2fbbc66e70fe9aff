# What the gateway answers by itself has the form of what the application answers.

locals {
  gateway_responses = {
    ACCESS_DENIED                = { status = 403, title = "Forbidden", code = "forbidden", detail = "This is not yours to do." }
    BAD_REQUEST_BODY             = { status = 400, title = "Bad Request", code = "malformed", detail = "The body is not what this route takes. See /openapi.json." }
    BAD_REQUEST_PARAMETERS       = { status = 400, title = "Bad Request", code = "bad_request", detail = "A parameter is not what this route takes. See /openapi.json." }
    INTEGRATION_FAILURE          = { status = 503, title = "Service Unavailable", code = "unavailable", detail = "The application does not answer. Try again shortly.", retry_after = 5 }
    INTEGRATION_TIMEOUT          = { status = 504, title = "Gateway Timeout", code = "too_slow", detail = "The answer took too long. Look whether what you asked for was done, or repeat it under the same Idempotency-Key.", retry_after = 5 }
    MISSING_AUTHENTICATION_TOKEN = { status = 404, title = "Not Found", code = "no_such_route", detail = "There is no such route, or it does not take this method. See /openapi.json." }
    QUOTA_EXCEEDED               = { status = 429, title = "Too Many Requests", code = "too_many_requests", detail = "There are too many requests. Wait, then try again.", retry_after = 60 }
    REQUEST_TOO_LARGE            = { status = 413, title = "Request Entity Too Large", code = "payload_too_large", detail = "The request is too large." }
    RESOURCE_NOT_FOUND           = { status = 404, title = "Not Found", code = "no_such_route", detail = "There is no such route. See /openapi.json." }
    THROTTLED                    = { status = 429, title = "Too Many Requests", code = "too_many_requests", detail = "There are too many requests. Wait a moment, then try again.", retry_after = 1 }
    UNSUPPORTED_MEDIA_TYPE       = { status = 415, title = "Unsupported Media Type", code = "unsupported_media_type", detail = "Send the body as `Content-Type: application/json`." }
    WAF_FILTERED                 = { status = 403, title = "Forbidden", code = "refused_at_the_door", detail = "The request looks like an attack, or there were too many of them. Wait five minutes, then try again." }
    DEFAULT_4XX                  = { status = null, title = "Bad Request", code = "bad_request", detail = "The request makes no sense." }
    DEFAULT_5XX                  = { status = null, title = "Internal Server Error", code = "internal_error", detail = "Something went wrong on our side. Try again; if it stays, report the request_id." }
  }
}

resource "aws_api_gateway_gateway_response" "problem" {
  for_each = local.gateway_responses

  rest_api_id   = aws_api_gateway_rest_api.rest_api.id
  response_type = each.key
  status_code   = each.value.status == null ? null : tostring(each.value.status)

  # The gateway fills in what follows a dollar sign. A default stands for several statuses; what it
  # says of them is the least of them.
  response_templates = {
    "application/json" = jsonencode({
      type       = "urn:persona-ai:problem:${each.value.code}"
      title      = each.value.title
      status     = coalesce(each.value.status, each.key == "DEFAULT_5XX" ? 500 : 400)
      detail     = each.value.detail
      instance   = "urn:persona-ai:request:$context.requestId"
      code       = each.value.code
      request_id = "$context.requestId"
    })
  }

  response_parameters = merge(
    {
      "gatewayresponse.header.Content-Type"                  = "'application/problem+json'"
      "gatewayresponse.header.X-Request-Id"                  = "context.requestId"
      "gatewayresponse.header.X-Content-Type-Options"        = "'nosniff'"
      "gatewayresponse.header.Access-Control-Allow-Origin"   = "'${var.web_url}'"
      "gatewayresponse.header.Access-Control-Expose-Headers" = "'X-Request-Id, Retry-After'"
      "gatewayresponse.header.Vary"                          = "'Origin'"
    },
    try({ "gatewayresponse.header.Retry-After" = "'${each.value.retry_after}'" }, {}),
  )
}
