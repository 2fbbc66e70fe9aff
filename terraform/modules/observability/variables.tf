variable "name" {
  type        = string
  description = "Prefix of every name, and the namespace of the application's own metrics."
}

variable "region" {
  type        = string
  description = "Where the dashboard's metrics are."
}

variable "kms_key_arn" {
  type        = string
  description = "Encrypts announcements."
}

variable "alarm_email" {
  type        = string
  description = "Who is told."
}

variable "budget_dollars" {
  type        = number
  description = "What a month may cost."
}

variable "functions" {
  description = "Name, alias and timeout of each function."
  type        = map(object({ name = string, arn = string, version = string, alias = string, timeout = number, at_once = number, role = string }))
}

variable "queues" {
  description = "Name of each queue and of its dead letters."
  type        = map(object({ name = string, arn = string, dead_letters_name = string, dead_letters_arn = string }))
}

variable "api" {
  description = "The API and its stage."
  type        = object({ api_id = string, api_name = string, name = string, arn = string })
}

variable "data" {
  description = "Identifiers of databases, proxy and cache."
  type        = object({ primary = string, replicas = list(string), proxy = string, cache = string, user = string })
}

variable "database" {
  description = "Size of PostgreSQL, for the thresholds."
  type        = object({ storage_gb = number, max_storage_gb = number })
}

variable "cache" {
  description = "Size of Valkey."
  type        = object({ nodes = number })
}

variable "nat_gateways" {
  type        = map(string)
  description = "The way out, by zone."
}
