output "buckets" {
  description = "Name, ARN and regional domain of each: images, archive, releases, web, logs."
  value = {
    for name, bucket in aws_s3_bucket.this : name => { name = bucket.bucket, arn = bucket.arn, domain = bucket.bucket_regional_domain_name }
  }
}
