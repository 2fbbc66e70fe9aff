locals {
  # One row a question; what is right stands first.
  charts = [
    { title = "Requests and errors", metrics = [for metric in ["Count", "4XXError", "5XXError"] : ["AWS/ApiGateway", metric, "ApiName", var.api.api_name, "Stage", var.api.name, { stat = "Sum" }]] },
    { title = "Latency (ms)", metrics = [for stat in ["p50", "p95", "p99"] : ["AWS/ApiGateway", "Latency", "ApiName", var.api.api_name, "Stage", var.api.name, { stat = stat }]] },
    { title = "Jobs by status", metrics = [for status in ["queued", "running", "succeeded", "failed"] : [var.name, "Jobs", "status", status, { stat = "Maximum" }]] },
    { title = "Oldest job that is due (s)", metrics = [[var.name, "OldestJobSeconds", { stat = "Maximum" }]] },
    { title = "Jobs ended", metrics = [for outcome in ["succeeded", "retried", "postponed", "lost", "crashed", "failed"] : [var.name, "JobsEnded", "outcome", outcome, { stat = "Sum" }]] },
    { title = "A vendor's step (ms, p95)", metrics = [for provider in ["openai", "replicate"] : [var.name, "StepMilliseconds", "provider", provider, { stat = "p95" }]] },
    { title = "Vendors' errors (share)", metrics = [for provider in ["openai", "replicate"] : [var.name, "VendorErrors", "provider", provider, { stat = "Average" }]] },
    { title = "Spend today ($), and breakers open", metrics = [[var.name, "SpendDollars", { stat = "Maximum" }], [var.name, "BreakersOpen", { stat = "Maximum", yAxis = "right" }]] },
    { title = "Queues: waiting, and dead letters", metrics = flatten([for queue in var.queues : [for name in [queue.name, queue.dead_letters_name] : { row = ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", name, { stat = "Maximum" }] }]])[*].row },
    { title = "Functions: at once", metrics = [for function in var.functions : ["AWS/Lambda", "ConcurrentExecutions", "FunctionName", function.name, { stat = "Maximum" }]] },
    { title = "Functions: errors", metrics = [for function in var.functions : ["AWS/Lambda", "Errors", "FunctionName", function.name, { stat = "Sum" }]] },
    { title = "PostgreSQL: CPU (%)", metrics = [for database in concat([var.data.primary], var.data.replicas) : ["AWS/RDS", "CPUUtilization", "DBInstanceIdentifier", database, { stat = "Average" }]] },
    { title = "PostgreSQL: connections", metrics = [for database in concat([var.data.primary], var.data.replicas) : ["AWS/RDS", "DatabaseConnections", "DBInstanceIdentifier", database, { stat = "Maximum" }]] },
    { title = "Valkey: memory (%)", metrics = [for number in range(var.cache.nodes) : ["AWS/ElastiCache", "DatabaseMemoryUsagePercentage", "CacheClusterId", format("%s-%03d", var.data.cache, number + 1), { stat = "Maximum" }]] },
  ]
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = var.name
  dashboard_body = jsonencode({
    widgets = concat(
      [{
        type       = "alarm", x = 0, y = 0, width = 24, height = 3
        properties = { title = "Alarms", alarms = [for alarm in aws_cloudwatch_metric_alarm.this : alarm.arn] }
      }],
      [for number, chart in local.charts : {
        type       = "metric", x = 12 * (number % 2), y = 3 + 6 * floor(number / 2), width = 12, height = 6
        properties = { title = chart.title, region = var.region, period = 60, view = "timeSeries", metrics = chart.metrics }
      }],
    )
  })
}
