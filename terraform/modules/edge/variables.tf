variable "name" {
  type        = string
  description = "Prefix of every name."
}

variable "domain" {
  type        = string
  description = "Where the page is; the API is at api.<domain>."
}

variable "zone_id" {
  type        = string
  description = "The hosted zone that the domain is in."
}

variable "buckets" {
  description = "The buckets of the page, the images and the logs."
  type        = map(object({ name = string, arn = string, domain = string }))
}

variable "api_stage" {
  description = "The API and its stage."
  type        = object({ api_id = string, api_name = string, name = string, arn = string })
}

variable "requests_per_address" {
  type        = number
  description = "Requests that one IP address may send in five minutes."
}

variable "kms_key_arn" {
  type        = string
  description = "Encrypts the web ACL's log of the API."
}

variable "log_days" {
  type        = number
  description = "Retention of the web ACLs' logs."
}
