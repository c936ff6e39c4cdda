package runbook

import (
	"bytes"
	"encoding/json"
	"slices"
)

// A schema is a part of a JSON Schema.
type schema map[string]any

// SidecarSchema is the JSON Schema of a sidecar, for editors: what may stand
// where, with the sources and checks of the catalog and what their arguments
// mean. It knows nothing of a checklist's slots, which a plan holds the sidecar
// against.
func SidecarSchema(c Catalog) ([]byte, error) {
	text := schema{"type": "string"}
	one := schema{"type": []string{"string", "number", "boolean"}}
	defs := schema{
		"value":    one,
		"values":   schema{"anyOf": []any{schema{"$ref": "#/definitions/value"}, schema{"type": "array", "items": schema{"$ref": "#/definitions/value"}, "minItems": 1}}},
		"duration": schema{"type": []string{"string", "number"}, "pattern": `^(0|([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+)$`},
		"words":    schema{"anyOf": []any{text, schema{"type": "array", "items": text, "minItems": 1}}},
		"switch":   schema{"enum": []any{true, false, nil, "", "true", "false", "yes", "no", "on", "off"}},
		"check":    oneOf(c.Checks, "what settles the item", nil),
		"source":   oneOf(c.Sources, "what fills the blank", schema{"kind": schema{"enum": valueKinds, "description": "what the value must be, where the label does not say it; text is anything"}}),
	}
	const slots = "by its ID, a glob of IDs in which * stands for anything, or \"text:\" and its label"
	root := schema{
		"$schema":     "http://json-schema.org/draft-07/schema#",
		"title":       "The sidecar of a checklist: how its slots are completed",
		"definitions": defs,
		"type":        "object",
		"properties": schema{
			"defaults": object("for every step", schema{
				"timeout": schema{"$ref": "#/definitions/duration", "description": "for each step without one of its own; 0 is none"},
				"env":     schema{"type": []string{"object", "null"}, "description": "variables for every step, source and check", "additionalProperties": schema{"$ref": "#/definitions/value"}},
			}),
			"hold": schema{"type": "array", "description": "no step at or below a place starts while something else is not settled", "items": required(object("", schema{
				"before": schema{"type": "string", "description": "a section or a step, by its ID"},
				"until":  schema{"description": "sections and items, by their IDs", "anyOf": []any{text, schema{"type": "array", "items": text, "minItems": 1}}},
			}), "before", "until")},
			"secrets": schema{"type": "array", "description": "variables whose values are secret: taken from the environment or asked for, and masked", "items": schema{"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$"}},
			"waive": schema{"type": "array", "description": "lines that look like a secret and are none: they may stand in the record", "items": required(object("", schema{
				"shape":  schema{"enum": c.Shapes, "description": "what they look like"},
				"match":  schema{"type": "string", "minLength": 1, "description": "the whole line, in which * stands for anything; without it, every line of that shape"},
				"reason": schema{"type": "string", "pattern": "\\S", "description": "why it is no secret; the record keeps it"},
			}), "shape", "reason")},
			"pins": object("what must be so before a run has an effect", pinSchema()),
			"steps": bySlot("settings of steps, "+slots, object("", schema{
				"dir":        schema{"type": "string", "description": "the directory that the step starts in, from the root"},
				"timeout":    schema{"$ref": "#/definitions/duration", "description": "how long it may take; 0 is for ever"},
				"skip":       schema{"$ref": "#/definitions/switch", "description": "it never runs"},
				"tty":        schema{"$ref": "#/definitions/switch", "description": "it wants the operator's terminal"},
				"idempotent": schema{"type": []string{"string", "boolean"}, "description": "which of its commands may run again by themselves where they fail: true for all, or a command's text, in which * stands for anything"},
				"retry":      schema{"type": "integer", "minimum": 1, "maximum": mostRepeats, "description": "how often an idempotent command may run again by itself; 2 unless given"},
				"pause":      schema{"$ref": "#/definitions/duration", "description": "before each of these runs, at most 10m; 5s unless given"},
				"sensitive":  schema{"$ref": "#/definitions/switch", "description": "none of its output is recorded"},
			})),
			"items": bySlot("what settles items, each "+slots, schema{"anyOf": []any{
				schema{"$ref": "#/definitions/check"},
				schema{"type": "array", "description": "all of these checks must pass", "items": schema{"$ref": "#/definitions/check"}, "minItems": 1},
			}}),
			"sign": schema{"type": []string{"object", "null"}, "description": "sign-offs that need a signature, each by its label, its ID or a glob of IDs", "additionalProperties": object("", schema{
				"by":       schema{"$ref": "#/definitions/words", "description": "who may sign: identities, in which * stands for anything, or fingerprints of keys"},
				"before":   schema{"type": "string", "description": "a section or a step, by its ID, that starts only after it"},
				"after":    schema{"$ref": "#/definitions/words", "description": "the sign-offs whose signatures must come first"},
				"not":      schema{"$ref": "#/definitions/words", "description": "who must be another person: other sign-offs, or operator"},
				"optional": schema{"$ref": "#/definitions/switch", "description": "the record is complete without it"},
			})},
			"fields": bySlot("what fills blanks, choices and placeholders, each "+slots, schema{"$ref": "#/definitions/source"}),
		},
		"additionalProperties": false,
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(root)
	return buf.Bytes(), err
}

// pinSchema has the form of each pin's value.
func pinSchema() schema {
	s := schema{}
	for _, name := range pinNames {
		s[name] = schema{"type": []string{"string", "number"}, "minLength": 1}
	}
	s["aws_account"] = schema{"type": "string", "pattern": "^[0-9]{12}$", "description": "12 digits, in quotes"}
	s["clean_tree"] = schema{"enum": []any{true, "true", "yes", "on"}}
	return s
}

// object is a mapping with these keys and no others; one with nothing in it but
// comments is null.
func object(means string, properties schema) schema {
	s := schema{"type": []string{"object", "null"}, "properties": properties, "additionalProperties": false}
	if means != "" {
		s["description"] = means
	}
	return s
}

func required(s schema, keys ...string) schema {
	s["type"], s["required"] = "object", keys
	return s
}

func bySlot(means string, each schema) schema {
	return schema{"type": []string{"object", "null"}, "description": means, "additionalProperties": each}
}

// oneOf is a mapping for one of the infos, with the arguments that it takes.
// Conditions rather than alternatives let an editor say what is wrong with the
// one that is meant.
func oneOf(infos []Info, means string, besides schema) schema {
	names := make([]string, len(infos))
	each := make([]any, len(infos))
	for i, in := range infos {
		names[i] = in.Name
		properties := schema{"use": schema{"description": in.Summary}}
		if in.Name != "ask" {
			properties["timeout"] = schema{"$ref": "#/definitions/duration", "description": "how long a question may take"}
		}
		for arg, says := range besides {
			properties[arg] = says
		}
		for _, arg := range sortedKeys(in.Args) {
			kind := "value"
			if slices.Contains(in.Lists, arg) {
				kind = "values"
			}
			properties[arg] = schema{"$ref": "#/definitions/" + kind, "description": in.Args[arg]}
		}
		each[i] = schema{
			"if":   schema{"properties": schema{"use": schema{"const": in.Name}}},
			"then": schema{"properties": properties, "required": append([]string{}, in.Require...), "additionalProperties": false},
		}
	}
	return schema{
		"description": means, "type": "object", "required": []string{"use"},
		"properties": schema{"use": schema{"enum": names}}, "allOf": each,
	}
}
