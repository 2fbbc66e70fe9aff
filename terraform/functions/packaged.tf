# What Chalice says of the functions: read from the package, so that it is said once, in the code
# (queue, batch, schedule) and in .chalice/config.json (memory, timeout).

locals {
  package = jsondecode(file("${path.module}/../modules/api/functions.json"))

  packaged = {
    for name, function in local.package.aws_lambda_function : name => {
      handler      = function.handler
      architecture = one(function.architectures)
      memory       = function.memory_size
      timeout      = function.timeout
      queue        = lookup(local.consumed, name, null)
      schedule     = lookup(local.scheduled, name, null)
    }
  }

  consumed = {
    for mapping in local.package.aws_lambda_event_source_mapping :
    regex("aws_lambda_function\\.(\\w+)\\.", mapping.function_name)[0] => {
      name       = regex("[^:]+$", mapping.event_source_arn)
      batch_size = mapping.batch_size
      window     = mapping.maximum_batching_window_in_seconds
    }
  }

  scheduled = {
    for target in local.package.aws_cloudwatch_event_target :
    regex("aws_lambda_function\\.(\\w+)\\.", target.arn)[0] => local.package.aws_cloudwatch_event_rule[target.target_id].schedule_expression
  }

  queues = { for name, consumed in local.consumed : consumed.name => { timeout = local.packaged[name].timeout } }
}
