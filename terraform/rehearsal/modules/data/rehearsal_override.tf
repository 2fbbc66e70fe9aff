# The product's databases are protected from deletion, which would keep the rehearsal from its end. The rest
# is not told back by the emulator.

resource "aws_db_instance" "primary" {
  deletion_protection = false
  skip_final_snapshot = true

  lifecycle {
    ignore_changes = [backup_window, enabled_cloudwatch_logs_exports, performance_insights_kms_key_id]
  }
}

resource "aws_db_instance" "replica" {
  deletion_protection = false

  lifecycle {
    ignore_changes = [enabled_cloudwatch_logs_exports, performance_insights_kms_key_id]
  }
}

resource "aws_elasticache_parameter_group" "this" {
  lifecycle {
    ignore_changes = [parameter]
  }
}

resource "aws_elasticache_replication_group" "this" {
  lifecycle {
    ignore_changes = [auto_minor_version_upgrade, kms_key_id]
  }
}
