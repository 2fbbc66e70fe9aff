output "packaged" {
  description = "What Chalice says of each function."
  value       = local.packaged
}

output "functions" {
  description = "What each function may do."
  value       = local.functions
}

output "queues" {
  description = "The queues that functions consume, with the timeout of each one's worker."
  value       = local.queues
}
