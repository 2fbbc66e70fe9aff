output "queues" {
  description = "Name and ARN of each queue and of its dead letters."
  value = {
    for name, queue in aws_sqs_queue.this : name => {
      name              = queue.name
      arn               = queue.arn
      dead_letters_name = aws_sqs_queue.dead_letters[name].name
      dead_letters_arn  = aws_sqs_queue.dead_letters[name].arn
    }
  }
}
