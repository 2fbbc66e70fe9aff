environment = "prod"
region      = "eu-north-1"
zones       = ["eu-north-1a", "eu-north-1b"]

egress_zones = 2

domain           = "persona.example"
zone_id          = "Z00000000000000000000"
google_client_id = "persona-prod.apps.googleusercontent.com"

database = {
  instance_class      = "db.m7g.large"
  storage_gb          = 100
  max_storage_gb      = 1000
  multi_az            = true
  replicas            = 1
  backup_days         = 35
  deletion_protection = true
}

cache = {
  node_type = "cache.t4g.small"
  nodes     = 2
}

concurrency = {
  api_handler       = 100
  persona_generator = 20
  webhooks          = 10
}

throttle             = { rate = 500, burst = 1000 }
requests_per_address = 2000

log_days               = 365
archive_lock_days      = 365
monthly_budget_dollars = 1200
alarm_email            = "oncall@persona.example"

canary            = "CodeDeployDefault.LambdaCanary10Percent5Minutes"
github_repository = "persona-ai/persona-ai"
