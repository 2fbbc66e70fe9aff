mock_provider "aws" {
  source = "./tests/mocks"
}

run "storage" {
  module {
    source = "./modules/storage"
  }

  variables {
    name              = "persona-ai-prod"
    account           = "123456789012"
    kms_key_arn       = "arn:aws:kms:eu-north-1:123456789012:key/mock"
    origins           = ["https://persona.example"]
    archive_lock_days = 365
  }

  assert {
    condition = alltrue([
      for name in keys(aws_s3_bucket.this) : alltrue([
        aws_s3_bucket_public_access_block.this[name].block_public_acls,
        aws_s3_bucket_public_access_block.this[name].block_public_policy,
        aws_s3_bucket_public_access_block.this[name].ignore_public_acls,
        aws_s3_bucket_public_access_block.this[name].restrict_public_buckets,
      ])
    ])
    error_message = "No bucket is public."
  }

  assert {
    condition = alltrue([
      for name in keys(aws_s3_bucket.this) : anytrue([
        for statement in jsondecode(aws_s3_bucket_policy.this[name].policy).Statement :
        statement.Effect == "Deny" && statement.Action == "s3:*" && try(statement.Condition.Bool["aws:SecureTransport"], "") == "false"
      ])
    ])
    error_message = "No bucket is reached without TLS."
  }

  assert {
    condition = alltrue(flatten([
      for policy in aws_s3_bucket_policy.this : [
        for statement in jsondecode(policy.policy).Statement :
        statement.Effect == "Deny" || try(endswith(statement.Principal.Service, ".amazonaws.com") && statement.Condition.StringEquals["aws:SourceAccount"] == "123456789012", false)
      ]
    ]))
    error_message = "A bucket's policy lets in services that act for this account, and nobody else."
  }

  assert {
    condition     = alltrue([for versioning in aws_s3_bucket_versioning.this : versioning.versioning_configuration[0].status == "Enabled"])
    error_message = "Every bucket keeps old versions."
  }

  assert {
    condition = alltrue([
      for name in ["images", "archive", "releases"] :
      one(one(aws_s3_bucket_server_side_encryption_configuration.this[name].rule).apply_server_side_encryption_by_default).sse_algorithm == "aws:kms"
    ])
    error_message = "People's images and the archive are encrypted with the environment's own key."
  }

  assert {
    condition = alltrue([
      for rule in aws_s3_bucket_lifecycle_configuration.this["images"].rule :
      contains(["exports", "uploads"], rule.id) ? one(rule.expiration).days == 1 : length(rule.expiration) == 0
    ])
    error_message = "Exports and uploads expire after a day, and images never."
  }

  assert {
    condition     = contains(aws_s3_bucket_lifecycle_configuration.archive.rule[0].transition[*].storage_class, "GLACIER_IR")
    error_message = "The archive goes to Glacier."
  }

  assert {
    condition     = aws_s3_bucket.this["archive"].object_lock_enabled && aws_s3_bucket_object_lock_configuration.archive.rule[0].default_retention[0].days == 365
    error_message = "What is in the archive cannot be deleted before its time."
  }

  assert {
    condition     = one(aws_s3_bucket_cors_configuration.images.cors_rule).allowed_origins == toset(["https://persona.example"])
    error_message = "Pages of ours upload images, and no others."
  }
}
