# Not told back by the emulator:

resource "aws_flow_log" "this" {
  lifecycle {
    ignore_changes = [iam_role_arn, max_aggregation_interval, tags_all]
  }
}

resource "aws_vpc_endpoint" "s3" {
  lifecycle {
    ignore_changes = [policy]
  }
}

resource "aws_vpc_endpoint" "service" {
  lifecycle {
    ignore_changes = [private_dns_enabled, security_group_ids]
  }
}

resource "aws_vpc_security_group_egress_rule" "s3" {
  lifecycle {
    ignore_changes = [description, prefix_list_id]
  }
}
