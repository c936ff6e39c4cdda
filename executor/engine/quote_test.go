package engine

import (
	"os/exec"
	"strings"
	"testing"
)

// awkward are values that a shell must quote with care.
var awkward = []string{
	"", "plain", "two words", "a\nb", `quote " and ' and \ `, "$HOME `id` !", "\t\r\x01\x1b[0m\x7f", "\xff\xfe", "ü€😀",
	"]=(", "#", "~", "\n", "declare -x A=\"1\"\ndeclare -x B=\"2\"", `\n`, `$'x'`,
}

func TestDeclarationsReadWhatBashPrints(t *testing.T) {
	for _, want := range awkward {
		// The second variable tells whether the first one's end was found.
		out, err := exec.Command("bash", "-c", `x=$1; export after=1; arr=("$1" "$1"); declare -p x arr after`, "bash", want).Output()
		if err != nil {
			t.Fatal(err)
		}
		all := declarations(string(out))
		if len(all) != 3 || all[0].name != "x" || all[1].name != "arr" || all[2].name != "after" || all[2].flags != "x" {
			t.Fatalf("%q: read %+v", out, all)
		}
		if got, ok := all[0].value(); !ok || got != want {
			t.Errorf("value of %s = %q, %v; want %q", all[0].text, got, ok, want)
		}
		if _, ok := all[1].value(); ok {
			t.Error("an array has no one value")
		}
	}
}

func TestQuoteIsOneWord(t *testing.T) {
	for _, want := range awkward {
		out, err := exec.Command("bash", "-c", "printf '%s|' "+quote(want)).Output()
		if err != nil || string(out) != want+"|" {
			t.Errorf("quote(%q) = %s, which bash reads as %q, %v", want, quote(want), out, err)
		}
	}
}

func FuzzDeclarations(f *testing.F) {
	for _, s := range awkward {
		f.Add("declare -- x=" + s + "\n")
	}
	f.Fuzz(func(t *testing.T, dump string) {
		for _, d := range declarations(dump) {
			if !strings.Contains(dump, d.text) {
				t.Errorf("%q is not in the dump", d.text)
			}
			d.value()
		}
	})
}

func TestMisfortunes(t *testing.T) {
	t.Run("half a report is none", func(t *testing.T) {
		got := parseMisfortunes([]byte("fail\x001\x002\x003\x00cmd\x00 2\x00\x00fail\x000\x00"))
		if len(got) != 1 || got[0].command != "cmd" || got[0].line != 3 || got[0].depth != 1 {
			t.Errorf("read %+v", got)
		}
	})
	t.Run("what a command has written there is no report", func(t *testing.T) {
		if got := parseMisfortunes([]byte("x\x00x\x00x\x00x\x00x\x00x\x00x\x00")); len(got) != 0 {
			t.Errorf("read %+v", got)
		}
	})
}

func TestFrameCutShort(t *testing.T) {
	whole := "\x00\x00Bexit\x00=3\x00=e\x00=\x00=\x00=/tmp\n\x00\x00E"
	f, err := parseFrame([]byte("\x00\x00Bturn\x00=0\x00=e\x00=" + whole))
	if err != nil || f == nil || f.kind != frameExit || f.status != 3 || f.dir != "/tmp" || f.complete {
		t.Errorf("read %+v, %v", f, err)
	}
	if f, err := parseFrame([]byte(whole[:len(whole)-1])); f != nil || err != nil {
		t.Errorf("half a frame: %+v, %v", f, err)
	}
}
