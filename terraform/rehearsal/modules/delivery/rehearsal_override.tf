# The emulator has no CodeDeploy: the rehearsal shifts the aliases itself.
resource "aws_codedeploy_app" "this" {
  count = 0
}

resource "aws_codedeploy_deployment_group" "function" {
  for_each = {}
  app_name = "none"
}

output "application" {
  value = "none"
}
