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

// startMoto starts a moto server that ends with the test, and returns its URL.
func startMoto(t testing.TB) string {
	t.Helper()
	url, stop, err := Moto()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return url
}

// Moto starts a moto server on a port that the system chooses and returns its
// URL once it answers. It ends with stop, and with this process. Tests that
// can share one start it so; see Require for where it is not installed.
func Moto() (url string, stop func(), err error) {
	cmd := exec.Command("sh", "-c", motoGuard)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	guard, err := cmd.StdinPipe()
	if err != nil {
		return "", nil, err
	}
	output, err := cmd.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	found := make(chan string, 1)
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		found <- readAddress(output)
		// The server blocks once nobody reads what it prints; its end ends this.
		_, _ = io.Copy(io.Discard, output)
	}()
	stop = func() {
		_ = guard.Close()
		<-drained
		_ = cmd.Wait() // always "killed": the guard's own doing
	}
	select {
	case said := <-found:
		if url = motoAddress.FindString(said); url == "" {
			err = fmt.Errorf("moto_server ended before it served:\n%s", said)
		} else {
			err = answers(url)
		}
	case <-time.After(motoPatience):
		err = fmt.Errorf("moto_server named no address within %v", motoPatience)
	}
	if err != nil {
		stop()
		return "", nil, err
	}
	return url, stop, nil
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
