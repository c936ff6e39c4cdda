package runbook

import (
	"bytes"
	"strings"
	"testing"
)

func TestParseRefuses(t *testing.T) {
	for _, test := range []struct{ name, src, want string }{
		{"NUL bytes", "# A\n\n- [ ] a\x00b\n", "a.md:3: binary data: a NUL byte"},
		{"UTF-16", "\xff\xfe#\x00 \x00A\x00\n\x00", "a.md:1: binary data: a NUL byte"},
		{"CR alone", "# A\r\r- [ ] a\r", "a.md:1: lines end by CR alone; Markdown needs LF or CRLF"},
		{"too large", strings.Repeat("a\n", MaxSource/2+1), "a.md: 33554434 bytes are more than the 33554432 that a checklist may have"},
		{"quotes in quotes", "a\n\n" + strings.Repeat(">", 10_000) + "a", "a.md:3: lists and quotes are nested more than 50 deep"},
		{"lists in lists", strings.Repeat("- ", 10_000) + "a", "a.md:1: lists and quotes are nested more than 50 deep"},
		{"definitions", strings.Repeat("[a]: b\n", maxDefinitions+1), "a.md:1: more than 1000 lines of link definitions"},
		{"a list of blank lines", strings.Repeat("- ", maxDepth-5) + "a" + strings.Repeat("\n", 100_000), "more than 2097152 lines stand in lists and quotes"},
	} {
		t.Run(test.name, func(t *testing.T) {
			doc, err := Parse("a.md", []byte(test.src))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, %v; want an error with %q", doc != nil, err, test.want)
			}
		})
	}
}

func TestParseAccepts(t *testing.T) {
	for _, test := range []struct {
		name, src string
		slots     int
	}{
		{"nothing", "", 0},
		{"a byte order mark", "\ufeff", 0},
		{"a CR at the end", "- [ ] a\r", 1},
		{"no final newline", "- [ ] a", 1},
		{"not UTF-8", "- [ ] \xff\xfe\n", 1},
		{"a rule of many dashes", strings.Repeat("- ", 10_000) + "\n\n- [ ] a", 1},
		{"deep lists", strings.Repeat("- ", maxDepth-1) + "[ ] a", 1},
		{"a very long line", "- [ ] " + strings.Repeat("word ", 200_000), 1},
		{"10 MB of prose", string(manyProse(10 << 20)), 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			doc := mustParse(t, test.src)
			if len(doc.Slots) != test.slots {
				t.Errorf("%d slots, want %d", len(doc.Slots), test.slots)
			}
			checkDocument(t, doc)
		})
	}
}

// A hostile text is refused or read; both without harm to the promises.
func TestParseHostile(t *testing.T) {
	for _, h := range hostile {
		t.Run(h.name, func(t *testing.T) {
			if doc, err := Parse("a.md", []byte(h.text(20_000))); err == nil {
				checkDocument(t, doc)
			}
		})
	}
}

func TestParseKeepsSource(t *testing.T) {
	src := []byte("- [ ] a\n<!-- runbook:output x -->\n- [ ] b\n<!-- /runbook:output -->\n")
	before := bytes.Clone(src)
	doc := mustParse(t, string(src))
	if _, err := Parse("a.md", src); err != nil || !bytes.Equal(src, before) || !bytes.Equal(doc.Source, before) {
		t.Errorf("Parse changed its source (%v)", err)
	}
}

func TestStepMarkStandsAfterTheFence(t *testing.T) {
	for _, test := range []struct{ name, src, before string }{
		{"plain", "```sh\na\n```\nb\n", "```sh\na\n```\n"},
		{"CRLF", "```sh\r\na\r\n```\r\nb\r\n", "```sh\r\na\r\n```\r\n"},
		{"end of file", "```sh\na\n```", "```sh\na\n```"},
		{"quote", "> ```sh\n> a\n> ```\n> b\n", "> ```sh\n> a\n> ```\n"},
		{"list", "- x\n\n  ```sh\n  a\n  ```\n\n  b\n", "- x\n\n  ```sh\n  a\n  ```\n"},
		{"empty", "```sh\n```\n", "```sh\n```\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			doc := mustParse(t, test.src)
			if len(doc.Slots) != 1 {
				t.Fatalf("%d slots", len(doc.Slots))
			}
			mark := doc.Slots[0].Mark
			if got := string(doc.Source[:mark.Start]); mark.Len() != 0 || got != test.before {
				t.Errorf("mark %v stands after %q, want %q", mark, got, test.before)
			}
		})
	}
}

func TestSlug(t *testing.T) {
	for label, want := range map[string]string{
		"5. Apply Infrastructure":                   "5-apply-infrastructure",
		"PITR enabled on all tables (status: DONE)": "pitr-enabled-on-all-tables-status-done",
		"Étape n° 2 — ключ":                         "étape-n-2-ключ",
		"  --a__b--  ":                              "a-b",
		"!!!":                                       "",
		"":                                          "",
		strings.Repeat("ab ", 100):                  strings.TrimSuffix(strings.Repeat("ab-", 40), "-"),
	} {
		if got := slug(label); got != want {
			t.Errorf("slug(%q) = %q, want %q", label, got, want)
		}
	}
}

func TestPlain(t *testing.T) {
	for text, want := range map[string]string{
		"**Bold** and *soft*, __bold__ and _soft_":    "Bold and soft, bold and soft",
		"`code_span` and ``a ` b``":                   "code_span and a ` b",
		"[text](https://example.com) ![alt](a.png)":   "text alt",
		"[text][ref] [bare] \\[kept\\]":               "text [bare] [kept]",
		"2 * 3 * 4, snake_case, a > b":                "2 * 3 * 4, snake_case, a > b",
		"<b>tag</b> <https://a.example> <YOUR_TOKEN>": "tag https://a.example <YOUR_TOKEN>",
		"~~struck~~ ~/dir":                            "struck ~/dir",
		"two\n  lines  ":                              "two lines",
		"open [ and ` and <":                          "open [ and ` and <",
		"\xff":                                        "\uFFFD",
	} {
		if got := plain([]byte(text)); got != want {
			t.Errorf("plain(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestRepeatedIDsAreNumbered(t *testing.T) {
	ids := idSet{}
	var got []string
	for _, id := range []ID{"a", "a", "a-2", "a", "a-2"} {
		got = append(got, string(ids.unique(id)))
	}
	if want := "a a-2 a-2-2 a-3 a-2-3"; strings.Join(got, " ") != want {
		t.Errorf("got %v, want %s", got, want)
	}
}
