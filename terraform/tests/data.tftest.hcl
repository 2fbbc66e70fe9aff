mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name               = "persona-ai-prod"
  account            = "123456789012"
  kms_key_arn        = "arn:aws:kms:eu-north-1:123456789012:key/mock"
  subnet_ids         = ["subnet-1", "subnet-2"]
  security_group_ids = { database = "sg-database", proxy = "sg-proxy", cache = "sg-cache" }
  log_days           = 365
  owner_password     = "hush"
  cache              = { node_type = "cache.t4g.small", nodes = 2 }
  database = {
    instance_class      = "db.m7g.large"
    storage_gb          = 100
    max_storage_gb      = 1000
    multi_az            = true
    replicas            = 1
    backup_days         = 35
    deletion_protection = true
  }
  owner_password_version = 1
}

run "data" {
  module {
    source = "./modules/data"
  }

  assert {
    condition     = aws_db_instance.primary.multi_az && aws_db_instance.primary.deletion_protection && aws_db_instance.primary.backup_retention_period == 35
    error_message = "The database stands in two zones, is not deleted by mistake, and can go back to any moment of 35 days."
  }

  assert {
    condition     = alltrue([for database in concat([aws_db_instance.primary], aws_db_instance.replica) : database.storage_encrypted && database.publicly_accessible == false])
    error_message = "No database is in clear, or public."
  }

  assert {
    condition     = contains([for parameter in aws_db_parameter_group.this.parameter : "${parameter.name}=${parameter.value}"], "rds.force_ssl=1") && aws_db_proxy.this.require_tls
    error_message = "Nobody speaks to the database without TLS."
  }

  assert {
    condition     = length(aws_db_instance.replica) == 1
    error_message = "There is a read replica."
  }

  assert {
    condition     = aws_db_instance.primary.password == null && aws_secretsmanager_secret_version.owner.secret_string == null
    error_message = "The owner's password is in no state."
  }

  assert {
    condition     = keys(output.role_secret_arns) == ["persona_a", "persona_b"]
    error_message = "The proxy knows both roles, so that one of them is always good."
  }

  assert {
    condition     = aws_elasticache_replication_group.this.transit_encryption_enabled && tobool(aws_elasticache_replication_group.this.at_rest_encryption_enabled) && length(aws_elasticache_replication_group.this.user_group_ids) == 1
    error_message = "The cache is encrypted on the way and at rest, and asks who is there."
  }

  assert {
    condition     = aws_elasticache_replication_group.this.automatic_failover_enabled && aws_elasticache_replication_group.this.multi_az_enabled
    error_message = "The cache outlives the loss of a zone."
  }
}

run "without_a_replica" {
  module {
    source = "./modules/data"
  }

  variables {
    database = {
      instance_class      = "db.t4g.micro"
      storage_gb          = 20
      max_storage_gb      = 100
      multi_az            = false
      replicas            = 0
      backup_days         = 1
      deletion_protection = false
    }
  }

  assert {
    condition     = output.addresses.replica == aws_db_proxy.this.endpoint
    error_message = "Without a replica, reads go where everything goes."
  }
}
