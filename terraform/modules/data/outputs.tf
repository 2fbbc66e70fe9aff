output "identifiers" {
  description = "As CloudWatch names them."
  value = {
    primary  = aws_db_instance.primary.identifier
    replicas = aws_db_instance.replica[*].identifier
    proxy    = aws_db_proxy.this.name
    cache    = aws_elasticache_replication_group.this.replication_group_id
    user     = aws_elasticache_user.app.user_id
  }
}

output "addresses" {
  description = "Where the rotation tells the application to connect. Without a replica, reads go to the proxy."
  value = {
    proxy   = aws_db_proxy.this.endpoint
    replica = one(slice(concat(aws_db_instance.replica[*].address, [aws_db_proxy.this.endpoint]), 0, 1))
    cache   = aws_elasticache_replication_group.this.primary_endpoint_address
  }
}

output "database_name" {
  description = "The one database."
  value       = local.database
}

output "owner_secret_arn" {
  description = "DATABASE_URL of the database's owner."
  value       = aws_secretsmanager_secret.owner.arn
}

output "role_secret_arns" {
  description = "Passwords of the application's two roles."
  value       = { for role, secret in aws_secretsmanager_secret.role : role => secret.arn }
}

output "cache_user" {
  description = "Who the application is to Valkey."
  value       = aws_elasticache_user.app.user_id
}

output "cache_user_arn" {
  description = "Whose password the rotation changes."
  value       = aws_elasticache_user.app.arn
}
