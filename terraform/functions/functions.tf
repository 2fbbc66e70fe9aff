# What each function may do. A new one is its handler in the code and an entry here: its role, logs,
# alias, alarms and release follow, and for a worker its queue with the dead letters too.
#
#   egress    the ways out that it may take: vendors, receivers
#   sends     queues that it may send jobs to
#   redrives  queues whose dead letters it may move
#   reads     folders of the images bucket; writes, deletes: the same
#   secrets   secrets that it reads before its settings, and that win over them
#   at_once   how many may run at once; an environment's tfvars may say another number
#   more      statements for anything else, by Sid
#   environment   what it alone is told

locals {
  functions = {
    api_handler = {
      at_once = 20
      egress  = ["vendors"]
      sends   = ["generation", "webhooks"]
      reads   = ["images", "exports", "uploads"]
      writes  = ["images", "exports", "uploads"]
    }

    persona_generator = {
      at_once = 5
      egress  = ["vendors"]
      sends   = ["generation", "webhooks"]
      reads   = ["images"]
      writes  = ["images"]
    }

    webhooks = {
      at_once = 5
      egress  = ["vendors", "receivers"]
      sends   = ["webhooks"]
    }

    sweeper = {
      at_once = 1
      sends   = ["generation", "webhooks"]
      deletes = ["images", "uploads"]
    }

    redrive = {
      at_once  = 1
      sends    = ["generation", "webhooks"]
      redrives = ["generation", "webhooks"]
    }

    migrate = {
      at_once = 1
      secrets = ["owner"]
    }

    # Where it connects, and what it changes: rotation.tf of the root.
    rotation = {
      at_once = 1
      egress  = ["vendors"] # ElastiCache's own API
      secrets = ["owner"]
    }
  }
}
