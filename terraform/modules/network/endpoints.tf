# Pictures are most of the traffic, and this endpoint costs nothing.
resource "aws_vpc_endpoint" "s3" {
  vpc_id            = aws_vpc.this.id
  service_name      = "com.amazonaws.${var.region}.s3"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = [for table in aws_route_table.private : table.id]

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "OwnBuckets"
      Effect    = "Allow"
      Principal = "*"
      Action    = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket"]
      Resource  = ["arn:aws:s3:::${var.name}-*"]
      Condition = { StringEquals = { "aws:ResourceAccount" = var.account } }
    }]
  })

  tags = { Name = "${var.name}-s3" }
}

# These cost more than the NAT would for as little. They are here so that whoever has no way out can
# still read its secrets and send its jobs, and so that a NAT that is down stops neither.
resource "aws_vpc_endpoint" "service" {
  for_each = var.endpoints

  vpc_id              = aws_vpc.this.id
  service_name        = "com.amazonaws.${var.region}.${each.key}"
  vpc_endpoint_type   = "Interface"
  private_dns_enabled = true
  subnet_ids          = [for zone in keys(local.exits) : aws_subnet.this["private-${zone}"].id]
  security_group_ids  = [aws_security_group.this["endpoints"].id]

  tags = { Name = "${var.name}-${each.key}" }
}
