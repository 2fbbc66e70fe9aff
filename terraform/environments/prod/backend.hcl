bucket = "persona-ai-prod-state"
region = "eu-north-1"
