environment = "staging"
region      = "eu-north-1"
zones       = ["eu-north-1a", "eu-north-1b"]

egress_zones = 1

domain           = "staging.persona.example"
zone_id          = "Z00000000000000000000"
google_client_id = "persona-staging.apps.googleusercontent.com"

database = {
  instance_class      = "db.t4g.medium"
  storage_gb          = 20
  max_storage_gb      = 100
  multi_az            = true
  replicas            = 1
  backup_days         = 7
  deletion_protection = true
}

cache = {
  node_type = "cache.t4g.micro"
  nodes     = 2
}

concurrency = {
  api_handler       = 20
  persona_generator = 5
  webhooks          = 5
}

throttle             = { rate = 100, burst = 200 }
requests_per_address = 2000

log_days               = 365
archive_lock_days      = 7
monthly_budget_dollars = 400
alarm_email            = "oncall@persona.example"

canary            = "CodeDeployDefault.LambdaCanary10Percent5Minutes"
github_repository = "persona-ai/persona-ai"
