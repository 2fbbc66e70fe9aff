variable "name" {
  type        = string
  description = "Prefix of every name."
}

variable "account" {
  type        = string
  description = "Ends every bucket's name, which is unique in the world."
}

variable "kms_key_arn" {
  type        = string
  description = "Encrypts every bucket but the logs' and the page's."
}

variable "origins" {
  type        = list(string)
  description = "Origins of pages that upload and show images."
}

variable "archive_lock_days" {
  type        = number
  description = "How long nobody can delete from the archive."
}
