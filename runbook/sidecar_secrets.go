package runbook

import "go.yaml.in/yaml/v3"

// secrets reads the names of the variables whose values are secret.
func (r *sidecarReader) secrets(n *yaml.Node) {
	if n.Kind != yaml.SequenceNode {
		r.fault(n.Line, "secrets takes a list of names of variables")
		return
	}
	for _, v := range n.Content {
		if name := r.scalar(v, "secrets"); IsVariableName(name) {
			r.car.Secrets = append(r.car.Secrets, name)
		} else {
			r.fault(v.Line, "secrets: %q is not the name of a variable", name)
		}
	}
}

// IsVariableName reports whether a shell could have a variable of that name.
func IsVariableName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if letter := c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z'; !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}
