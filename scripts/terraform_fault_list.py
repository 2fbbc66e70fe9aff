"""What scripts/terraform-faults plants: for which test, what its assertion says, and where."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    test: str
    says: str
    path: str
    old: str
    new: str


def _in(test: str, path: str, *faults: tuple[str, str, str]) -> list[Fault]:
    return [Fault(test, says, path, old, new) for says, old, new in faults]


FAULTS = [
    *_in(
        "api",
        "modules/api/roles.tf",
        ("No policy allows an action by a pattern.", '"s3:GetObject"', '"s3:Get*"'),
        (
            "Only tracing and network interfaces",
            'for folder in function.reads : "${var.images_arn}/${folder}/*"]',
            'for folder in function.reads : "*"]',
        ),
        (
            "Each function has a role of its own.",
            'name = "${var.name}-${each.key}"\n  assume',
            "name = var.name\n  assume",
        ),
    ),
    *_in(
        "api",
        "modules/api/functions.tf",
        (
            "Every function has its log group",
            "/aws/lambda/${var.name}-${each.key}",
            "/lambda/${var.name}-${each.key}",
        ),
        ("Functions run on the Python", 'runtime = "python3.13"', 'runtime = "python3.12"'),
        ("Every function is traced.", 'mode = "Active"', 'mode = "PassThrough"'),
        (
            "Every function has a concurrency reserved",
            "reserved_concurrent_executions = local.at_once[each.key]",
            "reserved_concurrent_executions = 0",
        ),
        (
            "The environment's concurrency wins",
            "lookup(var.concurrency, name, function.at_once)",
            "function.at_once",
        ),
        ("Every function is in the network.", 'concat(["functions"], ', "concat([], "),
        (
            "Who calls no vendor has no way out.",
            'concat(["functions"], ',
            'concat(["functions", "vendors"], ',
        ),
        (
            "Every function has an alias to release it by.",
            'name             = "live"',
            'name             = "latest"',
        ),
        (
            "A worker that takes several messages at once",
            "batch_size                         = each.value.batch_size",
            "batch_size                         = 10",
        ),
        (
            "SQS starts no more workers than may run.",
            "maximum_concurrency = local.at_once[each.key]",
            "maximum_concurrency = 1 + local.at_once[each.key]",
        ),
        (
            "Each queue feeds its worker.",
            "if function.queue != null }\n\n  function_name                      =",
            'if function.queue != null && name != "webhooks" }\n\n'
            "  function_name                      =",
        ),
    ),
    *_in(
        "api",
        "modules/api/chalice_override.tf",
        (
            "The API calls the alias, not the latest code.",
            'aws_lambda_alias.live["api_handler"].invoke_arn,',
            'aws_lambda_function.this["api_handler"].invoke_arn,',
        ),
    ),
    *_in(
        "api",
        "modules/api/gateway.tf",
        (
            "The API is throttled, and bodies are in no log.",
            "data_trace_enabled     = false",
            "data_trace_enabled     = true",
        ),
        (
            "The access log has no token",
            '"$context.resourcePath"',
            '"$context.resourcePath $context.identity.sourceIp"',
        ),
    ),
    *_in(
        "api",
        "modules/api/responses.tf",
        (
            "What the gateway answers by itself",
            "'application/problem+json'",
            "'application/json'",
        ),
    ),
    *_in(
        "data",
        "modules/data/postgres.tf",
        (
            "The database stands in two zones",
            "multi_az               = var.database.multi_az",
            "multi_az               = false",
        ),
        (
            "No database is in clear, or public.",
            "publicly_accessible    = false",
            "publicly_accessible    = true",
        ),
        (
            "Nobody speaks to the database without TLS.",
            'name  = "rds.force_ssl"\n    value = "1"',
            'name  = "rds.force_ssl"\n    value = "0"',
        ),
        ("There is a read replica.", "count = var.database.replicas", "count = 0"),
        (
            "The owner's password is in no state.",
            "password_wo         = var.owner_password\n"
            "  password_wo_version = var.owner_password_version",
            'password            = "hush"',
        ),
    ),
    *_in(
        "data",
        "modules/data/proxy.tf",
        ("The proxy knows both roles", '"persona_a", "persona_b"', '"persona_a"'),
    ),
    *_in(
        "data",
        "modules/data/valkey.tf",
        (
            "The cache is encrypted on the way and at rest",
            "transit_encryption_enabled = true",
            "transit_encryption_enabled = false",
        ),
        (
            "The cache outlives the loss of a zone.",
            "multi_az_enabled           = var.cache.nodes > 1",
            "multi_az_enabled           = false",
        ),
    ),
    *_in(
        "data",
        "modules/data/outputs.tf",
        (
            "Without a replica, reads go where everything goes.",
            "concat(aws_db_instance.replica[*].address, [aws_db_proxy.this.endpoint])",
            'concat(aws_db_instance.replica[*].address, ["nowhere"])',
        ),
    ),
    *_in(
        "delivery",
        "modules/delivery/codedeploy.tf",
        ("An alarm takes a release back.", ', "DEPLOYMENT_STOP_ON_ALARM"', ""),
    ),
    *_in(
        "delivery",
        "modules/delivery/github.tf",
        (
            "Only the environment's own job deploys",
            ":environment:${var.environment}",
            ":ref:refs/heads/*",
        ),
        (
            "What a deployment may do to roles is listed.",
            '"iam:AttachRolePolicy", "iam:CreateRole"',
            '"iam:*"',
        ),
    ),
    *_in(
        "edge",
        "modules/edge/waf.tf",
        (
            "Neither the API nor the page is there for one address alone.",
            "limit                 = var.requests_per_address",
            "limit                 = 1000000",
        ),
        (
            "The API is behind its web ACL.",
            "resource_arn = var.api_stage.arn",
            'resource_arn = "${var.api_stage.arn}-other"',
        ),
    ),
    *_in(
        "edge",
        "modules/edge/cloudfront.tf",
        ("The page is read by TLS 1.2 or newer.", "TLSv1.2_2021", "TLSv1.1_2016"),
        ("Of the images, the edge knows the public ones.", '"/public/*"', '"/*"'),
    ),
    *_in(
        "messaging",
        "functions/packaged.tf",
        (
            "Each queue in the package has a worker with a timeout.",
            "{ timeout = local.packaged[name].timeout }",
            "{ timeout = 0 }",
        ),
    ),
    *_in(
        "messaging",
        "modules/messaging/main.tf",
        (
            "A message stays invisible for six times",
            "6 * each.value.timeout",
            "5 * each.value.timeout",
        ),
        ("After five receives", "maxReceiveCount     = 5", "maxReceiveCount     = 1"),
        (
            "Every queue is encrypted.",
            "sqs_managed_sse_enabled   = true",
            "sqs_managed_sse_enabled   = false",
        ),
        (
            "Dead letters are kept for as long",
            "message_retention_seconds = local.fortnight",
            "message_retention_seconds = local.four_days",
        ),
        (
            "A dead letter is not lost for having waited before.",
            "message_retention_seconds  = local.four_days",
            "message_retention_seconds  = local.fortnight",
        ),
        (
            "No queue is reached without TLS.",
            '"aws:SecureTransport" = "false"',
            '"aws:Any" = "false"',
        ),
    ),
    *_in(
        "network",
        "modules/network/main.tf",
        (
            "Nothing gets a public address by itself.",
            "map_public_ip_on_launch = false",
            "map_public_ip_on_launch = true",
        ),
    ),
    *_in(
        "network",
        "modules/network/egress.tf",
        (
            "No route leads out from where the data is.",
            "route_table_id         = aws_route_table.private[each.key].id",
            "route_table_id         = aws_route_table.data.id",
        ),
        (
            "With one NAT gateway, every zone leaves by it.",
            'resource "aws_route" "exit" {\n  for_each = local.zones',
            'resource "aws_route" "exit" {\n  for_each = local.exits',
        ),
    ),
    *_in(
        "network",
        "modules/network/variables.tf",
        ("There is a way out in each zone", '["sqs", "secretsmanager"]', '["sqs"]'),
    ),
    *_in(
        "network",
        "modules/network/security.tf",
        (
            "Vendors and receivers of webhooks are called",
            "security_group_id = aws_security_group.this[each.key].id\n  cidr_ipv4",
            'security_group_id = aws_security_group.this["functions"].id\n  cidr_ipv4',
        ),
        (
            "Inside, one port is open",
            "to_port                      = each.value.port",
            "to_port                      = 65535",
        ),
    ),
    *_in(
        "observability",
        "modules/observability/alarms.tf",
        ("Each queue has an alarm", '"dead-letters-${name}" = {', '"dead-${name}" = {'),
        ("Each function has alarms", '"function-throttles-${name}" = {', '"throttles-${name}" = {'),
        (
            "Each alarm tells somebody.",
            "alarm_actions = [aws_sns_topic.alarms.arn]",
            "alarm_actions = []",
        ),
        (
            "Each alarm names its page.",
            "See docs/runbooks/${each.value.runbook}.md",
            "See the page.",
        ),
        ("There is no page for", 'runbook = "spend"', 'runbook = "no-such-page"'),
    ),
    *_in(
        "observability",
        "modules/observability/outputs.tf",
        (
            "A function's errors take its release back",
            'name == "api_handler" ? keys(local.api_alarms) : []',
            "[]",
        ),
    ),
    *_in(
        "observability",
        "modules/observability/main.tf",
        (
            "The budget tells of half of it",
            'half = { type = "ACTUAL", percent = 50 }, ',
            "",
        ),
    ),
    *_in(
        "rotation",
        "modules/rotation/main.tf",
        (
            "The settings' passwords are made at once",
            "automatically_after_days = 30",
            "automatically_after_days = 365",
        ),
        (
            "Secrets Manager invokes the rotation",
            "source_arn     = var.secret_arn",
            'source_arn     = "${var.secret_arn}-other"',
        ),
    ),
    *_in(
        "storage",
        "modules/storage/main.tf",
        (
            "No bucket is public.",
            "restrict_public_buckets = true",
            "restrict_public_buckets = false",
        ),
        (
            "No bucket is reached without TLS.",
            '"aws:SecureTransport" = "false"',
            '"aws:Any" = "false"',
        ),
        (
            "A bucket's policy lets in services",
            'StringEquals = { "aws:SourceAccount" = var.account }\n      ArnLike',
            "ArnLike",
        ),
        ("Every bucket keeps old versions.", 'status = "Enabled"', 'status = "Suspended"'),
        (
            "People's images and the archive",
            "archive  = { key = true }",
            "archive  = { key = false }",
        ),
        (
            "What is in the archive cannot be deleted",
            'object_lock_enabled = each.key == "archive"',
            "object_lock_enabled = false",
        ),
        ("Pages of ours upload images", "allowed_origins = var.origins", 'allowed_origins = ["*"]'),
    ),
    *_in(
        "storage",
        "modules/storage/lifecycle.tf",
        (
            "Exports and uploads expire after a day",
            'prefix = "exports/", expires = 1',
            'prefix = "exports/", expires = 30',
        ),
        ("The archive goes to Glacier.", '"GLACIER_IR"', '"STANDARD_IA"'),
    ),
]
