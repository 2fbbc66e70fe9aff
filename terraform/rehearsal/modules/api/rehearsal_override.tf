# PutRestApi with a body is unknown to the emulator: the routes are made one by one in rehearsal.tf.
resource "aws_api_gateway_rest_api" "rest_api" {
  body = null

  # It knows no custom domains by their names: the walk asks the stage itself.
  disable_execute_api_endpoint = false
}

resource "aws_api_gateway_deployment" "rest_api" {
  triggers = {
    body    = md5(local.chalice_api_swagger)
    answers = md5(jsonencode([for answer in aws_api_gateway_gateway_response.problem : answer.response_templates]))
    routes  = md5(jsonencode([for integration in aws_api_gateway_integration.route : integration.uri]))
  }
}

# Vendors, sign-in and databases are those of the local stack.
resource "aws_lambda_function" "this" {
  environment {
    variables = merge(
      local.environment[each.key],
      local.told.addresses,
      try({ ROTATION = jsonencode(merge(jsondecode(local.environment[each.key].ROTATION), local.told.connections)) }, {}),
    )
  }
}

# Not told back by the emulator:
resource "aws_s3_object" "package" {
  lifecycle {
    ignore_changes = [tags_all]
  }
}
