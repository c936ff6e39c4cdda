package runbook

import (
	"path"
	"regexp"
	"strings"
)

// judgeRepeat finds what fails, or is done once more, when it is run again:
// after a stop, a retry, or at the next release.
func judgeRepeat(_ *lintStep, c *shellCall) *commandFault {
	if c.place.handled || c.place.maybe {
		return nil
	}
	if what, hint := repeatFails(c); what != "" {
		return &commandFault{Warning, "not-repeatable", what, hint}
	}
	return nil
}

// repeatFails says what happens when the call is made a second time, and what
// to write instead; empty if that is not certain to matter.
func repeatFails(c *shellCall) (what, hint string) {
	name, words := c.program(), c.words
	switch name {
	case "terraform", "tofu":
		if c.arg(1) == "workspace" && c.arg(2) == "new" {
			return name + " workspace new fails where the workspace exists", "use `" + name + " workspace select -or-create`"
		}
	case "aws":
		return awsRepeat(c)
	case "kubectl", "oc":
		ops := operandsOf(words, kubectlValued)
		if len(ops) > 0 && ops[0].value == "create" && !hasFlag(words, "--dry-run") && !hasFlag(words, "--save-config") && !(len(ops) > 1 && ops[1].value == "token") {
			return name + " create fails where the object exists", "use `" + name + " apply`"
		}
	case "git":
		return gitRepeat(c)
	case "createdb", "createuser", "useradd", "adduser", "groupadd", "addgroup":
		return name + " fails where the name exists", guardHint
	case "mkdir":
		if ops := operandsOf(words, "-m --mode"); len(ops) > 0 && ops[0].known && !hasShort(words, 'p') && !hasFlag(words, "--parents") {
			return "mkdir fails where the directory exists", "use `mkdir -p`"
		}
	default:
		return clientRepeat(c)
	}
	return "", ""
}

// guardHint is for what can only be asked for beforehand.
const guardHint = "ask first whether it is there, or say what the error means: … || …"

// clientRepeat is repeatFails for clients of databases, registries and hosts.
func clientRepeat(c *shellCall) (what, hint string) {
	words := c.words
	switch name := c.program(); name {
	case "docker", "podman":
		if c.arg(1) == "network" && c.arg(2) == "create" {
			return name + " network create fails where the network exists", guardHint
		}
	case "helm":
		if c.arg(1) == "install" && !hasFlag(words, "--dry-run") && !hasFlag(words, "--generate-name") {
			return "helm install fails where the release exists", "use `helm upgrade --install`"
		}
	case "gh":
		if c.arg(1) == "release" && c.arg(2) == "create" {
			return "gh release create fails where the release exists", guardHint
		}
	case "psql", "mysql", "mariadb":
		for _, sql := range statements(c) {
			if m := createSQL.FindString(sql); m != "" && !strings.Contains(strings.ToLower(sql), "if not exists") {
				return strings.ToUpper(strings.Join(strings.Fields(m), " ")) + " fails where it exists", "add IF NOT EXISTS, or ask first"
			}
		}
	}
	return "", ""
}

var (
	createSQL = regexp.MustCompile(`(?i)\bcreate\s+(table|database|schema|role|user)\b`)
	dropSQL   = regexp.MustCompile(`(?i)\bdrop\s+(table|database|schema)\b|\btruncate\s+(table\s+)?\w`)
)

// statements returns the SQL that a client is given on its command line.
func statements(c *shellCall) []string {
	var list []string
	for _, a := range flagValues(c.words, "-c", "--command", "-e", "--execute") {
		if a.known {
			list = append(list, a.value)
		}
	}
	return list
}

func awsRepeat(c *shellCall) (what, hint string) {
	ops := operandsOf(c.words, "--region --profile --output --query --endpoint-url")
	if len(ops) < 2 || hasFlag(c.words, "help") || hasFlag(c.words, "--dry-run") || hasFlag(c.words, "--generate-cli-skeleton") {
		return "", ""
	}
	service, action := ops[0].value, ops[1].value
	switch {
	case service == "sns" && action == "subscribe":
		return "aws sns subscribe, run again, asks once more for a confirmation that is still open", "look among `aws sns list-subscriptions-by-topic` first"
	case service == "ssm" && action == "put-parameter" && !hasFlag(c.words, "--overwrite"):
		return "aws ssm put-parameter fails where the parameter exists", "add --overwrite if the old value may go, else ask first whether it is there"
	case service == "s3" && action == "mb":
		return "aws s3 mb fails where the bucket exists", "look with `aws s3api head-bucket` first"
	case action == "create-tags", action == "create-or-update-tags", strings.HasPrefix(action, "create-presigned"), action == "create-token":
		return "", ""
	case strings.HasPrefix(action, "create-"):
		return "aws " + service + " " + action + " fails, or makes another one, when it is run again", "ask first whether it is there"
	}
	return "", ""
}

