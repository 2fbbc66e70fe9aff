variable "account" {
  type        = string
  description = "Whose Secrets Manager may invoke the function."
}

variable "function_name" {
  type        = string
  description = "The function that rotates."
}

variable "alias" {
  type        = string
  description = "The function's alias."
}

variable "alias_arn" {
  type        = string
  description = "What is invoked."
}

variable "secret_arn" {
  type        = string
  description = "The settings."
}
