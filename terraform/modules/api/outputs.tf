output "functions" {
  description = "What starts, releases and watches a function needs to know."
  value = {
    for name, function in aws_lambda_function.this : name => {
      name    = function.function_name
      arn     = function.arn
      version = function.version
      alias   = aws_lambda_alias.live[name].name
      timeout = function.timeout
      at_once = local.at_once[name]
      role    = aws_iam_role.function[name].name
    }
  }
}

output "alias_arns" {
  description = "What others invoke."
  value       = { for name, alias in aws_lambda_alias.live : name => alias.arn }
}

output "stage" {
  description = "The API and its stage."
  value = {
    api_id   = aws_api_gateway_rest_api.rest_api.id
    api_name = aws_api_gateway_rest_api.rest_api.name
    name     = aws_api_gateway_stage.this.stage_name
    arn      = aws_api_gateway_stage.this.arn
  }
}
