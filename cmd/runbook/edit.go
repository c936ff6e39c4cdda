package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
)

// editText lets the operator change a step's text in their editor.
func editText(editor, text string, in, out *os.File) (string, error) {
	f, err := os.CreateTemp("", "runbook-step-*.sh")
	if err != nil {
		return "", err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Close()); err != nil {
		return "", err
	}
	cmd := exec.Command("sh", "-c", editor+` "$1"`, "sh", f.Name())
	cmd.Stdin, cmd.Stdout, cmd.Stderr = in, out, out
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s: %w", editor, err)
	}
	b, err := os.ReadFile(f.Name())
	return string(b), err
}
