terraform {
  required_version = ">= 1.4"

  backend "local" {}
}

# The built-in terraform_data resource needs no provider, so that init works
# without a network; the scripts beside this file do what a provider would.
locals {
  environment = terraform.workspace == "default" ? var.environment : terraform.workspace
  name        = "mirror-dissonance-${local.environment}"

  common = {
    NAME        = local.name
    ENVIRONMENT = local.environment
    REGION      = var.region
    ACCOUNT     = var.account_id
  }

  arn = {
    topic       = "arn:aws:sns:${var.region}:${var.account_id}:${local.name}-ops-alerts"
    deploy_role = "arn:aws:iam::${var.account_id}:role/${local.name}-github-deploy"
    role        = "arn:aws:iam::${var.account_id}:role/${local.name}-github-actions"
  }
}

resource "terraform_data" "key" {
  triggers_replace = [local.name]

  provisioner "local-exec" {
    command     = "${path.module}/provision/key.sh"
    environment = local.common
  }
}

resource "terraform_data" "table" {
  for_each = var.tables

  triggers_replace = [local.name, each.key, each.value, var.enable_point_in_time_recovery, var.enable_deletion_protection]

  provisioner "local-exec" {
    command = "${path.module}/provision/table.sh"
    environment = merge(local.common, {
      TABLE               = each.key
      HASH_KEY            = each.value
      PITR                = var.enable_point_in_time_recovery
      DELETION_PROTECTION = var.enable_deletion_protection
    })
  }
}

resource "terraform_data" "topic" {
  triggers_replace = [local.name]

  provisioner "local-exec" {
    command     = "${path.module}/provision/topic.sh"
    environment = local.common
  }
}

resource "terraform_data" "alarms" {
  triggers_replace = [local.name, var.alarm_threshold]

  provisioner "local-exec" {
    command = "${path.module}/provision/alarms.sh"
    environment = merge(local.common, {
      TOPIC_ARN = local.arn.topic
      THRESHOLD = var.alarm_threshold
    })
  }

  depends_on = [terraform_data.topic]
}

resource "terraform_data" "bucket" {
  triggers_replace = [local.name]

  provisioner "local-exec" {
    command     = "${path.module}/provision/bucket.sh"
    environment = local.common
  }
}

resource "terraform_data" "roles" {
  triggers_replace = [local.name, var.github_repository]

  provisioner "local-exec" {
    command     = "${path.module}/provision/roles.sh"
    environment = merge(local.common, { REPOSITORY = var.github_repository })
  }
}

resource "terraform_data" "dashboard" {
  triggers_replace = [local.name]

  provisioner "local-exec" {
    command     = "${path.module}/provision/dashboard.sh"
    environment = local.common
  }
}

# A secret that is born here and lives in the state only.
resource "terraform_data" "redaction_salt" {
  input = sensitive(uuid())

  lifecycle {
    ignore_changes = [input]
  }
}
