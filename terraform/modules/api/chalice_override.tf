# Laid over the generated chalice.tf.json: what Chalice cannot say.

locals {
  # Traffic goes to the alias. The text is Chalice's, up to where it names the function.
  chalice_api_swagger = replace(
    jsondecode(file("${path.module}/chalice.tf.json")).locals.chalice_api_swagger,
    "$${aws_lambda_function.api_handler.invoke_arn}",
    aws_lambda_alias.live["api_handler"].invoke_arn,
  )
}

resource "aws_api_gateway_rest_api" "rest_api" {
  name = var.name

  # Found at its own domain alone, behind the web ACL.
  disable_execute_api_endpoint = true
}

# The stage is a resource of its own, with logs, tracing and throttling.
resource "aws_api_gateway_deployment" "rest_api" {
  stage_name        = null
  stage_description = null

  triggers = {
    body    = md5(local.chalice_api_swagger)
    answers = md5(jsonencode([for answer in aws_api_gateway_gateway_response.problem : answer.response_templates]))
  }
}

resource "aws_lambda_permission" "rest_api_invoke" {
  function_name = aws_lambda_function.this["api_handler"].function_name
  qualifier     = aws_lambda_alias.live["api_handler"].name
}

output "EndpointURL" {
  value = aws_api_gateway_stage.this.invoke_url
}
