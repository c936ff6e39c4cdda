package runbook

// Parse finds the slots of a Markdown document; name is for messages. It
// refuses what no slot could be placed in safely: binary data, and files
// beyond the stated bounds.
func Parse(name string, src []byte) (*Document, error) { panic("to be written") }
