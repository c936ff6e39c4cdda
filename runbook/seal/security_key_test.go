package seal

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"io"
	"math/big"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// What a security key says of how it came to sign.
const (
	userPresent  = 1 // it was touched
	userVerified = 4 // by PIN or finger
)

// The application that a security key for SSH is registered for.
const application = "ssh:"

// A securityKey is an agent that holds one key on hardware, made of software:
// it signs as PROTOCOL.u2f of OpenSSH says.
type securityKey struct {
	agent.Agent // what is not asked for in these tests
	public      ssh.PublicKey
	sign        func(data []byte) (blob []byte, err error)
	flags       byte
	counter     uint32
}

func (k *securityKey) List() ([]*agent.Key, error) {
	return []*agent.Key{{Format: k.public.Type(), Blob: k.public.Marshal(), Comment: "token"}}, nil
}

func (k *securityKey) Sign(_ ssh.PublicKey, data []byte) (*ssh.Signature, error) {
	k.counter++
	app, message := sha256.Sum256([]byte(application)), sha256.Sum256(data)
	signed := append(app[:], k.flags)
	signed = binary.BigEndian.AppendUint32(signed, k.counter)
	blob, err := k.sign(append(signed, message[:]...))
	return &ssh.Signature{Format: k.public.Type(), Blob: blob, Rest: binary.BigEndian.AppendUint32([]byte{k.flags}, k.counter)}, err
}

func newSecurityKey(t *testing.T, kind string) *securityKey {
	t.Helper()
	k := &securityKey{}
	var wire []byte
	switch kind {
	case ssh.KeyAlgoSKED25519:
		public, private, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		wire = ssh.Marshal(struct {
			Type        string
			Key         []byte
			Application string
		}{kind, public, application})
		k.sign = func(data []byte) ([]byte, error) { return ed25519.Sign(private, data), nil }
	case ssh.KeyAlgoSKECDSA256:
		private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		point, err := private.PublicKey.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		wire = ssh.Marshal(struct {
			Type, Curve string
			Point       []byte
			Application string
		}{kind, "nistp256", point, application})
		k.sign = func(data []byte) ([]byte, error) {
			sum := sha256.Sum256(data)
			r, s, err := ecdsa.Sign(rand.Reader, private, sum[:])
			return ssh.Marshal(struct{ R, S *big.Int }{r, s}), err
		}
	}
	var err error
	if k.public, err = ssh.ParsePublicKey(wire); err != nil {
		t.Fatal(err)
	}
	return k
}

// A security key signs through the agent; what it signs with nobody there counts
// for nothing, though stock ssh-keygen takes it.
func TestSecurityKeysSign(t *testing.T) {
	for _, kind := range []string{ssh.KeyAlgoSKED25519, ssh.KeyAlgoSKECDSA256} {
		t.Run(kind, func(t *testing.T) {
			dir := t.TempDir()
			token := newSecurityKey(t, kind)
			token.flags = userPresent
			socket := filepath.Join(dir, "agent")
			serve(t, socket, token)
			write(t, filepath.Join(dir, "key.pub"), ssh.MarshalAuthorizedKey(token.public))
			key, err := OpenKey(KeyOptions{Path: filepath.Join(dir, "key.pub"), Agent: socket})
			if err != nil {
				t.Fatal(err)
			}
			defer key.Close()
			accepted(t, dir, key)

			token.flags = userPresent | userVerified
			accepted(t, dir, key)

			for _, flags := range []byte{0, userVerified} {
				token.flags = flags
				b, _ := signFile(t, key)
				allowed := allow(t, "ada@x "+string(ssh.MarshalAuthorizedKey(token.public)))
				want(t, Judge(b, allowed, now), Invalid, "missing required user presence flag")
			}

			if _, err := Enclose(key, []byte("{}")); err == nil || !strings.Contains(err.Error(), "it makes SSH signatures alone") {
				t.Errorf("an envelope by a security key: %v", err)
			}
		})
	}
}

// A key whose signature lies about what it has signed is found out, whatever
// its agent says.
func TestASecurityKeyCannotLieAboutItsTouch(t *testing.T) {
	token := newSecurityKey(t, ssh.KeyAlgoSKED25519)
	key := &signerKey{lyingSigner{token}, func() error { return nil }}
	b, _ := signFile(t, key)
	want(t, Judge(b, allow(t, "ada@x "+string(ssh.MarshalAuthorizedKey(token.public))), now), Invalid, "its signature is not one over it")
}

// lyingSigner signs without a touch and then says that there was one.
type lyingSigner struct{ token *securityKey }

func (s lyingSigner) PublicKey() ssh.PublicKey { return s.token.public }

func (s lyingSigner) Sign(_ io.Reader, data []byte) (*ssh.Signature, error) {
	sig, err := s.token.Sign(s.token.public, data)
	if err == nil {
		sig.Rest[0] |= userPresent
	}
	return sig, err
}
