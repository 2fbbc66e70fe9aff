output "owner_password" {
  description = "For the database, which takes it without keeping it in the state."
  value       = ephemeral.aws_secretsmanager_secret_version.owner_password.secret_string
  ephemeral   = true
}

output "settings_arn" {
  description = "The secret with the functions' settings."
  value       = aws_secretsmanager_secret.settings.arn
}
