output "settings" {
  description = "What the application is told of the pool."
  value = {
    COGNITO_ISSUER    = local.issuer
    COGNITO_JWKS_URL  = "${local.issuer}/.well-known/jwks.json"
    COGNITO_CLIENT_ID = aws_cognito_user_pool_client.web.id
  }
}

output "user_pool_id" {
  description = "The user pool."
  value       = aws_cognito_user_pool.this.id
}

locals {
  issuer = "https://cognito-idp.${var.region}.amazonaws.com/${aws_cognito_user_pool.this.id}"
}
