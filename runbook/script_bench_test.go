package runbook

import (
	"fmt"
	"testing"
)

func BenchmarkReadScript(b *testing.B) {
	scripts := map[string]string{
		"one line":   "echo hello\n",
		"terraform":  "terraform plan -var-file=production.tfvars -out=rollback.tfplan\n",
		"commented":  "# Verify workspace\nterraform workspace show\n# Expected output: production\n",
		"substitute": "aws sns publish --topic-arn $(terraform output -raw arn) --subject \"[ROLLBACK] done\"\n",
	}
	for name, script := range scripts {
		src := []byte("```bash\n" + script + "```\n")
		slot := stepSlots(src)[0]
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				ReadScript(src, slot)
			}
		})
	}
}

// BenchmarkReadScripts reads as many small steps as a very long document has.
func BenchmarkReadScripts(b *testing.B) {
	var src []byte
	for i := range 10_000 {
		src = fmt.Appendf(src, "```bash\necho step %d\n```\n", i)
	}
	slots := stepSlots(src)
	for b.Loop() {
		for _, s := range slots {
			ReadScript(src, s)
		}
	}
}
