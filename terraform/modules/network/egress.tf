# The one way out: whoever is to reach a vendor has the security group `vendors` and leaves by these addresses.

locals {
  exits = { for zone, number in local.zones : zone => number if number < var.egress_zones }
}

resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id

  tags = { Name = var.name }
}

resource "aws_route_table" "public" {
  vpc_id = aws_vpc.this.id

  tags = { Name = "${var.name}-public" }
}

resource "aws_route" "internet" {
  route_table_id         = aws_route_table.public.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.this.id
}

resource "aws_route_table_association" "public" {
  for_each = local.zones

  subnet_id      = aws_subnet.this["public-${each.key}"].id
  route_table_id = aws_route_table.public.id
}

resource "aws_eip" "exit" {
  for_each = local.exits

  domain = "vpc"

  tags = { Name = "${var.name}-exit-${each.key}" }
}

resource "aws_nat_gateway" "exit" {
  for_each = local.exits

  allocation_id = aws_eip.exit[each.key].id
  subnet_id     = aws_subnet.this["public-${each.key}"].id

  tags       = { Name = "${var.name}-${each.key}" }
  depends_on = [aws_internet_gateway.this]
}

resource "aws_route_table" "private" {
  for_each = local.zones

  vpc_id = aws_vpc.this.id

  tags = { Name = "${var.name}-private-${each.key}" }
}

resource "aws_route" "exit" {
  for_each = local.zones

  route_table_id         = aws_route_table.private[each.key].id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.exit[var.zones[each.value % var.egress_zones]].id
}

resource "aws_route_table_association" "private" {
  for_each = local.zones

  subnet_id      = aws_subnet.this["private-${each.key}"].id
  route_table_id = aws_route_table.private[each.key].id
}
