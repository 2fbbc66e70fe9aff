mock_provider "aws" {
  source = "./tests/mocks"
}

run "rotation" {
  module {
    source = "./modules/rotation"
  }

  variables {
    account       = "123456789012"
    function_name = "persona-ai-prod-rotation"
    alias         = "live"
    alias_arn     = "arn:aws:lambda:eu-north-1:123456789012:function:persona-ai-prod-rotation:live"
    secret_arn    = "arn:aws:secretsmanager:eu-north-1:123456789012:secret:settings"
  }

  assert {
    condition     = aws_secretsmanager_secret_rotation.settings.rotate_immediately && one(aws_secretsmanager_secret_rotation.settings.rotation_rules).automatically_after_days <= 30
    error_message = "The settings' passwords are made at once, and anew each month."
  }

  assert {
    condition     = aws_lambda_permission.secrets_manager.source_arn == var.secret_arn && aws_lambda_permission.secrets_manager.source_account == "123456789012"
    error_message = "Secrets Manager invokes the rotation for this secret alone."
  }
}
