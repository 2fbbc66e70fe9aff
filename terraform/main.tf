locals {
  name    = "persona-ai-${var.environment}"
  account = data.aws_caller_identity.current.account_id
  tags    = { application = "persona-ai", environment = var.environment }
  web_url = "https://${var.domain}"
  api_url = "https://api.${var.domain}"
  origins = concat([local.web_url], var.web_origins)
}

data "aws_caller_identity" "current" {}

module "functions" {
  source = "./functions"
}

module "network" {
  source = "./modules/network"

  name         = local.name
  region       = var.region
  account      = local.account
  zones        = var.zones
  egress_zones = var.egress_zones
  kms_key_arn  = aws_kms_key.this.arn
  log_days     = var.log_days
}

module "secrets" {
  source = "./modules/secrets"

  name                   = local.name
  kms_key_arn            = aws_kms_key.this.arn
  owner_password_version = var.owner_password_version
}

module "data" {
  source = "./modules/data"

  name                   = local.name
  account                = local.account
  kms_key_arn            = aws_kms_key.this.arn
  subnet_ids             = module.network.data_subnet_ids
  security_group_ids     = module.network.security_group_ids
  log_days               = var.log_days
  database               = var.database
  cache                  = var.cache
  owner_password         = module.secrets.owner_password
  owner_password_version = var.owner_password_version
}

module "messaging" {
  source = "./modules/messaging"

  name    = local.name
  account = local.account
  queues  = module.functions.queues
}

module "storage" {
  source = "./modules/storage"

  name              = local.name
  account           = local.account
  kms_key_arn       = aws_kms_key.this.arn
  origins           = local.origins
  archive_lock_days = var.archive_lock_days
}

module "auth" {
  source = "./modules/auth"

  name             = local.name
  account          = local.account
  region           = var.region
  web_url          = local.web_url
  google_client_id = var.google_client_id
  protected        = var.database.deletion_protection
}

module "api" {
  source = "./modules/api"

  name        = local.name
  region      = var.region
  account     = local.account
  package     = var.package
  packaged    = module.functions.packaged
  functions   = local.functions
  concurrency = var.concurrency
  environment = merge(
    module.auth.settings,
    # Of the queue `webhooks`, WEBHOOK_QUEUE tells the name.
    { for name, queue in module.messaging.queues : upper("${trimsuffix(name, "s")}_queue") => queue.name },
    {
      MEDIA_BUCKET      = module.storage.buckets["images"].name
      GOOGLE_CLIENT_ID  = var.google_client_id
      CORS_ORIGINS      = jsonencode(local.origins)
      WEB_URL           = local.web_url
      PUBLIC_API_URL    = local.api_url
      METRICS_NAMESPACE = local.name
    },
  )

  queues          = module.messaging.queues
  releases_bucket = module.storage.buckets["releases"].name
  images_arn      = module.storage.buckets["images"].arn
  settings_arn    = module.secrets.settings_arn
  secret_arns     = { owner = module.data.owner_secret_arn }
  kms_key_arn     = aws_kms_key.this.arn
  web_url         = local.web_url
  throttle        = var.throttle
  log_days        = var.log_days
  subnet_ids      = module.network.private_subnet_ids
  security_group  = module.network.security_group_ids
}

module "edge" {
  source = "./modules/edge"

  providers = {
    aws           = aws
    aws.us_east_1 = aws.us_east_1
  }

  name                 = local.name
  domain               = var.domain
  zone_id              = var.zone_id
  buckets              = module.storage.buckets
  api_stage            = module.api.stage
  requests_per_address = var.requests_per_address
  kms_key_arn          = aws_kms_key.this.arn
  log_days             = var.log_days
}

module "observability" {
  source = "./modules/observability"

  name           = local.name
  region         = var.region
  kms_key_arn    = aws_kms_key.this.arn
  alarm_email    = var.alarm_email
  budget_dollars = var.monthly_budget_dollars
  functions      = module.api.functions
  queues         = module.messaging.queues
  api            = module.api.stage
  data           = module.data.identifiers
  database       = var.database
  cache          = var.cache
  nat_gateways   = module.network.nat_gateway_ids
}

module "delivery" {
  source = "./modules/delivery"

  name              = local.name
  environment       = var.environment
  account           = local.account
  functions         = module.api.functions
  alarms            = module.observability.release_alarms
  canary            = var.canary
  topic_arn         = module.observability.topic_arn
  github_repository = var.github_repository
}
