# The settings' connections: `rotation` makes them when the environment is made, and anew each month.

locals {
  connect = "postgresql+psycopg2://{role}:{password}@%s:5432/${module.data.database_name}?sslmode=require"

  functions = merge(module.functions.functions, {
    rotation = merge(module.functions.functions.rotation, {
      environment = {
        ROTATION = jsonencode({
          database_url         = format(local.connect, module.data.addresses.proxy)
          database_replica_url = format(local.connect, module.data.addresses.replica)
          redis_url            = "rediss://{role}:{password}@${module.data.addresses.cache}:6379/0"
          role_secrets         = module.data.role_secret_arns
          cache_user           = module.data.cache_user
        })
      }
      more = {
        RotateSettings = {
          Action   = ["secretsmanager:DescribeSecret", "secretsmanager:PutSecretValue", "secretsmanager:UpdateSecretVersionStage"]
          Resource = [module.secrets.settings_arn]
        }
        WriteRoles = {
          Action   = ["secretsmanager:PutSecretValue"]
          Resource = values(module.data.role_secret_arns)
        }
        ChangeCacheUser = {
          Action   = ["elasticache:ModifyUser"]
          Resource = [module.data.cache_user_arn]
        }
      }
    })
  })
}

module "rotation" {
  source = "./modules/rotation"

  account       = local.account
  function_name = module.api.functions["rotation"].name
  alias         = module.api.functions["rotation"].alias
  alias_arn     = module.api.alias_arns["rotation"]
  secret_arn    = module.secrets.settings_arn
}
