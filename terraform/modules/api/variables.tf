variable "name" {
  type        = string
  description = "Prefix of every name."
}

variable "region" {
  type        = string
  description = "Where the functions and their key are."
}

variable "account" {
  type        = string
  description = "Who may invoke the functions at all."
}

variable "package" {
  type        = string
  description = "The zip with every function."
}

variable "packaged" {
  description = "What Chalice says of each function."
  type = map(object({
    handler      = string
    architecture = string
    memory       = number
    timeout      = number
    schedule     = optional(string)
    queue = optional(object({
      name       = string
      batch_size = number
      window     = number
    }))
  }))
}

variable "functions" {
  description = "What each function may do: see functions.tf of the root."
  type = map(object({
    at_once     = number
    egress      = optional(list(string), [])
    secrets     = optional(list(string), [])
    sends       = optional(list(string), [])
    redrives    = optional(list(string), [])
    reads       = optional(list(string), [])
    writes      = optional(list(string), [])
    deletes     = optional(list(string), [])
    environment = optional(map(string), {})
    more = optional(map(object({
      Action   = list(string)
      Resource = list(string)
    })), {})
  }))

  validation {
    condition     = length(setsubtract(keys(var.packaged), keys(var.functions))) == 0
    error_message = "The package has functions that functions.tf does not say anything of: ${join(", ", setsubtract(keys(var.packaged), keys(var.functions)))}."
  }

  validation {
    condition     = length(setsubtract(keys(var.functions), keys(var.packaged))) == 0
    error_message = "functions.tf names functions that are not in the package: ${join(", ", setsubtract(keys(var.functions), keys(var.packaged)))}. Package again, or take them out."
  }
}

variable "concurrency" {
  type        = map(number)
  description = "How many of a function may run at once, where that is another number here."
}

variable "environment" {
  type        = map(string)
  description = "What every function is told."
}

variable "queues" {
  description = "Name and ARN of each queue and of its dead letters."
  type = map(object({
    name              = string
    arn               = string
    dead_letters_name = string
    dead_letters_arn  = string
  }))
}

variable "images_arn" {
  type        = string
  description = "The bucket of the images."
}

variable "releases_bucket" {
  type        = string
  description = "Where the package is put for Lambda."
}

variable "settings_arn" {
  type        = string
  description = "The secret that every function reads its settings from."
}

variable "secret_arns" {
  type        = map(string)
  description = "Secrets that functions may ask for, by name."
}

variable "kms_key_arn" {
  type        = string
  description = "Encrypts images, secrets and logs."
}

variable "web_url" {
  type        = string
  description = "Origin that may read the gateway's own answers."
}

variable "throttle" {
  description = "Requests a second, and at once."
  type = object({
    rate  = number
    burst = number
  })
}

variable "log_days" {
  type        = number
  description = "Retention of every log."
}

variable "subnet_ids" {
  type        = list(string)
  description = "Where functions run."
}

variable "security_group" {
  type        = map(string)
  description = "By what they are for."
}
