variable "name" {
  type        = string
  description = "Prefix of every name."
}

variable "kms_key_arn" {
  type        = string
  description = "Encrypts every secret."
}

variable "owner_password_version" {
  type        = number
  description = "Raise it for a new password."
}
