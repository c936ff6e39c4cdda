// Command runbook-show renders a checklist or a record for reading: in the
// terminal, or with --html as a page. It is what `runbook show` calls. It is a
// program of its own because its libraries take longer to initialise than all
// of runbook, which hands it the text on standard input, as "-", without the
// secrets that it knows.
package main

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"os"
	"regexp"
	"strconv"

	"github.com/charmbracelet/glamour"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"golang.org/x/term"

	"runbook/runbook"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "runbook-show:", err)
		os.Exit(2)
	}
}

func run(args []string) error {
	asHTML := len(args) == 2 && args[0] == "--html"
	if len(args) != 1 && !asHTML {
		return fmt.Errorf("usage: runbook-show [--html] FILE, or - for standard input")
	}
	src, err := read(args[len(args)-1])
	if err != nil {
		return err
	}
	render := terminal
	if asHTML {
		render = page
	}
	out, err := render(tame(src))
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(out)
	return err
}

func read(name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(os.Stdin)
	}
	return os.ReadFile(name)
}

// numeric are the references to characters by their number: a renderer makes
// the characters of them.
var numeric = regexp.MustCompile("&#([0-9]{1,7}|[xX][0-9a-fA-F]{1,6});")

// tame makes visible what in a document could drive the terminal or hide there.
func tame(src []byte) []byte {
	return numeric.ReplaceAllFunc([]byte(runbook.Visible(string(src))), func(ref []byte) []byte {
		digits, base := string(ref[2:len(ref)-1]), 10
		if digits[0]|0x20 == 'x' {
			digits, base = digits[1:], 16
		}
		n, err := strconv.ParseInt(digits, base, 32)
		if err != nil {
			return nil
		}
		char := string(rune(n))
		if shown := runbook.Visible(char); shown != char {
			return []byte(html.EscapeString(shown))
		}
		return ref
	})
}

// terminal renders for the screen, with colours only where one is there. The
// style is fixed: asking the terminal for its background would block for
// seconds on one that does not answer.
func terminal(src []byte) ([]byte, error) {
	style, width := "notty", 100
	if fd := int(os.Stdout.Fd()); term.IsTerminal(fd) && os.Getenv("NO_COLOR") == "" {
		style = "dark"
		if w, _, err := term.GetSize(fd); err == nil && w > 20 {
			width = min(w, 120)
		}
	}
	r, err := glamour.NewTermRenderer(glamour.WithStandardStyle(style), glamour.WithWordWrap(width), glamour.WithPreservedNewLines())
	if err != nil {
		return nil, err
	}
	return r.RenderBytes(src)
}

// page renders HTML. Raw HTML of the document is left out: a record's text may
// come from anywhere.
func page(src []byte) ([]byte, error) {
	var out bytes.Buffer
	out.WriteString("<!doctype html>\n<meta charset=\"utf-8\">\n")
	err := goldmark.New(goldmark.WithExtensions(extension.GFM)).Convert(src, &out)
	return out.Bytes(), err
}
