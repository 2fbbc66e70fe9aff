variable "name" {
  type        = string
  description = "Prefix of every name."
}

variable "region" {
  type        = string
  description = "Region of the endpoints."
}

variable "account" {
  type        = string
  description = "Account whose buckets may be reached from inside."
}

variable "zones" {
  type        = list(string)
  description = "Availability zones, one subnet of each kind in each."
}

variable "egress_zones" {
  type        = number
  description = "Zones with a NAT gateway and interface endpoints."
}

variable "endpoints" {
  type        = set(string)
  description = "AWS services that are reached without leaving the network."
  default     = ["sqs", "secretsmanager"]
}

variable "kms_key_arn" {
  type        = string
  description = "Encrypts the flow log."
}

variable "log_days" {
  type        = number
  description = "Retention of the flow log."
}
