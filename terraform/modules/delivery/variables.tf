variable "name" {
  type        = string
  description = "Prefix of every name."
}

variable "environment" {
  type        = string
  description = "The environment at GitHub whose workflows may deploy."
}

variable "account" {
  type        = string
  description = "The account that is deployed to."
}

variable "functions" {
  description = "Name, alias and ARN of each function."
  type        = map(object({ name = string, arn = string, version = string, alias = string, timeout = number, at_once = number, role = string }))
}

variable "alarms" {
  type        = map(list(string))
  description = "Which alarms take a function's new version back."
}

variable "canary" {
  type        = string
  description = "How the traffic is shifted."
}

variable "topic_arn" {
  type        = string
  description = "Told of releases that fail."
}

variable "github_repository" {
  type        = string
  description = "owner/name."
}
