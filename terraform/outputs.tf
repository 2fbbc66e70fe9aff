output "api_url" {
  description = "Where the API is."
  value       = local.api_url
}

output "web_bucket" {
  description = "Where the page's files go."
  value       = module.storage.buckets["web"].name
}

output "functions" {
  description = "Name, alias and newest version of each function."
  value       = module.api.functions
}

output "codedeploy_application" {
  description = "Whose deployment groups are named like the functions."
  value       = module.delivery.application
}

output "github_roles" {
  description = "What the workflows assume: `plan` on pull requests, `deploy` from the environment."
  value       = module.delivery.github_roles
}

output "exit_addresses" {
  description = "From which addresses vendors and receivers of webhooks see us."
  value       = module.network.exit_addresses
}
