output "application" {
  description = "CodeDeploy's application; its groups are named like the functions."
  value       = aws_codedeploy_app.this.name
}

output "github_roles" {
  description = "By what they are for: plan, deploy."
  value       = { for name, role in aws_iam_role.github : name => role.arn }
}
