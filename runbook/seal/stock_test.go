package seal

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// keygen runs the real ssh-keygen in a directory.
func keygen(t *testing.T, dir string, stdin []byte, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath("ssh-keygen"); err != nil {
		t.Skip("skipped: no ssh-keygen")
	}
	cmd := exec.Command("ssh-keygen", args...)
	cmd.Dir = dir
	if stdin != nil {
		cmd.Stdin = strings.NewReader(string(stdin))
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("ssh-keygen %v: %v: %s", args, err, out)
	}
	return string(out)
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// signFile has a key sign for Ada, and returns the bundle and its signature.
func signFile(t *testing.T, key Key) (*Bundle, Signature) {
	t.Helper()
	b := bundle(t, ran()...)
	c := read(t, b)
	target := &Target{Doc: c.Doc, Document: "t.md", Chain: c}
	slot := c.Doc.Slot("sign-off/lead")
	statement, err := target.Statement(Request{Slot: slot, Name: "Ada", Identity: "ada@x", Key: key.Public(), Time: now})
	if err != nil {
		t.Fatal(err)
	}
	armored, err := key.Sign(statement)
	if err != nil {
		t.Fatal(err)
	}
	file := Signature{Name: FileName("Lead", statement), Statement: statement, Armored: armored}
	b.Signatures = []Signature{file}
	return b, file
}

// Stock ssh-keygen accepts what each kind of key signs, and so do we.
func TestStockSSHAcceptsEachSignature(t *testing.T) {
	for name, args := range map[string][]string{
		"ed25519": {"-t", "ed25519"}, "rsa": {"-t", "rsa", "-b", "2048"}, "ecdsa": {"-t", "ecdsa", "-b", "384"},
		"encrypted": {"-t", "ed25519", "-N", "a passphrase"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if !strings.Contains(strings.Join(args, " "), "-N") {
				args = append(args, "-N", "")
			}
			keygen(t, dir, nil, append([]string{"-q", "-f", "key"}, args...)...)
			path := filepath.Join(dir, "key")
			key, err := OpenKey(KeyOptions{Path: path, Passphrase: func(string) ([]byte, error) { return []byte("a passphrase"), nil }})
			if err != nil {
				t.Fatal(err)
			}
			accepted(t, dir, key)
			if name == "encrypted" {
				if _, err := OpenKey(KeyOptions{Path: path}); err == nil || !strings.Contains(err.Error(), "is encrypted") {
					t.Errorf("without a passphrase: %v", err)
				}
				if _, err := OpenKey(KeyOptions{Path: path, Passphrase: func(string) ([]byte, error) { return []byte("wrong"), nil }}); err == nil {
					t.Error("a wrong passphrase opened the key")
				}
			}
		})
	}
}

// accepted has the key sign, and ssh-keygen and Judge verify.
func accepted(t *testing.T, dir string, key Key) {
	t.Helper()
	b, file := signFile(t, key)
	allowed := []byte("ada@x " + string(ssh.MarshalAuthorizedKey(key.Public())))
	write(t, filepath.Join(dir, "allowed"), allowed)
	write(t, filepath.Join(dir, "s.sig"), file.Armored)
	out := keygen(t, dir, file.Statement, "-Y", "verify", "-f", "allowed", "-I", "ada@x", "-n", Namespace, "-s", "s.sig")
	if !strings.Contains(out, `Good "runbook@v1" signature for ada@x`) {
		t.Errorf("ssh-keygen says %s", out)
	}
	a, err := ParseAllowed("allowed", allowed)
	if err != nil {
		t.Fatal(err)
	}
	want(t, Judge(b, a, now), Valid, "")
}

// A key in ssh-agent signs when its public half is named, or when it is alone.
func TestTheAgentSigns(t *testing.T) {
	dir := t.TempDir()
	keygen(t, dir, nil, "-q", "-t", "ed25519", "-N", "", "-f", "one")
	keygen(t, dir, nil, "-q", "-t", "rsa", "-b", "2048", "-N", "", "-f", "two")
	socket := filepath.Join(dir, "agent")
	keyring := agent.NewKeyring()
	for _, name := range []string{"one", "two"} {
		src, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		raw, err := ssh.ParseRawPrivateKey(src)
		if err != nil {
			t.Fatal(err)
		}
		if err := keyring.Add(agent.AddedKey{PrivateKey: raw}); err != nil {
			t.Fatal(err)
		}
	}
	serve(t, socket, keyring)
	for _, name := range []string{"one", "two"} {
		key, err := OpenKey(KeyOptions{Path: filepath.Join(dir, name+".pub"), Agent: socket})
		if err != nil {
			t.Fatal(err)
		}
		accepted(t, dir, key)
		if err := key.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := OpenKey(KeyOptions{Agent: socket}); err == nil || !strings.Contains(err.Error(), "holds 2 keys") {
		t.Errorf("two keys, and none named: %v", err)
	}
	if _, err := OpenKey(KeyOptions{}); err == nil {
		t.Error("a key was found without an agent")
	}
}

// serve lets a keyring answer at a socket.
func serve(t *testing.T, socket string, keyring agent.Agent) {
	t.Helper()
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go agent.ServeAgent(keyring, conn) // its error is the connection's end
		}
	}()
}

// Certificates of an authority that the allowed signers name.
func TestCertificates(t *testing.T) {
	dir := t.TempDir()
	keygen(t, dir, nil, "-q", "-t", "ed25519", "-N", "", "-f", "ca")
	keygen(t, dir, nil, "-q", "-t", "ed25519", "-N", "", "-f", "key")
	keygen(t, dir, nil, "-q", "-s", "ca", "-I", "ada", "-n", "ada@x,other@x", "-V", "20260101000000Z:20270101000000Z", "key.pub")
	// ssh-keygen itself signs with the certificate.
	key := &stockKey{path: filepath.Join(dir, "key-cert.pub"), program: "ssh-keygen"}
	var err error
	if key.public, err = readPublic(key.path); err != nil {
		t.Fatal(err)
	}
	b, _ := signFile(t, key)
	ca, err := os.ReadFile(filepath.Join(dir, "ca.pub"))
	if err != nil {
		t.Fatal(err)
	}
	for line, c := range map[string]struct {
		verdict Verdict
		reason  string
	}{
		"*@x cert-authority " + string(ca):                         {Valid, ""},
		"bob@x cert-authority " + string(ca):                       {Invalid, "the key stands for bob@x, not for ada@x"},
		"*@x " + string(ca):                                        {Invalid, "is not among the allowed signers"},
		allowedLineOf(t, "*@x", "cert-authority", "another"):       {Invalid, "is not among the allowed signers"},
		`*@x cert-authority,valid-before="20260101" ` + string(ca): {Invalid, "the key was valid until"},
	} {
		a, err := ParseAllowed("allowed", []byte(line))
		if err != nil {
			t.Fatal(err)
		}
		want(t, Judge(b, a, now), c.verdict, c.reason)
	}
	a, err := ParseAllowed("allowed", []byte("*@x cert-authority "+string(ca)))
	if err != nil {
		t.Fatal(err)
	}
	if err := a.check(key.public, "carl@x", now); err == nil || !strings.Contains(err.Error(), "not one of the user carl@x") {
		t.Errorf("a principal that the certificate does not name: %v", err)
	}
	if err := a.check(key.public, "ada@x", now.AddDate(2, 0, 0)); err == nil || !strings.Contains(err.Error(), "expired") {
		t.Errorf("a certificate that has expired: %v", err)
	}
}
