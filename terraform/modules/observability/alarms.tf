# Each alarm is a line, and each line names its page in docs/runbooks. What a line leaves out is in
# `usual` below.

locals {
  alarms = merge(
    local.job_alarms,
    local.api_alarms,
    local.database_alarms,
    local.cache_alarms,
    merge([for alarms in local.function_alarms : alarms]...),
    merge([for alarms in local.queue_alarms : alarms]...),
    { for zone, gateway in var.nat_gateways : "egress-ports-${zone}" => {
      runbook   = "egress-ports", namespace = "AWS/NATGateway", metric = "ErrorPortAllocation", dimensions = { NatGatewayId = gateway }
      statistic = "Sum", above = 0, says = "The NAT gateway has no port left for another call of a vendor."
    } },
  )

  usual = {
    statistic  = "Maximum"
    percentile = null
    period     = 60
    periods    = 5
    of         = null
    missing    = "notBreaching"
    below      = null
    dimensions = {}
  }

  job_alarms = {
    oldest-job = {
      runbook = "oldest-job", namespace = var.name, metric = "OldestJobSeconds", above = 900, periods = 3
      missing = "breaching", says = "A job has been due for 15 minutes, or the sweeper, who would tell, does not run."
    }
    jobs-failing = {
      runbook   = "jobs-failing", namespace = var.name, metric = "JobsEnded", dimensions = { outcome = "failed" }
      statistic = "Sum", above = 5, period = 300, periods = 1, says = "More than five jobs have failed in five minutes."
    }
    jobs-abandoned = {
      runbook   = "jobs-abandoned", namespace = var.name, metric = "JobsAbandoned"
      statistic = "Sum", above = 3, period = 300, periods = 1, says = "Workers die in the midst of their jobs."
    }
    vendor-errors-openai = {
      runbook   = "vendor-errors", namespace = var.name, metric = "VendorErrors", dimensions = { provider = "openai" }
      statistic = "Average", above = 0.2, period = 300, periods = 2, says = "One call of OpenAI in five fails."
    }
    vendor-errors-replicate = {
      runbook   = "vendor-errors", namespace = var.name, metric = "VendorErrors", dimensions = { provider = "replicate" }
      statistic = "Average", above = 0.2, period = 300, periods = 2, says = "One call of Replicate in five fails."
    }
    breaker-open = {
      runbook = "breaker-open", namespace = var.name, metric = "BreakersOpen", above = 0
      says    = "A vendor's model has been left alone for five minutes."
    }
    spend = {
      runbook = "spend", namespace = var.name, metric = "BudgetPercent", above = 80, period = 300, periods = 1
      says    = "Four fifths of what vendors may cost today are spent: at all of it, nothing is generated until midnight UTC."
    }
  }

  api_alarms = {
    api-errors = {
      runbook   = "api-errors", namespace = "AWS/ApiGateway", metric = "5XXError", dimensions = local.api
      statistic = "Average", above = 0.01, periods = 3, of = 2, says = "One answer in a hundred is a 5xx."
    }
    api-latency = {
      runbook    = "api-latency", namespace = "AWS/ApiGateway", metric = "Latency", dimensions = local.api
      percentile = "p95", above = 2000, periods = 5, of = 3, says = "One request in twenty takes more than two seconds."
    }
  }

  function_alarms = {
    for name, function in var.functions : name => {
      "function-errors-${name}" = {
        runbook    = "function-errors", namespace = "AWS/Lambda", metric = "Errors"
        dimensions = { FunctionName = function.name, Resource = "${function.name}:${function.alias}" }
        statistic  = "Sum", above = 2, periods = 2, of = 1, says = "The function ends with errors."
      }
      "function-throttles-${name}" = {
        runbook   = "function-throttles", namespace = "AWS/Lambda", metric = "Throttles", dimensions = { FunctionName = function.name }
        statistic = "Sum", above = 5, says = "More is asked of the function than its ${function.at_once} at once."
      }
      "function-duration-${name}" = {
        runbook = "function-duration", namespace = "AWS/Lambda", metric = "Duration", dimensions = { FunctionName = function.name }
        above   = 900 * function.timeout, periods = 3, says = "Runs come near the timeout of ${function.timeout} s."
      }
    }
  }

  queue_alarms = {
    for name, queue in var.queues : name => {
      "queue-age-${name}" = {
        runbook = "queue-age", namespace = "AWS/SQS", metric = "ApproximateAgeOfOldestMessage", dimensions = { QueueName = queue.name }
        above   = 600, says = "A message has waited for ten minutes."
      }
      "dead-letters-${name}" = {
        runbook = "dead-letters", namespace = "AWS/SQS", metric = "ApproximateNumberOfMessagesVisible", dimensions = { QueueName = queue.dead_letters_name }
        above   = 0, periods = 1, says = "A message has been given up after five tries."
      }
    }
  }

  database_alarms = merge(
    {
      database-cpu = {
        runbook   = "database-cpu", namespace = "AWS/RDS", metric = "CPUUtilization", dimensions = local.primary
        statistic = "Average", above = 80, periods = 10, says = "PostgreSQL has been busy for ten minutes."
      }
      database-storage = {
        runbook   = "database-storage", namespace = "AWS/RDS", metric = "FreeStorageSpace", dimensions = local.primary
        statistic = "Minimum", above = null, below = var.database.storage_gb * pow(1024, 3) / 10, says = "A tenth of the disk is left; it grows to ${var.database.max_storage_gb} GB by itself, but not twice in six hours."
      }
      database-memory = {
        runbook   = "database-memory", namespace = "AWS/RDS", metric = "FreeableMemory", dimensions = local.primary
        statistic = "Minimum", above = null, below = 128 * pow(1024, 2), says = "PostgreSQL has less than 128 MB of memory left."
      }
      database-connections = {
        runbook   = "database-connections", namespace = "AWS/RDS", metric = "DatabaseConnectionsBorrowLatency", dimensions = { ProxyName = var.data.proxy }
        statistic = "Average", above = 1000000, says = "Functions wait for a second, and more, until the proxy has a connection for them."
      }
    },
    { for number, replica in var.data.replicas : "replica-lag-${number + 1}" => {
      runbook = "replica-lag", namespace = "AWS/RDS", metric = "ReplicaLag", dimensions = { DBInstanceIdentifier = replica }
      above   = 30, missing = "breaching", says = "The replica is half a minute behind, or does not say."
    } },
  )

  cache_alarms = merge([
    for number in range(var.cache.nodes) : {
      "cache-memory-${number + 1}" = {
        runbook    = "cache-memory", namespace = "AWS/ElastiCache", metric = "DatabaseMemoryUsagePercentage"
        dimensions = { CacheClusterId = format("%s-%03d", var.data.cache, number + 1) }
        above      = 90, periods = 10, says = "Valkey is full, and forgets what is asked for."
      }
      "cache-cpu-${number + 1}" = {
        runbook    = "cache-cpu", namespace = "AWS/ElastiCache", metric = "EngineCPUUtilization"
        dimensions = { CacheClusterId = format("%s-%03d", var.data.cache, number + 1) }
        above      = 80, says = "Valkey's one thread is busy."
      }
    }
  ]...)

  api     = { ApiName = var.api.api_name, Stage = var.api.name }
  primary = { DBInstanceIdentifier = var.data.primary }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = { for name, alarm in local.alarms : name => merge(local.usual, alarm) }

  alarm_name        = "${var.name}-${each.key}"
  alarm_description = "${each.value.says} See docs/runbooks/${each.value.runbook}.md"

  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.percentile == null ? each.value.statistic : null
  extended_statistic  = each.value.percentile
  period              = each.value.period
  evaluation_periods  = each.value.periods
  datapoints_to_alarm = coalesce(each.value.of, each.value.periods)
  comparison_operator = each.value.below == null ? "GreaterThanThreshold" : "LessThanThreshold"
  threshold           = coalesce(each.value.below, each.value.above)
  treat_missing_data  = each.value.missing

  alarm_actions = [aws_sns_topic.alarms.arn]
  ok_actions    = [aws_sns_topic.alarms.arn]
}
