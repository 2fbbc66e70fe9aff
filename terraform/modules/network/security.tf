locals {
  groups = {
    functions = "Every function."
    vendors   = "Functions that call vendors, by https."
    receivers = "Functions that call the receivers of webhooks, at any port of theirs."
    proxy     = "RDS Proxy."
    database  = "PostgreSQL, primary and replica."
    cache     = "Valkey."
    endpoints = "AWS services inside the network."
  }

  flows = {
    functions-proxy     = { from = "functions", to = "proxy", port = 5432 }
    functions-database  = { from = "functions", to = "database", port = 5432 }
    functions-cache     = { from = "functions", to = "cache", port = 6379 }
    functions-endpoints = { from = "functions", to = "endpoints", port = 443 }
    proxy-database      = { from = "proxy", to = "database", port = 5432 }
  }

  # https://www.rfc-editor.org/rfc/rfc6335: what is below 1024 is nobody's to receive webhooks at, but for 443.
  ways_out = {
    vendors   = { first = 443, last = 443 }
    receivers = { first = 1024, last = 65535 }
  }
}

resource "aws_security_group" "this" {
  for_each = local.groups

  name        = "${var.name}-${each.key}"
  description = each.value
  vpc_id      = aws_vpc.this.id

  tags = { Name = "${var.name}-${each.key}" }
}

resource "aws_vpc_security_group_egress_rule" "flow" {
  for_each = local.flows

  description                  = each.key
  security_group_id            = aws_security_group.this[each.value.from].id
  referenced_security_group_id = aws_security_group.this[each.value.to].id
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
}

resource "aws_vpc_security_group_ingress_rule" "flow" {
  for_each = local.flows

  description                  = each.key
  security_group_id            = aws_security_group.this[each.value.to].id
  referenced_security_group_id = aws_security_group.this[each.value.from].id
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
}

resource "aws_vpc_security_group_egress_rule" "s3" {
  description       = "functions-s3"
  security_group_id = aws_security_group.this["functions"].id
  prefix_list_id    = aws_vpc_endpoint.s3.prefix_list_id
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_vpc_security_group_egress_rule" "out" {
  for_each = local.ways_out

  description       = each.key
  security_group_id = aws_security_group.this[each.key].id
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = each.value.first
  to_port           = each.value.last
}
