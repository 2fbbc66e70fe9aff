environment = "dev"
region      = "eu-north-1"
zones       = ["eu-north-1a", "eu-north-1b"]

egress_zones = 1

domain           = "dev.persona.example"
zone_id          = "Z00000000000000000000"
google_client_id = "persona-dev.apps.googleusercontent.com"

database = {
  instance_class      = "db.t4g.micro"
  storage_gb          = 20
  max_storage_gb      = 100
  multi_az            = false
  replicas            = 0
  backup_days         = 1
  deletion_protection = false
}

cache = {
  node_type = "cache.t4g.micro"
  nodes     = 1
}

concurrency = {
  api_handler       = 10
  persona_generator = 2
  webhooks          = 2
}

throttle             = { rate = 100, burst = 200 }
requests_per_address = 2000

log_days               = 30
archive_lock_days      = 1
monthly_budget_dollars = 150
alarm_email            = "oncall@persona.example"

canary            = "CodeDeployDefault.LambdaAllAtOnce"
github_repository = "persona-ai/persona-ai"
