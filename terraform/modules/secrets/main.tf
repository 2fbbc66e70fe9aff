# The only module with ephemeral resources: what they make is in no plan and in no state.

locals {
  # What the application asks of its settings, and an environment can make up for itself.
  keys = toset(["refresh_token_key", "respondent_key", "sealing_key", "webhook_key", "card_key"])
}

ephemeral "aws_secretsmanager_random_password" "owner" {
  password_length     = 40
  exclude_punctuation = true
}

ephemeral "aws_secretsmanager_random_password" "key" {
  for_each = setunion(local.keys, ["access_token_key"])

  password_length     = 64
  exclude_punctuation = true
}

resource "aws_secretsmanager_secret" "owner_password" {
  name        = "${var.name}/owner-password"
  description = "The password of the database's owner."
  kms_key_id  = var.kms_key_arn
}

resource "aws_secretsmanager_secret_version" "owner_password" {
  secret_id                = aws_secretsmanager_secret.owner_password.id
  secret_string_wo         = ephemeral.aws_secretsmanager_random_password.owner.random_password
  secret_string_wo_version = var.owner_password_version
}

# Read back: the database must be told the password that was kept, not another fresh one.
ephemeral "aws_secretsmanager_secret_version" "owner_password" {
  secret_id  = aws_secretsmanager_secret.owner_password.id
  version_id = aws_secretsmanager_secret_version.owner_password.version_id
}

resource "aws_secretsmanager_secret" "settings" {
  name        = "${var.name}/settings"
  description = "What the functions find under SECRETS_ID. Rotation writes its addresses; an operator the vendors' keys."
  kms_key_id  = var.kms_key_arn
}

# The first version. Later ones are the operator's and the rotation's. A version without a label may be
# deleted, and Terraform would write it anew over the latest: so it keeps one.
resource "aws_secretsmanager_secret_version" "settings" {
  secret_id = aws_secretsmanager_secret.settings.id
  secret_string_wo = jsonencode(merge(
    { for name in local.keys : name => ephemeral.aws_secretsmanager_random_password.key[name].random_password },
    {
      access_token_keys   = { first = ephemeral.aws_secretsmanager_random_password.key["access_token_key"].random_password }
      openai_api_key      = "not yet known"
      replicate_api_token = "not yet known"
    },
  ))
  secret_string_wo_version = 1
  version_stages           = ["AWSCURRENT", "first"]

  lifecycle {
    ignore_changes = [version_stages]
  }
}
