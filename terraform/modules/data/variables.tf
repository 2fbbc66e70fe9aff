variable "name" {
  type        = string
  description = "Prefix of every name."
}

variable "account" {
  type        = string
  description = "Whose RDS the proxy's role trusts."
}

variable "kms_key_arn" {
  type        = string
  description = "Encrypts storage, backups, logs and secrets."
}

variable "subnet_ids" {
  type        = list(string)
  description = "Subnets without a way out."
}

variable "security_group_ids" {
  type        = map(string)
  description = "By what they are for: database, proxy, cache."
}

variable "log_days" {
  type        = number
  description = "Retention of PostgreSQL's and Valkey's logs."
}

variable "database" {
  description = "Size and safety of PostgreSQL."
  type = object({
    instance_class      = string
    storage_gb          = number
    max_storage_gb      = number
    multi_az            = bool
    replicas            = number
    backup_days         = number
    deletion_protection = bool
  })
}

variable "cache" {
  description = "Size of Valkey."
  type = object({
    node_type = string
    nodes     = number
  })
}

variable "owner_password" {
  type        = string
  description = "Kept in no state."
  ephemeral   = true
}

variable "owner_password_version" {
  type        = number
  description = "Tells that the password is another."
}
