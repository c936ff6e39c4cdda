package runbook

// seedFields lists all that is to be filled in, chosen or replaced in the
// production deployment checklist that the project was founded on.
const seedFields = `3 prose date
4 prose deployer
6 prose terraform-version
87 code deployment-steps/2-bootstrap-production-nonce/store-in
145 prose deployment-steps/5-apply-infrastructure/deployment-time (Start)
146 prose deployment-steps/5-apply-infrastructure/completion-time (End)
168 prose deployment-steps/6-capture-terraform-outputs/github-actions-deploy-role-arn
169 prose deployment-steps/6-capture-terraform-outputs/github-actions-runtime-role-arn
170 prose deployment-steps/6-capture-terraform-outputs/ops-alerts-topic-arn
171 prose deployment-steps/6-capture-terraform-outputs/dashboard-url
230 table deployment-steps/8-configure-github-secrets/account-id
231 table deployment-steps/8-configure-github-secrets/account-id-2
347 prose rollback-plan/rollback-procedure/decision-maker
348 prose rollback-plan/rollback-procedure/rollback-time
389 prose sign-off/pre-deployment-approval/lead-engineer/name
389 prose sign-off/pre-deployment-approval/lead-engineer/date
390 prose sign-off/pre-deployment-approval/security-review/name
390 prose sign-off/pre-deployment-approval/security-review/date
391 prose sign-off/pre-deployment-approval/operations-lead/name
391 prose sign-off/pre-deployment-approval/operations-lead/date
395 prose sign-off/post-deployment-verification/deployment-completed/name
395 prose sign-off/post-deployment-verification/deployment-completed/date
395 prose sign-off/post-deployment-verification/deployment-completed/time
396 prose sign-off/post-deployment-verification/smoke-tests-passed/name
396 prose sign-off/post-deployment-verification/smoke-tests-passed/date
396 prose sign-off/post-deployment-verification/smoke-tests-passed/time
397 prose sign-off/post-deployment-verification/monitoring-verified/name
397 prose sign-off/post-deployment-verification/monitoring-verified/date
397 prose sign-off/post-deployment-verification/monitoring-verified/time
401 prose sign-off/final-sign-off/production-deployment-successful/name
401 prose sign-off/final-sign-off/production-deployment-successful/date
402 prose sign-off/final-sign-off/handoff-to-operations/name
402 prose sign-off/final-sign-off/handoff-to-operations/date
436 prose emergency-contacts/primary-deployer
436 prose emergency-contacts/phone
437 prose emergency-contacts/backup-deployer
437 prose emergency-contacts/phone-2
438 prose emergency-contacts/aws-account-owner
438 prose emergency-contacts/phone-3
439 prose emergency-contacts/on-call-engineer (Check PagerDuty)
440 prose emergency-contacts/security-contact
440 prose emergency-contacts/phone-4
449 code notes/date
450 code notes/operator
463 prose checklist-summary/completed done
463 prose checklist-summary/completed-2 total
464 prose checklist-summary/blocked
465 prose checklist-summary/notes
467 prose checklist-summary/deployment-status
469 prose checklist-summary/next-review-date
`
