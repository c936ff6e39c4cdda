package check

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/vm"
)

// compiled reads an assertion over what env holds, before anything is done for
// its sake. Unknown names and wrong types are errors.
func compiled(expect string, env any) (*vm.Program, error) {
	program, err := expr.Compile(expect, expr.Env(env), expr.AsBool(), coverageOption())
	if err != nil {
		// The rest of the message draws the place.
		message, _, _ := strings.Cut(err.Error(), "\n")
		return nil, fmt.Errorf("expect %q: %s", expect, message)
	}
	return program, nil
}

// judge decides an assertion. An error means that nothing was decided.
func judge(expect string, env any) (bool, error) {
	program, err := compiled(expect, env)
	if err != nil {
		return false, err
	}
	got, err := expr.Run(program, env)
	if err != nil {
		message, _, _ := strings.Cut(err.Error(), "\n")
		return false, fmt.Errorf("expect %q: %s", expect, message)
	}
	met, ok := got.(bool)
	if !ok {
		return false, fmt.Errorf("expect %q: it gives %T, neither true nor false", expect, got)
	}
	return met, nil
}

// decoded is text as JSON, or nil where it is none.
func decoded(text string) any {
	var v any
	if json.Unmarshal([]byte(text), &v) != nil {
		return nil
	}
	return v
}

// lines splits text; no text has no lines.
func lines(text string) []string {
	text = strings.TrimRight(text, "\n")
	if text == "" {
		return []string{}
	}
	return strings.Split(text, "\n")
}
