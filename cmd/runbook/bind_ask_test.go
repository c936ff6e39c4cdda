package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestBindAsks drafts a sidecar at a terminal: what nothing tells is asked for,
// an answer that the check refuses is asked for again, Enter and the end of
// input leave the rest for later, and what stays in doubt stays a comment.
func TestBindAsks(t *testing.T) {
	t.Parallel()
	const list = "# T\n\n## Apply\n\n```bash\ncd infra\nterraform plan -out=a.tfplan\n```\n\n" +
		"- [ ] Resource count matches\n- [ ] KMS keys have rotation enabled\n- [ ] All resources properly tagged\n- [ ] No error spikes\n"
	const (
		ctrlD = "\x04"
		count = "terraform.plan, create (it creates exactly this many):"
		keys  = "aws.kms.rotation, keys ("
		tags  = "aws.tags, keys ("
		space = "aws.cloudwatch.metric, metric ("
	)
	tests := []struct {
		name     string
		talk     []exchange
		want     []string
		unwanted string
	}{
		{
			name: "what is said is set",
			talk: []exchange{
				{"4 items could be settled", ""}, {"Resource count matches", ""}, {count, "ten"}, {"create: \"ten\" is not a number", ""}, {count, "10"},
				{keys, "alias/app, alias/logs"}, {tags, "\n"}, {space, ctrlD},
			},
			want: []string{
				"  apply/resource-count-matches: {use: terraform.plan, create: 10, file: infra/a.tfplan}\n",
				"create as a person has said\n",
				"  apply/kms-keys-have-rotation-enabled: {use: aws.kms.rotation, keys: [alias/app, alias/logs]}\n",
				"  #apply/all-resources-properly-tagged: {use: aws.tags, keys: ''}\n",
				"  #apply/no-error-spikes: {use: aws.cloudwatch.metric, max: 0, metric: '', namespace: '', since: 1h, stat: Sum}\n",
			},
		},
		{
			name: "what stays in doubt stays a comment, with what is said",
			talk: []exchange{{count, "\n"}, {keys, "\n"}, {tags, "\n"}, {space, "Errors"}, {"namespace (", "App"}, {"it stays a suggestion", ""}},
			want: []string{"  #apply/no-error-spikes: {use: aws.cloudwatch.metric, max: 0, metric: Errors, namespace: App, since: 1h, stat: Sum}\n", "  #apply/resource-count-matches: {use: terraform.plan, create: '', file: infra/a.tfplan}\n"},
		},
		{
			name: "the end of input leaves all for later",
			talk: []exchange{{count, ctrlD}},
			want: []string{"  #apply/resource-count-matches:"}, unwanted: "as a person has said",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newProcess(t)
			if err := os.Mkdir(filepath.Join(p.dir, "infra"), 0o755); err != nil {
				t.Fatal(err)
			}
			p.write(t, "infra/main.tf", "")
			p.write(t, "list.md", list)
			term := p.terminal(t, "bind", "list.md")
			for _, x := range tt.talk {
				term.see(x.see)
				switch x.say {
				case "":
				case ctrlD:
					term.say(ctrlD)
				default:
					term.say(strings.TrimSuffix(x.say, "\n") + "\n")
				}
			}
			if code := term.end(); code != exitOK {
				t.Fatalf("exit code %d; the terminal shows:\n%s", code, term.all)
			}
			got, err := os.ReadFile(filepath.Join(p.dir, "list.runbook.yaml"))
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range tt.want {
				if !strings.Contains(string(got), want) {
					t.Errorf("no %q in\n%s", want, got)
				}
			}
			if tt.unwanted != "" && strings.Contains(string(got), tt.unwanted) {
				t.Errorf("%q in\n%s", tt.unwanted, got)
			}
		})
	}
}

// An interrupt leaves no sidecar.
func TestBindAsksInterrupted(t *testing.T) {
	t.Parallel()
	p := newProcess(t)
	p.write(t, "list.md", "- [ ] KMS keys have rotation enabled\n")
	term := p.terminal(t, "bind", "list.md")
	term.see("keys (")
	term.say("\x03")
	if code := term.end(); code != exitInterrupted {
		t.Errorf("exit code %d; the terminal shows:\n%s", code, term.all)
	}
	if _, err := os.Stat(filepath.Join(p.dir, "list.runbook.yaml")); err == nil {
		t.Error("it was written")
	}
}
