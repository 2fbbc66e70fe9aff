# What the product's body says to API Gateway, as single resources.

locals {
  told = jsondecode(file("${path.module}/rehearsal.json"))

  routes = jsondecode(jsondecode(file("${path.module}/chalice.tf.json")).locals.chalice_api_swagger).paths
  parts  = { for path in keys(local.routes) : path => split("/", trimprefix(path, "/")) }

  # Terraform's for_each cannot name its own parents: one block for each depth.
  depth = {
    for depth in [1, 2, 3, 4] : depth => toset([
      for parts in local.parts : join("/", slice(parts, 0, depth)) if length(parts) >= depth
    ])
  }

  resources = merge(
    { for path, resource in aws_api_gateway_resource.first : path => resource.id },
    { for path, resource in aws_api_gateway_resource.second : path => resource.id },
    { for path, resource in aws_api_gateway_resource.third : path => resource.id },
    { for path, resource in aws_api_gateway_resource.fourth : path => resource.id },
  )

  methods = merge([
    for path, operations in local.routes : {
      for method in keys(operations) : "${upper(method)} ${path}" => { method = upper(method), path = trimprefix(path, "/") }
    }
  ]...)
}

resource "aws_api_gateway_resource" "first" {
  for_each = local.depth[1]

  rest_api_id = aws_api_gateway_rest_api.rest_api.id
  parent_id   = aws_api_gateway_rest_api.rest_api.root_resource_id
  path_part   = each.key
}

resource "aws_api_gateway_resource" "second" {
  for_each = local.depth[2]

  rest_api_id = aws_api_gateway_rest_api.rest_api.id
  parent_id   = aws_api_gateway_resource.first[dirname(each.key)].id
  path_part   = basename(each.key)
}

resource "aws_api_gateway_resource" "third" {
  for_each = local.depth[3]

  rest_api_id = aws_api_gateway_rest_api.rest_api.id
  parent_id   = aws_api_gateway_resource.second[dirname(each.key)].id
  path_part   = basename(each.key)
}

resource "aws_api_gateway_resource" "fourth" {
  for_each = local.depth[4]

  rest_api_id = aws_api_gateway_rest_api.rest_api.id
  parent_id   = aws_api_gateway_resource.third[dirname(each.key)].id
  path_part   = basename(each.key)
}

resource "aws_api_gateway_method" "route" {
  for_each = local.methods

  rest_api_id   = aws_api_gateway_rest_api.rest_api.id
  resource_id   = local.resources[each.value.path]
  http_method   = each.value.method
  authorization = "NONE"
}

resource "aws_api_gateway_integration" "route" {
  for_each = local.methods

  rest_api_id             = aws_api_gateway_rest_api.rest_api.id
  resource_id             = aws_api_gateway_method.route[each.key].resource_id
  http_method             = aws_api_gateway_method.route[each.key].http_method
  type                    = "AWS_PROXY"
  integration_http_method = "POST"
  uri                     = aws_lambda_alias.live["api_handler"].invoke_arn
}
