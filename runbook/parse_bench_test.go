package runbook

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
)

func manySteps(n int) []byte {
	var w bytes.Buffer
	for i := range n {
		fmt.Fprintf(&w, "## Step %d\n\nprose\n\n```bash\necho %d\n```\n\n- [ ] done %d\n\n", i, i, i)
	}
	return w.Bytes()
}

func manyProse(size int) []byte {
	const paragraph = "The deployment is **announced** in `#ops` before it starts; see [the guide](https://example.com/guide).\n" +
		"Nobody is paged for what the dashboard (link above) already shows, unless it lasts.\n" +
		"Costs are reviewed by the owner of the account, not by the person who deploys it.\n\n"
	return bytes.Repeat([]byte(paragraph), size/len(paragraph)+1)
}

func benchParse(b *testing.B, src []byte) {
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse("bench.md", src); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseSteps(b *testing.B) {
	for _, n := range []int{100, 1_000, 10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) { benchParse(b, manySteps(n)) })
	}
}

func BenchmarkParseProse(b *testing.B) {
	src := manyProse(10 << 20)
	b.Run("runbook", func(b *testing.B) { benchParse(b, src) })
	b.Run("goldmark", func(b *testing.B) {
		p := goldmark.New(goldmark.WithExtensions(extension.Table)).Parser()
		b.SetBytes(int64(len(src)))
		b.ReportAllocs()
		for b.Loop() {
			p.Parse(text.NewReader(src))
		}
	})
}

// hostile are texts that make Markdown parsers quadratic; each must stay
// linear or be refused at once.
var hostile = []struct {
	name string
	text func(n int) string
}{
	{"nested lists on a line", func(n int) string { return strings.Repeat("- ", n/2) + "a" }},
	{"nested quotes on a line", func(n int) string { return strings.Repeat(">", n) + "a" }},
	{"dashes", func(n int) string { return strings.Repeat("- ", n/2) }},
	{"open links", func(n int) string { return strings.Repeat("[a](b", n/5) }},
	{"open brackets", func(n int) string { return strings.Repeat("[", n) }},
	{"brackets", func(n int) string { return strings.Repeat("[a]", n/3) }},
	{"boxes", func(n int) string { return strings.Repeat("[ ] a ", n/6) }},
	{"definitions", func(n int) string { return strings.Repeat("[a]: b\n", n/7) }},
	{"open definitions", func(n int) string { return strings.Repeat("[a\n", n/3) }},
	{"backticks", func(n int) string {
		var w strings.Builder
		for i := 1; w.Len() < n; i++ {
			w.WriteString(strings.Repeat("`", i%1000+1) + " ")
		}
		return w.String()
	}},
	{"open tags", func(n int) string { return strings.Repeat("<a", n/2) + ">" }},
	{"open comments", func(n int) string { return "a " + strings.Repeat("<!--", n/4) }},
	{"shortcodes", func(n int) string { return strings.Repeat("{{", n/2) }},
	{"underscores", func(n int) string { return strings.Repeat("a: ___ ", n/7) }},
	{"chains", func(n int) string { return strings.Repeat("__/", n/3) }},
	{"stars", func(n int) string { return strings.Repeat("**a ___ ", n/8) }},
	{"colons", func(n int) string { return strings.Repeat("a:___:", n/6) }},
	{"labels in a line", func(n int) string { return "- [ ] " + strings.Repeat("a ____ ", n/7) }},
	{"rows", func(n int) string { return "|a|b|\n|-|-|\n" + strings.Repeat("|[ ]|__\n", n/8) }},
	{"columns", func(n int) string {
		return strings.Repeat("|a", n/6) + "\n" + strings.Repeat("|-", n/6) + "\n" + strings.Repeat("|_", n/6)
	}},
	{"row of boxes", func(n int) string {
		return strings.Repeat("|a", n/12) + "\n" + strings.Repeat("|-", n/12) + "\n" + strings.Repeat("|[ ]|_", n/18)
	}},
	{"codes in a line", func(n int) string { return "- [ ] " + strings.Repeat("`____` a `b` ", n/13) }},
	{"boxes then spaces", func(n int) string { return "- [ ] a\n" + strings.Repeat("☐ ", n/8) + strings.Repeat(" ", n/2) + "a" }},
	{"one name", func(n int) string { return strings.Repeat("- [ ] a\n", n/8) }},
	{"one heading", func(n int) string { return strings.Repeat("## a\n", n/5) }},
	{"deep sections", func(n int) string {
		return "# " + strings.Repeat("a", n/4) + "\n## " + strings.Repeat("b", n/4) + "\n" + strings.Repeat("- [ ] a\n", n/16)
	}},
	{"list of blank lines", func(n int) string { return strings.Repeat("- ", maxDepth-5) + "a" + strings.Repeat("\n", n) }},
	{"outputs", func(n int) string { return strings.Repeat("<!-- runbook:output\n", n/20) }},
	{"scripts", func(n int) string { return "```sh\n" + strings.Repeat("# a: ____\n", n/10) + "```\n" }},
	{"forms", func(n int) string { return "```\n" + strings.Repeat("a: ____\n", n/8) + "```\n" }},
}

func BenchmarkParseHostile(b *testing.B) {
	for _, h := range hostile {
		for _, n := range []int{100_000, 400_000, 1_600_000} {
			b.Run(fmt.Sprintf("%s/%d", h.name, n), func(b *testing.B) {
				src := []byte(h.text(n))
				b.SetBytes(int64(len(src)))
				for b.Loop() {
					Parse("bench.md", src) //nolint:errcheck // refusing counts too
				}
			})
		}
	}
}
