# PutLoggingConfiguration is unknown to the emulator.
resource "aws_wafv2_web_acl_logging_configuration" "api" {
  count = 0
}

resource "aws_wafv2_web_acl_logging_configuration" "web" {
  count = 0
}

# The emulator makes the mapping to the domain's root, and does not find it again.
resource "aws_api_gateway_base_path_mapping" "api" {
  count = 0
}

# Told back with empty blocks:
resource "aws_api_gateway_domain_name" "api" {
  lifecycle {
    ignore_changes = [mutual_tls_authentication]
  }
}

resource "aws_cloudfront_response_headers_policy" "web" {
  lifecycle {
    ignore_changes = [custom_headers_config, remove_headers_config]
  }
}
