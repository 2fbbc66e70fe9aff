bucket = "persona-ai-staging-state"
region = "eu-north-1"
