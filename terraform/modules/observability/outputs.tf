output "topic_arn" {
  description = "Told of every alarm."
  value       = aws_sns_topic.alarms.arn
}

output "release_alarms" {
  description = "Which alarms take a function's new version back: its own errors, and the API's for what serves it."
  value = {
    for name in keys(var.functions) : name => [
      for alarm in concat(["function-errors-${name}"], name == "api_handler" ? keys(local.api_alarms) : []) :
      aws_cloudwatch_metric_alarm.this[alarm].alarm_name
    ]
  }
}

output "runbooks" {
  description = "The pages that alarms name."
  value       = toset([for alarm in local.alarms : alarm.runbook])
}