func gitRepeat(c *shellCall) (what, hint string) {
	rest := c.words[1:]
	switch c.arg(1) {
	case "tag":
		names := operandsOf(rest, "-m --message -F --file -u --local-user --sort --points-at --contains --merged --format")
		for _, flag := range [...]string{"--list", "--delete", "--force", "--verify", "--contains", "--points-at", "--merged", "--no-merged", "--sort"} {
			if hasFlag(rest, flag) {
				return "", ""
			}
		}
		if len(names) == 0 || hasShort(rest, 'l') || hasShort(rest, 'd') || hasShort(rest, 'f') || hasShort(rest, 'v') || hasShort(rest, 'n') {
			return "", ""
		}
		return "git tag fails where the tag exists", "ask first with `git rev-parse -q --verify refs/tags/NAME`"
	case "checkout", "switch":
		if hasFlag(rest, "-b") || hasFlag(rest, "-c") || hasFlag(rest, "--create") {
			return "git " + c.arg(1) + " fails to create a branch that exists", "ask first whether it is there"
		}
	case "clone":
		return "git clone fails where its directory exists", "ask first whether it is there"
	}
	return "", ""
}

// judgeDestructive finds what takes away more than can be brought back, where
// that is not what the section is for.
func judgeDestructive(s *lintStep, c *shellCall) *commandFault {
	if s.Contingency != "" {
		return nil
	}
	if what := destroys(c); what != "" {
		return &commandFault{Warning, "destructive", what + ", on the checklist's main path", "move it to a contingency's section, or have it approved: a hold point, a named person's item above it"}
	}
	return nil
}

// destroys says what the call takes away; empty if nothing for certain.
func destroys(c *shellCall) string {
	name, words := c.program(), c.words
	switch {
	case strings.HasPrefix(name, "mkfs"):
		return name + " makes a new file system over what is there"
	case hasFlag(words, "--dry-run") || hasFlag(words, "--dryrun"):
		return ""
	}
	switch name {
	case "terraform", "tofu":
		if c.arg(1) == "destroy" || c.arg(1) == "apply" && hasFlag(words, "-destroy") {
			return name + " takes down all that the state holds"
		}
	case "rm":
		return removes(words)
	case "kubectl", "oc":
		if ops := operandsOf(words, kubectlValued); len(ops) > 0 && ops[0].value == "delete" {
			return name + " delete takes objects down"
		}
	case "aws":
		return awsDestroys(c)
	case "git":
		return gitDestroys(c)
	case "dd":
		for _, a := range words[1:] {
			if dev, ok := strings.CutPrefix(a.value, "of=/dev/"); ok && dev != "null" && dev != "stdout" {
				return "dd overwrites the device " + dev
			}
		}
	case "psql", "mysql", "mariadb", "sqlite3":
		for _, sql := range append(statements(c), c.arg(len(words)-1)) {
			if m := dropSQL.FindString(sql); m != "" {
				return strings.ToUpper(strings.Join(strings.Fields(m)[:1], " ")) + " deletes data"
			}
		}
	case "dropdb":
		return "dropdb deletes a database"
	}
	return ""
}

// removes finds an rm of whole trees outside the working directory, or of what
// only the run knows.
func removes(words []shellArg) string {
	if !hasShort(words, 'r') && !hasShort(words, 'R') && !hasFlag(words, "--recursive") {
		return ""
	}
	for _, a := range operandsOf(words, "") {
		lead := a.value
		if !a.known {
			lead = a.lead()
		}
		switch {
		case a.isGuarded():
		case !a.known && lead == "":
			return "rm deletes whatever a variable names, recursively"
		case strings.HasPrefix(path.Clean(lead)+"/", "/tmp/"), strings.HasPrefix(lead, "/var/tmp/"):
		case strings.HasPrefix(lead, "/"), strings.HasPrefix(lead, "~"):
			return "rm deletes " + lead + " and all below it"
		}
	}
	return ""
}

func awsDestroys(c *shellCall) string {
	ops := operandsOf(c.words, "--region --profile --output --query --endpoint-url")
	if len(ops) < 2 {
		return ""
	}
	service, action := ops[0].value, ops[1].value
	switch {
	case service == "s3" && action == "rm" && hasFlag(c.words, "--recursive"):
		return "aws s3 rm --recursive deletes every object below it"
	case service == "s3" && action == "rb":
		return "aws s3 rb deletes a bucket"
	case service == "s3" && action == "sync" && hasFlag(c.words, "--delete"):
		return "aws s3 sync --delete deletes what the source does not hold"
	case service == "ec2" && action == "terminate-instances":
		return "aws " + service + " " + action + " takes instances down"
	case isListed(action, "delete-table delete-db-instance delete-db-cluster delete-bucket delete-stack delete-cluster delete-file-system schedule-key-deletion"):
		return "aws " + service + " " + action + " deletes what holds data"
	}
	return ""
}

func gitDestroys(c *shellCall) string {
	rest := c.words[1:]
	switch c.arg(1) {
	case "push":
		if hasFlag(rest, "--force") || hasShort(rest, 'f') {
			return "git push --force overwrites what others have pushed"
		}
	case "reset":
		if hasFlag(rest, "--hard") {
			return "git reset --hard throws uncommitted changes away"
		}
	case "clean":
		if hasShort(rest, 'f') && !hasShort(rest, 'n') {
			return "git clean -f deletes files that git does not know"
		}
	}
	return ""
}
