package runbook

// testCatalog has sources and checks like the program's own.
var testCatalog = Catalog{
	Engines: []Info{{Name: "bash", Summary: "runs it"}},
	Sources: []Info{
		{Name: "ask", Args: map[string]string{"hint": "h", "role": "r"}},
		{Name: "aws", Args: map[string]string{"get": "account"}, Require: []string{"get"}},
		{Name: "clock", Args: map[string]string{"of": "o", "at": "a", "format": "f"}},
		{Name: "count", Args: map[string]string{"of": "o"}, Require: []string{"of"}},
		{Name: "git", Args: map[string]string{"get": "commit"}, Require: []string{"get"}},
		{Name: "operator"}, {Name: "run"},
		{Name: "terraform", Args: map[string]string{"output": "o", "get": "g", "dir": "d"}},
	},
	Checks: []Info{
		{Name: "ask", Args: map[string]string{"role": "r", "not": "n"}},
		{Name: "step", Args: map[string]string{"run": "r", "expect": "e", "dir": "d"}, Require: []string{"run"}},
	},
}
