output "private_subnet_ids" {
  description = "Where functions run."
  value       = [for zone in var.zones : aws_subnet.this["private-${zone}"].id]
}

output "data_subnet_ids" {
  description = "Where data is kept; no route leads out."
  value       = [for zone in var.zones : aws_subnet.this["data-${zone}"].id]
}

output "security_group_ids" {
  description = "By what they are for."
  value       = { for name, group in aws_security_group.this : name => group.id }
}

output "nat_gateway_ids" {
  description = "The way out, for its alarm."
  value       = { for zone, gateway in aws_nat_gateway.exit : zone => gateway.id }
}

output "exit_addresses" {
  description = "From which addresses vendors and receivers see us."
  value       = [for address in aws_eip.exit : address.public_ip]
}
