variable "environment" {
  type        = string
  description = "dev, staging or prod. Each has an AWS account of its own."

  validation {
    condition     = contains(["dev", "staging", "prod"], var.environment)
    error_message = "There are three environments: dev, staging and prod."
  }
}

variable "region" {
  type        = string
  description = "Where everything is, but for the edge."
}

variable "zones" {
  type        = list(string)
  description = "Availability zones of the subnets."

  validation {
    condition     = length(var.zones) >= 2
    error_message = "RDS asks for subnets in two zones or more."
  }
}

variable "egress_zones" {
  type        = number
  description = "In how many of the zones there is a NAT gateway and an interface endpoint; the others use those."
}

variable "domain" {
  type        = string
  description = "Where the page is; the API is at api.<domain>."
}

variable "zone_id" {
  type        = string
  description = "The hosted zone in Route 53 that the domain is in."
}

variable "web_origins" {
  type        = list(string)
  description = "Origins, besides the page's own, whose scripts may call the API."
  default     = []
}

variable "google_client_id" {
  type        = string
  description = "Our OAuth client at Google."
}

variable "package" {
  type        = string
  description = "The zip that `make package` makes, from the root module's folder."
  default     = "../build/package/deployment.zip"
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

variable "concurrency" {
  type        = map(number)
  description = "How many of a function may run at once, where the environment wants another number than functions.tf."
  default     = {}
}

variable "owner_password_version" {
  type        = number
  description = "Raise it to give the database's owner a new password."
  default     = 1
}

variable "throttle" {
  description = "Requests a second for the whole API, and how many may come at once."
  type = object({
    rate  = number
    burst = number
  })
}

variable "requests_per_address" {
  type        = number
  description = "Requests that one IP address may send in five minutes."
}

variable "log_days" {
  type        = number
  description = "How long logs are kept."
}

variable "archive_lock_days" {
  type        = number
  description = "How long nobody, whatever their rights, can delete from the archive."
}

variable "alarm_email" {
  type        = string
  description = "Who is told of alarms."
}

variable "monthly_budget_dollars" {
  type        = number
  description = "What a month may cost; half, four fifths and the forecast of it are told."
}

variable "canary" {
  type        = string
  description = "How CodeDeploy shifts the traffic to a new version."
}

variable "github_repository" {
  type        = string
  description = "owner/name of the repository whose workflows may deploy."
}
