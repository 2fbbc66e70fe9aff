output "distribution_id" {
  description = "Whose cache is emptied when the page changes."
  value       = aws_cloudfront_distribution.web.id
}
