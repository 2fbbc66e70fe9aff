# The product's users are protected from deletion, which would keep the rehearsal from its end.
resource "aws_cognito_user_pool" "this" {
  deletion_protection = "INACTIVE"
}
