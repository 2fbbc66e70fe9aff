# The product's buckets are not destroyed with what is in them. The rehearsal's are.
resource "aws_s3_bucket" "this" {
  force_destroy = true
}
