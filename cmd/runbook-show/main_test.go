package main

import (
	"strings"
	"testing"
)

// A document must not drive the terminal of whoever reads it, not even by
// references to characters.
func TestADocumentCannotDriveTheTerminal(t *testing.T) {
	const doc = "# T \x1b]0;x\a\n\ntext &#27;[2J &#x1b;]52;c;aGk=&#7; &#155;2J\x1b[2J &#x202e;abc\u202e é\n\n```bash\necho \x1b[31m\x00\r\n```\n"
	for name, render := range map[string]func([]byte) ([]byte, error){"terminal": terminal, "page": page} {
		out, err := render(tame([]byte(doc)))
		if err != nil {
			t.Fatal(err)
		}
		for _, bad := range []string{"\x1b", "\a", "\x00", "\u009b", "\u202e", "\r"} {
			if strings.Contains(string(out), bad) {
				t.Errorf("%s: %q is left in %q", name, bad, out)
			}
		}
		if !strings.Contains(string(out), "␛") || !strings.Contains(string(out), "é") {
			t.Errorf("%s: %q", name, out)
		}
	}
}
