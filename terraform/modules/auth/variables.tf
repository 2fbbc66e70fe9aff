variable "name" {
  type        = string
  description = "Prefix of every name."
}

variable "account" {
  type        = string
  description = "Ends the sign-in domain's name, which is unique in the world."
}

variable "region" {
  type        = string
  description = "In the issuer's address."
}

variable "web_url" {
  type        = string
  description = "The page, to which a sign-in returns."
}

variable "google_client_id" {
  type        = string
  description = "Our OAuth client at Google."
}

variable "protected" {
  type        = bool
  description = "Whether the pool is refused to be deleted."
}
