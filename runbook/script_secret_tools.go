package runbook

import "strings"

// awsSecret says why an aws command's output is withheld; empty if it is not.
func awsSecret(words []shellArg) string {
	if len(words) < 3 {
		return ""
	}
	ops := operandsOf(words, "--profile --region --output --query --endpoint-url")
	if len(ops) < 2 {
		return ""
	}
	service, verb := ops[0].value, ops[1].value
	switch service + " " + verb {
	case "ssm put-parameter":
		if hasWord(words, "SecureString") || hasWord(words, "--type=SecureString") {
			return "writes a SecureString"
		}
	case "secretsmanager get-random-password", "secretsmanager create-secret", "secretsmanager put-secret-value", "secretsmanager update-secret",
		"sts get-session-token", "sts assume-role", "sts assume-role-with-web-identity", "sts assume-role-with-saml", "sts get-federation-token",
		"iam create-access-key", "ecr get-login-password", "configure export-credentials", "kms generate-data-key", "kms decrypt":
		return "aws " + service + " " + verb + " handles a secret"
	case "configure get":
		for _, a := range ops[2:] {
			if strings.Contains(a.value, "secret") || strings.Contains(a.value, "token") {
				return "aws configure get prints a secret"
			}
		}
	}
	return ""
}

// kubernetesSecret says why a kubectl command's output is withheld. Without -o
// a secret's values are not printed.
func kubernetesSecret(words []shellArg) string {
	ops := operandsOf(words, "-n --namespace --context --cluster --kubeconfig -o --output -l --selector")
	if len(ops) == 2 && ops[0].value == "config" && ops[1].value == "view" && hasFlag(words, "--raw") {
		return "kubectl config view --raw prints credentials"
	}
	if len(ops) < 2 || ops[0].value != "get" {
		return ""
	}
	secret := false
	for _, kind := range strings.Split(ops[1].value, ",") {
		kind, _, _ = strings.Cut(kind, "/")
		secret = secret || kind == "secret" || kind == "secrets"
	}
	if !secret {
		return ""
	}
	for _, a := range words {
		if strings.HasPrefix(a.value, "--template") || strings.HasPrefix(a.value, "-o") || strings.HasPrefix(a.value, "--output") {
			if f := outputFormat(words); f != "name" && f != "wide" {
				return "kubectl get secret -o prints a secret"
			}
		}
	}
	return ""
}

// outputFormat returns the value of kubectl's -o in any of its forms.
func outputFormat(words []shellArg) string {
	for i, a := range words {
		switch {
		case (a.value == "-o" || a.value == "--output") && i+1 < len(words):
			return words[i+1].value
		case strings.HasPrefix(a.value, "--output="):
			return a.value[len("--output="):]
		case strings.HasPrefix(a.value, "-o"):
			return strings.TrimPrefix(a.value[len("-o"):], "=")
		}
	}
	return ""
}

// secretTool says why the output of one of the lesser tools is withheld.
func secretTool(name string, words []shellArg) string {
	first, second := "", ""
	if ops := operandsOf(words, ""); len(ops) > 0 {
		first = ops[0].value
		if len(ops) > 1 {
			second = ops[1].value
		}
	}
	prints := false
	switch name {
	case "gh":
		prints = first == "auth" && (second == "token" || second == "status" && (hasFlag(words, "--show-token") || hasFlag(words, "-t")))
	case "vault":
		prints = first == "read" || first == "kv" && second == "get"
	case "op":
		prints = first == "read" || first == "item" && second == "get"
	case "pass", "gopass":
		prints = first == "show"
	case "security":
		prints = first == "find-generic-password" || first == "find-internet-password"
	case "sops":
		prints = first == "decrypt" || hasFlag(words, "-d") || hasFlag(words, "--decrypt")
	case "gpg":
		prints = hasFlag(words, "-d") || hasFlag(words, "--decrypt")
	case "ansible-vault":
		prints = first == "view" || first == "decrypt"
	case "openssl":
		prints = first == "rand"
	case "gcloud":
		prints = hasWord(words, "print-access-token", "print-identity-token") || hasWord(words, "secrets") && hasWord(words, "access")
	case "az":
		prints = hasWord(words, "get-access-token")
	case "uuidgen", "pwgen":
		return name + " generates what may be a secret"
	}
	if !prints {
		return ""
	}
	return strings.TrimSpace(name+" "+strings.TrimSpace(first+" "+secondVerb(name, second))) + " prints a secret"
}

// secondVerb keeps the second operand where it is a subcommand, not a name.
func secondVerb(name, second string) string {
	switch name {
	case "gh", "gcloud", "az":
		return second
	case "vault":
		if second == "get" {
			return second
		}
	}
	return ""
}
