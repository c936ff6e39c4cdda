package seal

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// A Key signs statements.
type Key interface {
	Public() ssh.PublicKey
	// Sign returns the armored signature over a statement.
	Sign(statement []byte) ([]byte, error)
	// Raw signs data as they are, for DSSE. Not every key can.
	Raw(data []byte) (*ssh.Signature, error)
	Close() error
}

// KeyOptions say where keys are looked for.
type KeyOptions struct {
	Path  string // of a private key, or of a public one whose private half the agent holds; empty: the agent's only key
	Agent string // the socket's path; empty: there is no agent
	// Passphrase asks for the passphrase of an encrypted key.
	Passphrase func(path string) ([]byte, error)
	// Keygen is the program that signs with keys that only it can use, as those
	// on hardware; empty: ssh-keygen.
	Keygen string
}

// OpenKey finds the key to sign with.
func OpenKey(o KeyOptions) (Key, error) {
	if o.Path == "" {
		return o.agentKey(nil)
	}
	src, err := os.ReadFile(o.Path)
	if err != nil {
		return nil, err
	}
	if public, _, _, _, err := ssh.ParseAuthorizedKey(src); err == nil {
		return o.agentKey(public)
	}
	return o.fileKey(src)
}

// A signerKey is one that this process can sign with.
type signerKey struct {
	ssh.Signer
	close func() error
}

// NewKey makes a key of what signs elsewhere, as in a service; RSA needs an
// ssh.AlgorithmSigner.
func NewKey(s ssh.Signer) Key { return &signerKey{s, func() error { return nil }} }

func (k *signerKey) Public() ssh.PublicKey                 { return k.PublicKey() }
func (k *signerKey) Sign(statement []byte) ([]byte, error) { return armored(k.Signer, statement) }
func (k *signerKey) Close() error                          { return k.close() }

func (k *signerKey) Raw(data []byte) (*ssh.Signature, error) {
	if a, ok := k.Signer.(ssh.AlgorithmSigner); ok && k.PublicKey().Type() == ssh.KeyAlgoRSA {
		return a.SignWithAlgorithm(rand.Reader, data, ssh.KeyAlgoRSASHA256)
	}
	return k.Signer.Sign(rand.Reader, data)
}

func (o *KeyOptions) fileKey(src []byte) (Key, error) {
	signer, err := ssh.ParsePrivateKey(src)
	var locked *ssh.PassphraseMissingError
	if errors.As(err, &locked) {
		if o.Passphrase == nil {
			return nil, fmt.Errorf("%s is encrypted, and there is no terminal to ask for its passphrase", o.Path)
		}
		pass, perr := o.Passphrase(o.Path)
		if perr != nil {
			return nil, perr
		}
		signer, err = ssh.ParsePrivateKeyWithPassphrase(src, pass)
		clear(pass)
	}
	if err != nil {
		// What this process cannot use, as a key whose private half lies on
		// hardware, ssh-keygen may.
		if public, perr := readPublic(o.Path + ".pub"); perr == nil && strings.HasPrefix(public.Type(), "sk-") {
			return &stockKey{path: o.Path, public: public, program: o.Keygen}, nil
		}
		return nil, fmt.Errorf("%s: %w", o.Path, err)
	}
	return NewKey(signer), nil
}

func readPublic(path string) (ssh.PublicKey, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	key, _, _, _, err := ssh.ParseAuthorizedKey(src)
	return key, err
}

// agentKey finds a key in the agent: the one whose public half is given, else
// its only one.
func (o *KeyOptions) agentKey(public ssh.PublicKey) (Key, error) {
	if o.Agent == "" {
		return nil, errors.New("no private key is given, and no ssh-agent is there (SSH_AUTH_SOCK)")
	}
	conn, err := net.Dial("unix", o.Agent)
	if err != nil {
		return nil, fmt.Errorf("the ssh-agent: %w", err)
	}
	signers, err := agent.NewClient(conn).Signers()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("the ssh-agent: %w", err), conn.Close())
	}
	var found []ssh.Signer
	for _, s := range signers {
		if public == nil || bytes.Equal(s.PublicKey().Marshal(), public.Marshal()) {
			found = append(found, s)
		}
	}
	switch {
	case len(found) == 1:
		return &signerKey{found[0], conn.Close}, nil
	case public != nil:
		err = fmt.Errorf("the ssh-agent does not hold the key %s", ssh.FingerprintSHA256(public))
	default:
		err = fmt.Errorf("the ssh-agent holds %d keys: say which, by --key and the path of its .pub file", len(found))
	}
	return nil, errors.Join(err, conn.Close())
}

// A stockKey is used by ssh-keygen, which talks to the hardware, and to the
// person who must touch it.
type stockKey struct {
	path    string
	public  ssh.PublicKey
	program string
}

func (k *stockKey) Public() ssh.PublicKey { return k.public }
func (k *stockKey) Close() error          { return nil }

func (k *stockKey) Raw([]byte) (*ssh.Signature, error) {
	return nil, errors.New("this key makes SSH signatures alone")
}

func (k *stockKey) Sign(statement []byte) ([]byte, error) {
	program := k.program
	if program == "" {
		program = "ssh-keygen"
	}
	cmd := exec.Command(program, "-Y", "sign", "-n", Namespace, "-f", k.path)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(statement), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", program, err)
	}
	return out, nil
}
