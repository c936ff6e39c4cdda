package source

import (
	"strings"
	"testing"

	"runbook/executor"
	"runbook/executor/executortest"
)

func TestConformanceOfVariablesAndCommands(t *testing.T) {
	env := question(t.TempDir(), map[string]string{"name": "REGION"})
	env.Env = append(env.Env, "REGION=eu-west-1")
	executortest.Source(t, Env{}, executortest.Adapter{Query: env})
	executortest.Source(t, Command{}, executortest.Adapter{Query: question(t.TempDir(), map[string]string{"run": "echo one"}), Contacts: true})
}

// What a plan can find wrong in arguments is found before anything runs.
func TestArgumentsThatAPlanRefuses(t *testing.T) {
	for _, tt := range []struct {
		source executor.Validator
		args   map[string]string
		want   string // empty: they are in order
	}{
		{Env{}, map[string]string{"name": "DB_PASSWORD"}, "secret"},
		{Env{}, map[string]string{}, "no variable is named"},
		{Env{}, map[string]string{"name": "REGION"}, ""},
		{Command{}, map[string]string{"run": ""}, "no command"},
		{Command{}, map[string]string{"run": "printenv"}, "not recorded"},
		{Command{}, map[string]string{"run": "cat VERSION"}, ""},
	} {
		err := tt.source.Validate(tt.args)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%T %v: %v; want %q", tt.source, tt.args, err, tt.want)
		}
	}
}
