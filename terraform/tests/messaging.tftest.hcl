mock_provider "aws" {
  source = "./tests/mocks"
}

run "functions" {
  module {
    source = "./functions"
  }

  assert {
    condition     = length(output.queues) > 0 && alltrue([for queue in output.queues : queue.timeout > 0])
    error_message = "Each queue in the package has a worker with a timeout."
  }
}

run "messaging" {
  module {
    source = "./modules/messaging"
  }

  variables {
    name    = "persona-ai-prod"
    account = "123456789012"
    queues  = run.functions.queues
  }

  assert {
    condition = alltrue([
      for name, queue in aws_sqs_queue.this : queue.visibility_timeout_seconds >= 6 * run.functions.queues[name].timeout
    ])
    error_message = "A message stays invisible for six times its worker's timeout or more."
  }

  assert {
    condition = alltrue([
      for name, queue in aws_sqs_queue.this :
      jsondecode(queue.redrive_policy).maxReceiveCount == 5 && can(aws_sqs_queue.dead_letters[name])
    ])
    error_message = "After five receives a message is among the dead letters of its queue."
  }

  assert {
    condition     = alltrue([for queue in merge(aws_sqs_queue.this, aws_sqs_queue.dead_letters) : queue.sqs_managed_sse_enabled])
    error_message = "Every queue is encrypted."
  }

  assert {
    condition     = alltrue([for queue in aws_sqs_queue.dead_letters : queue.message_retention_seconds == 1209600])
    error_message = "Dead letters are kept for as long as SQS keeps anything."
  }

  assert {
    condition     = alltrue([for name, queue in aws_sqs_queue.this : queue.message_retention_seconds < aws_sqs_queue.dead_letters[name].message_retention_seconds])
    error_message = "A dead letter is not lost for having waited before."
  }

  assert {
    condition = (
      length(aws_sqs_queue_policy.tls_only) == length(aws_sqs_queue.this) + length(aws_sqs_queue.dead_letters) &&
      alltrue([for policy in aws_sqs_queue_policy.tls_only : strcontains(policy.policy, "aws:SecureTransport")])
    )
    error_message = "No queue is reached without TLS."
  }
}
