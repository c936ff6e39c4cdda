package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// stubs are the tools that the test binary plays, by name. Each call leaves a
// directory in $LEDGER, which is atomic and cannot be lost: that is how tests
// count what really ran.
//
//	ledger WORD…   does nothing else
//	waiting        waits for SIGINT, enters each it hears, and ends once somebody
//	               opens the pipe $RELEASE; at once where a file "released" is
//	lasting WORD…  ends once somebody opens the pipe $RELEASE, which it enters;
//	               at SIGINT, which it enters too, with 130
//	terraform …    knows the outputs in the file $TERRAFORM_OUTPUTS, and shows
//	               the state in $TERRAFORM_STATE
//	aws …          answers `ssm get-parameter` with the SecureString
//	               $STUB_PARAMETER, anything else with {}
var stubs = map[string]func(args []string) int{
	"ledger":    stubLedger,
	"waiting":   stubWaiting,
	"lasting":   stubLasting,
	"terraform": stubTerraform,
	"aws":       stubAWS,
}

// entered writes a call into the ledger.
func entered(name string, args []string) bool {
	call := strings.Join(append([]string{name}, args...), " ")
	call = strings.NewReplacer("/", "∕", "\n", "␤").Replace(call)
	if len(call) > 180 {
		call = strings.ToValidUTF8(call[:180], "")
	}
	path := filepath.Join(os.Getenv("LEDGER"), fmt.Sprintf("%d.%s", time.Now().UnixNano(), call))
	if err := os.Mkdir(path, 0o700); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return false
	}
	return true
}

// ledgerCalls returns the calls, in order, without their times.
func ledgerCalls(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	var calls []string
	for _, e := range entries {
		_, call, _ := strings.Cut(e.Name(), ".")
		calls = append(calls, call)
	}
	return calls, err
}

func stubLedger(args []string) int {
	if !entered("ledger", args) {
		return 70
	}
	return 0
}

func stubWaiting(args []string) int {
	interrupts := make(chan os.Signal, 8)
	signal.Notify(interrupts, os.Interrupt)
	if !entered("waiting", args) {
		return 70
	}
	if _, err := os.Stat("released"); err == nil {
		return 0
	}
	fmt.Println("waiting: begun")
	released := make(chan error)
	hear := func() bool {
		fmt.Println("waiting: interrupted")
		return entered("waiting", []string{"interrupted"})
	}
	<-interrupts
	if !hear() {
		return 70
	}
	go func() {
		_, err := os.ReadFile(os.Getenv("RELEASE"))
		released <- err
	}()
	for {
		select {
		case <-interrupts:
			hear()
		case err := <-released:
			if err != nil {
				fmt.Fprintln(os.Stderr, err)
			}
			return 130
		}
	}
}

func stubLasting(args []string) int {
	interrupts := make(chan os.Signal, 8)
	signal.Notify(interrupts, os.Interrupt)
	if !entered("lasting", args) {
		return 70
	}
	fmt.Println("lasting: begun")
	released := make(chan error)
	go func() {
		_, err := os.ReadFile(os.Getenv("RELEASE"))
		released <- err
	}()
	word, code := "released", 0
	select {
	case <-interrupts:
		word, code = "interrupted", 130
	case err := <-released:
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}
	fmt.Println("lasting: " + word)
	if !entered("lasting", []string{word}) {
		return 70
	}
	return code
}

func stubTerraform(args []string) int {
	if !entered("terraform", args) {
		return 70
	}
	args = slices.DeleteFunc(args, func(a string) bool { return a == "-no-color" })
	switch words := strings.Join(args, " "); {
	case words == "version -json":
		fmt.Println(`{"terraform_version": "1.11.4", "platform": "stub", "provider_selections": {}}`)
	case words == "workspace show":
		fmt.Println("default")
	case words == "workspace list":
		fmt.Println("* default")
	case words == "show -json":
		return stubShow()
	case len(args) > 0 && args[0] == "output":
		return stubOutput(args[1:])
	}
	return 0
}

func stubShow() int {
	if args := os.Getenv("TF_CLI_ARGS"); args != "" {
		fmt.Fprintln(os.Stderr, "Error: what is "+args+"?")
		return 1
	}
	src, err := os.ReadFile(os.Getenv("TERRAFORM_STATE"))
	if err != nil {
		fmt.Fprintln(os.Stderr, "Error: "+err.Error())
		return 1
	}
	fmt.Printf("%s", src)
	return 0
}

func stubOutput(args []string) int {
	src, err := os.ReadFile(os.Getenv("TERRAFORM_OUTPUTS"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if slices.Contains(args, "-json") {
		fmt.Printf("%s", src)
		return 0
	}
	var outputs map[string]struct {
		Value     any
		Sensitive bool
	}
	if err := json.Unmarshal(src, &outputs); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if len(args) > 0 { // by name, terraform shows sensitive values in clear
		fmt.Println(outputs[args[len(args)-1]].Value)
		return 0
	}
	for _, name := range sortedKeys(outputs) {
		if o := outputs[name]; o.Sensitive {
			fmt.Printf("%s = <sensitive>\n", name)
		} else {
			fmt.Printf("%s = %q\n", name, o.Value)
		}
	}
	return 0
}

func stubAWS(args []string) int {
	if !entered("aws", args) {
		return 70
	}
	if len(args) > 1 && args[0] == "ssm" && args[1] == "get-parameter" {
		fmt.Printf("{\n    \"Parameter\": {\n        \"Name\": \"/stub\",\n        \"Type\": \"SecureString\",\n        \"Value\": %q\n    }\n}\n", os.Getenv("STUB_PARAMETER"))
		return 0
	}
	fmt.Println("{}")
	return 0
}
