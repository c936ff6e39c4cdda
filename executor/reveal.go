package executor

import (
	"bytes"
	"encoding/json"
	"strings"
)

// revealed finds the secrets in what a command has printed: the values of SSM
// SecureString parameters, even as the API returns them undecrypted (emulators
// hide nothing there), and of Secrets Manager. sure is false when the command
// asks for such a value and its output is no JSON that says what it is.
func revealed(command string, output []byte) (secrets []Secret, sure bool) {
	asks := strings.Contains(command, "ssm get-parameter") || strings.Contains(command, "secretsmanager get-")
	tells := bytes.Contains(output, []byte("SecureString")) || bytes.Contains(output, []byte("SecretString"))
	if !asks && !tells {
		return nil, true
	}
	typed := false
	for start := bytes.IndexAny(output, "{["); start >= 0; {
		dec := json.NewDecoder(bytes.NewReader(output[start:]))
		var v any
		next := start + 1
		if dec.Decode(&v) == nil {
			found := secretValues(v, &typed)
			secrets = append(secrets, found...)
			next = start + int(dec.InputOffset())
		}
		more := bytes.IndexAny(output[next:], "{[")
		if more < 0 {
			break
		}
		start = next + more
	}
	return secrets, typed || !asks || len(bytes.TrimSpace(output)) == 0
}

// secretValues walks a JSON answer. typed becomes true where an answer says of
// which type its value is.
func secretValues(v any, typed *bool) []Secret {
	var found []Secret
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			found = append(found, secretValues(e, typed)...)
		}
	case map[string]any:
		kind, _ := v["Type"].(string)
		value, has := v["Value"].(string)
		name, _ := v["Name"].(string)
		if kind != "" && has {
			*typed = true
		}
		if kind == "SecureString" && has {
			found = append(found, Secret{name, value})
			if i := strings.LastIndexByte(value, ':'); i >= 0 {
				found = append(found, Secret{name, value[i+1:]})
			}
		}
		if s, ok := v["SecretString"].(string); ok {
			*typed = true
			found = append(found, Secret{name, s})
		}
		for _, e := range v {
			found = append(found, secretValues(e, typed)...)
		}
	}
	return found
}
