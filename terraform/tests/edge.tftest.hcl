mock_provider "aws" {
  source = "./tests/mocks"
}

mock_provider "aws" {
  alias  = "us_east_1"
  source = "./tests/mocks"
}

run "edge" {
  module {
    source = "./modules/edge"
  }

  providers = {
    aws           = aws
    aws.us_east_1 = aws.us_east_1
  }

  variables {
    name                 = "persona-ai-prod"
    domain               = "persona.example"
    zone_id              = "Z0"
    buckets              = { for name in ["images", "web", "logs"] : name => { name = name, arn = name, domain = "${name}.s3.eu-north-1.amazonaws.com" } }
    api_stage            = { api_id = "api", api_name = "persona-ai-prod", name = "v1", arn = "arn:aws:apigateway:eu-north-1::/restapis/api/stages/v1" }
    requests_per_address = 2000
    kms_key_arn          = "arn:aws:kms:eu-north-1:123456789012:key/mock"
    log_days             = 365
  }

  assert {
    condition = alltrue([
      for acl in [aws_wafv2_web_acl.api, aws_wafv2_web_acl.web] : anytrue([
        for rule in acl.rule : try(rule.statement[0].rate_based_statement[0].limit == 2000 && length(rule.action[0].block) == 1, false)
      ])
    ])
    error_message = "Neither the API nor the page is there for one address alone."
  }

  assert {
    condition     = aws_wafv2_web_acl_association.api.resource_arn == var.api_stage.arn
    error_message = "The API is behind its web ACL."
  }

  assert {
    condition     = aws_cloudfront_distribution.web.default_cache_behavior[0].viewer_protocol_policy == "redirect-to-https" && aws_cloudfront_distribution.web.viewer_certificate[0].minimum_protocol_version == "TLSv1.2_2021"
    error_message = "The page is read by TLS 1.2 or newer."
  }

  assert {
    condition     = [for behaviour in aws_cloudfront_distribution.web.ordered_cache_behavior : behaviour.path_pattern if behaviour.target_origin_id == "images"] == ["/public/*"]
    error_message = "Of the images, the edge knows the public ones."
  }
}
