environment                   = "production"
region                        = "us-east-1"
account_id                    = "123456789012"
enable_point_in_time_recovery = true
enable_deletion_protection    = true
