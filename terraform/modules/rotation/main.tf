resource "aws_lambda_permission" "secrets_manager" {
  action         = "lambda:InvokeFunction"
  principal      = "secretsmanager.amazonaws.com"
  source_account = var.account
  source_arn     = var.secret_arn
  function_name  = var.function_name
  qualifier      = var.alias
}

# The first time at once: before it, no function knows where the database is.
resource "aws_secretsmanager_secret_rotation" "settings" {
  secret_id           = var.secret_arn
  rotation_lambda_arn = var.alias_arn
  rotate_immediately  = true

  rotation_rules {
    automatically_after_days = 30
  }

  depends_on = [aws_lambda_permission.secrets_manager]
}
