bucket = "persona-ai-dev-state"
region = "eu-north-1"
