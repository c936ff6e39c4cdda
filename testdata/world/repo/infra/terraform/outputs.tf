output "github_actions_deploy_role_arn" {
  value = local.arn.deploy_role
}

output "github_actions_role_arn" {
  value = local.arn.role
}

output "ops_alerts_topic_arn" {
  value = local.arn.topic
}

output "cloudwatch_dashboard_url" {
  value = "https://console.aws.amazon.com/cloudwatch/home?region=${var.region}#dashboards:name=${local.name}"
}

output "baseline_bucket_name" {
  value = "${local.name}-baselines"
}

output "redaction_salt" {
  value     = terraform_data.redaction_salt.output
  sensitive = true
}
