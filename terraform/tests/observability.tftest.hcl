mock_provider "aws" {
  source = "./tests/mocks"
}

run "functions" {
  module {
    source = "./functions"
  }
}

run "observability" {
  module {
    source = "./modules/observability"
  }

  variables {
    name           = "persona-ai-prod"
    region         = "eu-north-1"
    kms_key_arn    = "arn:aws:kms:eu-north-1:123456789012:key/mock"
    alarm_email    = "oncall@persona.example"
    budget_dollars = 100
    functions = {
      for name, packaged in run.functions.packaged : name => {
        name = "persona-ai-prod-${name}", arn = "arn", version = "1", alias = "live", timeout = packaged.timeout, at_once = 1, role = name
      }
    }
    queues = {
      for name in keys(run.functions.queues) : name => { name = name, arn = name, dead_letters_name = "${name}-dead-letters", dead_letters_arn = name }
    }
    api          = { api_id = "api", api_name = "persona-ai-prod", name = "v1", arn = "arn" }
    data         = { primary = "primary", replicas = ["replica"], proxy = "proxy", cache = "cache", user = "user" }
    database     = { storage_gb = 100, max_storage_gb = 1000 }
    cache        = { nodes = 2 }
    nat_gateways = { eu-north-1a = "nat-1" }
  }

  assert {
    condition = alltrue(flatten([
      for name in keys(run.functions.queues) : [for kind in ["queue-age", "dead-letters"] : can(aws_cloudwatch_metric_alarm.this["${kind}-${name}"])]
    ]))
    error_message = "Each queue has an alarm for what waits in it, and for its dead letters."
  }

  assert {
    condition = alltrue(flatten([
      for name in keys(run.functions.packaged) : [for kind in ["errors", "throttles", "duration"] : can(aws_cloudwatch_metric_alarm.this["function-${kind}-${name}"])]
    ]))
    error_message = "Each function has alarms for its errors, throttles and duration."
  }

  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.this : length(alarm.alarm_actions) == 1])
    error_message = "Each alarm tells somebody."
  }

  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.this : can(regex("docs/runbooks/[a-z-]+\\.md$", alarm.alarm_description))])
    error_message = "Each alarm names its page."
  }

  assert {
    condition     = alltrue([for page in output.runbooks : fileexists("../docs/runbooks/${page}.md")])
    error_message = "There is no page for ${join(", ", [for page in output.runbooks : page if !fileexists("../docs/runbooks/${page}.md")])} in docs/runbooks."
  }

  assert {
    condition     = contains(output.release_alarms["api_handler"], "persona-ai-prod-api-errors") && contains(output.release_alarms["persona_generator"], "persona-ai-prod-function-errors-persona_generator")
    error_message = "A function's errors take its release back, and the API's too for what serves it."
  }

  assert {
    condition     = length(aws_budgets_budget.month.notification) == 3
    error_message = "The budget tells of half of it, of most of it, and when it is foreseen to be passed."
  }
}
