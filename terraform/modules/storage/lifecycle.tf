locals {
  # By prefix: after how many days a current object expires, and what has replaced or deleted one.
  lifecycle = {
    images = {
      exports = { prefix = "exports/", expires = 1, old = 1 }
      uploads = { prefix = "uploads/", expires = 1, old = 1 }
      images  = { prefix = "images/", expires = null, old = 90 }
      public  = { prefix = "public/", expires = null, old = 30 }
    }
    releases = { packages = { prefix = "", expires = null, old = 90 } }
    web      = { page = { prefix = "", expires = null, old = 30 } }
    logs     = { logs = { prefix = "", expires = 90, old = 1 } }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  for_each = local.lifecycle

  bucket = aws_s3_bucket.this[each.key].id

  dynamic "rule" {
    for_each = each.value

    content {
      id     = rule.key
      status = "Enabled"

      filter {
        prefix = rule.value.prefix
      }

      dynamic "expiration" {
        for_each = rule.value.expires[*]

        content {
          days = expiration.value
        }
      }

      noncurrent_version_expiration {
        noncurrent_days = rule.value.old
      }
    }
  }

  rule {
    id     = "unfinished"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
  }

  depends_on = [aws_s3_bucket_versioning.this]
}

# Thirty days are kept where they can be read at once and cheaply stored; what is older, where it costs least.
resource "aws_s3_bucket_lifecycle_configuration" "archive" {
  bucket = aws_s3_bucket.this["archive"].id

  rule {
    id     = "archive"
    status = "Enabled"

    filter {
      prefix = "archive/"
    }

    transition {
      days          = 30
      storage_class = "GLACIER_IR"
    }

    transition {
      days          = 180
      storage_class = "DEEP_ARCHIVE"
    }

    noncurrent_version_transition {
      noncurrent_days = 30
      storage_class   = "GLACIER_IR"
    }
  }

  rule {
    id     = "unfinished"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
  }

  depends_on = [aws_s3_bucket_versioning.this]
}
