mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name         = "persona-ai-prod"
  region       = "eu-north-1"
  account      = "123456789012"
  zones        = ["eu-north-1a", "eu-north-1b"]
  egress_zones = 2
  kms_key_arn  = "arn:aws:kms:eu-north-1:123456789012:key/mock"
  log_days     = 365
}

run "network" {
  module {
    source = "./modules/network"
  }

  assert {
    condition     = alltrue([for subnet in aws_subnet.this : subnet.map_public_ip_on_launch == false])
    error_message = "Nothing gets a public address by itself."
  }

  assert {
    condition     = length(setintersection([for route in aws_route.exit : route.route_table_id], [aws_route_table.data.id])) == 0
    error_message = "No route leads out from where the data is."
  }

  assert {
    condition     = toset([for rule in aws_vpc_security_group_egress_rule.out : rule.security_group_id]) == toset([aws_security_group.this["vendors"].id, aws_security_group.this["receivers"].id])
    error_message = "Vendors and receivers of webhooks are called from two security groups, and from nowhere else."
  }

  assert {
    condition     = alltrue([for rule in merge(aws_vpc_security_group_ingress_rule.flow, aws_vpc_security_group_egress_rule.flow) : rule.cidr_ipv4 == null && rule.from_port == rule.to_port])
    error_message = "Inside, one port is open from one group to another."
  }

  assert {
    condition     = length(aws_nat_gateway.exit) == 2 && length(aws_vpc_endpoint.service) == 2 && aws_vpc_endpoint.s3.vpc_endpoint_type == "Gateway"
    error_message = "There is a way out in each zone, and S3, SQS and the secrets are reached without it."
  }
}

run "one_way_out" {
  module {
    source = "./modules/network"
  }

  variables {
    egress_zones = 1
  }

  assert {
    condition     = length(aws_nat_gateway.exit) == 1 && length(distinct([for route in aws_route.exit : route.nat_gateway_id])) == 1 && length(aws_route.exit) == 2
    error_message = "With one NAT gateway, every zone leaves by it."
  }
}
