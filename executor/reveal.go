package executor

import (
	"bytes"
	"encoding/json"
	"strings"

	"runbook/runbook"
)

// revealed finds the secrets in what a command has printed: the values of SSM
// SecureString parameters, even as the API returns them undecrypted (emulators
// hide nothing there), and of Secrets Manager. sure is false when the command
// asks for such a value and its output is more than JSON that says what it is.
func revealed(command string, output []byte) (secrets []Secret, sure bool) {
	asks := asksForSecret(command)
	tells := bytes.Contains(output, []byte("SecureString")) || bytes.Contains(output, []byte("SecretString")) || bytes.Contains(output, []byte("SecretBinary"))
	if !asks && !tells {
		return nil, true
	}
	sure = true
	for len(output) > 0 {
		start := bytes.IndexAny(output, "{[")
		if start < 0 {
			start = len(output)
		}
		if len(bytes.TrimSpace(output[:start])) > 0 {
			sure = false // text beside the answers may be a value too
		}
		if output = output[start:]; len(output) == 0 {
			break
		}
		dec := json.NewDecoder(bytes.NewReader(output))
		var v any
		if dec.Decode(&v) != nil {
			sure, output = false, output[1:]
			continue
		}
		found, typed := secretValues(v)
		secrets = append(secrets, found...)
		sure = sure && typed
		output = output[dec.InputOffset():]
	}
	return secrets, sure || !asks
}

func asksForSecret(command string) bool {
	return strings.Contains(command, "get-parameter") || strings.Contains(command, "secretsmanager")
}

// Reveals says why a command may print what nobody knows yet to be a secret, as
// far as that can be told before it runs; empty if nothing says so.
func Reveals(t *runbook.Task, c *runbook.Command) string {
	switch {
	case c.Sensitive != "":
		return c.Sensitive
	case t.Sensitive != "":
		return t.Sensitive
	case c.Terraform == runbook.PrintsOutputs:
		return "it prints terraform outputs"
	case asksForSecret(c.Text):
		return "it may print a secret's value"
	}
	return ""
}

// secretValues walks a JSON answer. typed tells whether it says of which type
// its values are.
func secretValues(v any) (found []Secret, typed bool) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			more, t := secretValues(e)
			found, typed = append(found, more...), typed || t
		}
	case map[string]any:
		kind, _ := v["Type"].(string)
		value, has := v["Value"].(string)
		name, _ := v["Name"].(string)
		typed = kind != "" && has
		if kind == "SecureString" && has {
			found = append(found, parameterValues(name, value)...)
		}
		for _, key := range []string{"SecretString", "SecretBinary"} {
			if s, ok := v[key].(string); ok {
				typed = true
				found = append(found, storedValues(name, s)...)
			}
		}
		for _, e := range v {
			more, t := secretValues(e)
			found, typed = append(found, more...), typed || t
		}
	}
	return found, typed
}

// parameterValues are the secrets in a SecureString's value. Undecrypted,
// emulators print "kms:KEY:VALUE"; as the key may hold colons, every end counts.
func parameterValues(name, value string) []Secret {
	found := []Secret{{name, value}}
	if !strings.HasPrefix(value, "kms:") {
		return found
	}
	for rest, more := value, true; more; {
		if _, rest, more = strings.Cut(rest, ":"); more && (len(rest) >= minSecret || !strings.Contains(rest, ":")) {
			found = append(found, Secret{name, rest})
		}
	}
	return found
}

// storedValues are the secrets in what Secrets Manager keeps: the text, and if
// that is JSON, each string in it.
func storedValues(name, text string) []Secret {
	found := []Secret{{name, text}}
	var v any
	if json.Unmarshal([]byte(text), &v) != nil {
		return found
	}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case string:
			found = append(found, Secret{name, v})
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			for _, e := range v {
				walk(e)
			}
		}
	}
	walk(v)
	return found
}
