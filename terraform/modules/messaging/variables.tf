variable "name" {
  type        = string
  description = "Prefix of every name."
}

variable "account" {
  type        = string
  description = "Who may use the queues at all."
}

variable "queues" {
  type        = map(object({ timeout = number }))
  description = "By name, with the timeout of its worker in seconds."
}
