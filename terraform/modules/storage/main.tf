locals {
  # `key`: encrypted with the environment's key. S3's own delivery of logs, and a page that everybody
  # may read, are encrypted with S3's.
  buckets = {
    images   = { key = true }
    archive  = { key = true }
    releases = { key = true }
    web      = { key = false }
    logs     = { key = false }
  }
}

resource "aws_s3_bucket" "this" {
  for_each = local.buckets

  bucket              = "${var.name}-${each.key}-${var.account}"
  object_lock_enabled = each.key == "archive"
}

resource "aws_s3_bucket_public_access_block" "this" {
  for_each = local.buckets

  bucket                  = aws_s3_bucket.this[each.key].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].id
  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_versioning" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].id
  rule {
    bucket_key_enabled = each.value.key
    apply_server_side_encryption_by_default {
      sse_algorithm     = each.value.key ? "aws:kms" : "AES256"
      kms_master_key_id = each.value.key ? var.kms_key_arn : null
    }
  }
}

resource "aws_s3_bucket_logging" "this" {
  for_each = toset([for name in keys(local.buckets) : name if name != "logs"])

  bucket        = aws_s3_bucket.this[each.key].id
  target_bucket = aws_s3_bucket.this["logs"].id
  target_prefix = "s3/${each.key}/"
}

resource "aws_s3_bucket_policy" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = concat([local.tls_only[each.key]], lookup(local.allowed, each.key, []))
  })

  depends_on = [aws_s3_bucket_public_access_block.this]
}

locals {
  tls_only = {
    for name, bucket in aws_s3_bucket.this : name => {
      Sid       = "TlsOnly"
      Effect    = "Deny"
      Principal = { AWS = "*" }
      Action    = "s3:*"
      Resource  = [bucket.arn, "${bucket.arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }
  }

  from_the_edge = {
    Effect    = "Allow"
    Principal = { Service = "cloudfront.amazonaws.com" }
    Action    = "s3:GetObject"
    Condition = {
      StringEquals = { "aws:SourceAccount" = var.account }
      ArnLike      = { "aws:SourceArn" = "arn:aws:cloudfront::${var.account}:distribution/*" }
    }
  }

  allowed = {
    # CloudFront sees what is published; all else in the bucket is signed for, a minute at a time.
    images = [merge(local.from_the_edge, { Sid = "PublicImages", Resource = "${aws_s3_bucket.this["images"].arn}/public/*" })]
    web    = [merge(local.from_the_edge, { Sid = "Page", Resource = "${aws_s3_bucket.this["web"].arn}/*" })]
    logs = [{
      Sid       = "AccessLogs"
      Effect    = "Allow"
      Principal = { Service = "logging.s3.amazonaws.com" }
      Action    = "s3:PutObject"
      Resource  = "${aws_s3_bucket.this["logs"].arn}/s3/*"
      Condition = { StringEquals = { "aws:SourceAccount" = var.account } }
    }]
  }
}

resource "aws_s3_bucket_cors_configuration" "images" {
  bucket = aws_s3_bucket.this["images"].id

  cors_rule {
    allowed_methods = ["GET", "HEAD", "POST"]
    allowed_origins = var.origins
    allowed_headers = ["*"]
    expose_headers  = ["ETag"]
    max_age_seconds = 600
  }
}

resource "aws_s3_bucket_object_lock_configuration" "archive" {
  bucket = aws_s3_bucket.this["archive"].id

  rule {
    default_retention {
      mode = "GOVERNANCE"
      days = var.archive_lock_days
    }
  }

  depends_on = [aws_s3_bucket_versioning.this]
}
