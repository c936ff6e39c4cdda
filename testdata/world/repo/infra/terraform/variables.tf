variable "environment" {
  description = "Names the resources when the default workspace is selected."
  type        = string
}

variable "region" {
  description = "Where the resources live."
  type        = string
}

variable "account_id" {
  description = "The account that owns the resources."
  type        = string
}

variable "enable_point_in_time_recovery" {
  description = "Continuous backups on every table."
  type        = bool
}

variable "enable_deletion_protection" {
  description = "Refuse to delete a table."
  type        = bool
}

variable "alarm_threshold" {
  description = "Throttled requests in five minutes that raise an alarm."
  type        = number
  default     = 10
}

variable "github_repository" {
  description = "The only repository whose workflows may assume the roles."
  type        = string
  default     = "MultiplicityFoundation/Phase-Mirror"
}

variable "tables" {
  description = "Each table's hash key."
  type        = map(string)
  default = {
    "fp-events"     = "eventId"
    "consent"       = "orgId"
    "block-counter" = "bucketKey"
  }
}
