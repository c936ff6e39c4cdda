package world

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The guard ends the server, and what else may be in its process group, as
// soon as standard input closes: when the test cleans up, and also when the
// test process dies.
const motoGuard = `moto_server -H 127.0.0.1 -p 0 </dev/null 2>&1 & exec >/dev/null 2>&1; cat; kill -KILL $!; wait $!; kill -KILL 0`

// motoPatience bounds the wait for a server on a busy machine.
const motoPatience = time.Minute

var motoAddress = regexp.MustCompile(`http://127\.0\.0\.1:\d+`)

// startMoto starts a moto server on a port that the system chooses and returns
// its URL once it answers. It ends with the test.
func startMoto(t testing.TB) string {
	t.Helper()
	cmd := exec.Command("sh", "-c", motoGuard)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	guard, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	found := make(chan string, 1)
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		found <- readAddress(output)
		// The server blocks once nobody reads what it prints; its end ends this.
		_, _ = io.Copy(io.Discard, output)
	}()
	t.Cleanup(func() {
		_ = guard.Close()
		<-drained
		_ = cmd.Wait() // always "killed": the guard's own doing
	})
	select {
	case said := <-found:
		url := motoAddress.FindString(said)
		if url == "" {
			t.Fatalf("moto_server ended before it served:\n%s", said)
		}
		if err := answers(url); err != nil {
			t.Fatal(err)
		}
		return url
	case <-time.After(motoPatience):
		t.Fatalf("moto_server named no address within %v", motoPatience)
	}
	return ""
}

// readAddress returns what the server printed up to and with its address, or
// all of it if it ended before.
func readAddress(r io.Reader) string {
	var said strings.Builder
	in := bufio.NewReader(r)
	for {
		line, err := in.ReadString('\n')
		said.WriteString(line)
		if err != nil || motoAddress.MatchString(line) {
			return said.String()
		}
	}
}

func answers(url string) error {
	client := http.Client{Timeout: motoPatience}
	resp, err := client.Get(url + "/moto-api/data.json")
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("moto_server answers %s", resp.Status)
	}
	return nil
}
