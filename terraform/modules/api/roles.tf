locals {
  # The statements of each function's policy, by Sid. What it does not ask for leaves no resource, and
  # no statement.
  granted = {
    for name, function in var.functions : name => {
      for sid, statement in merge(local.own[name], local.asked[name], function.more) : sid => statement
      if length(statement.Resource) > 0
    }
  }

  own = {
    for name, function in var.functions : name => {
      WriteLogs = {
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = ["${aws_cloudwatch_log_group.function[name].arn}:*"]
      }
      # AWS knows no resource for these two.
      Trace = {
        Action   = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
        Resource = ["*"]
      }
      # Lambda needs them to set the function up, and knows no resource for them either ...
      Network = {
        Action   = local.network_actions
        Resource = ["*"]
      }
      ReadSettings = {
        Action   = ["secretsmanager:GetSecretValue"]
        Resource = [var.settings_arn]
      }
      UseKey = {
        Action    = length(function.writes) > 0 ? ["kms:Decrypt", "kms:GenerateDataKey"] : ["kms:Decrypt"]
        Resource  = [var.kms_key_arn]
        Condition = { StringEquals = { "kms:ViaService" = [for service in local.keepers : "${service}.${var.region}.amazonaws.com"] } }
      }
    }
  }

  asked = {
    for name, function in var.functions : name => {
      Consume = {
        Action   = ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]
        Resource = [for queue in var.packaged[name].queue[*] : var.queues[queue.name].arn]
      }
      Send = {
        Action   = ["sqs:GetQueueUrl", "sqs:SendMessage"]
        Resource = [for queue in function.sends : var.queues[queue].arn]
      }
      FindDeadLetters = {
        Action   = ["sqs:GetQueueAttributes"]
        Resource = [for queue in function.redrives : var.queues[queue].arn]
      }
      Redrive = {
        Action   = ["sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage"]
        Resource = [for queue in function.redrives : var.queues[queue].dead_letters_arn]
      }
      ReadSecrets = {
        Action   = ["secretsmanager:GetSecretValue"]
        Resource = [for secret in function.secrets : var.secret_arns[secret]]
      }
      ReadImages = {
        Action   = ["s3:GetObject"]
        Resource = [for folder in function.reads : "${var.images_arn}/${folder}/*"]
      }
      # Without it, an object that is not there would be a 403, and not a 404.
      TellMissingImages = {
        Action    = ["s3:ListBucket"]
        Resource  = length(function.reads) > 0 ? [var.images_arn] : []
        Condition = { StringLike = { "s3:prefix" = [for folder in function.reads : "${folder}/*"] } }
      }
      WriteImages = {
        Action   = ["s3:PutObject"]
        Resource = [for folder in function.writes : "${var.images_arn}/${folder}/*"]
      }
      DeleteImages = {
        Action   = ["s3:DeleteObject"]
        Resource = [for folder in function.deletes : "${var.images_arn}/${folder}/*"]
      }
    }
  }

  keepers = ["s3", "secretsmanager"]

  network_actions = [
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
  ]
}

resource "aws_iam_role" "function" {
  for_each = var.packaged

  name = "${var.name}-${each.key}"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy" "function" {
  for_each = var.packaged

  name = "least-privilege"
  role = aws_iam_role.function[each.key].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [for sid, statement in local.granted[each.key] : merge({ Sid = sid, Effect = "Allow" }, statement)],
      # ... so the function's own code is refused them.
      [{
        Sid       = "NetworkIsLambdas"
        Effect    = "Deny"
        Action    = local.network_actions
        Resource  = ["*"]
        Condition = { ArnEquals = { "lambda:SourceFunctionArn" = "arn:aws:lambda:${var.region}:${var.account}:function:${var.name}-${each.key}" } }
      }],
    )
  })
}
