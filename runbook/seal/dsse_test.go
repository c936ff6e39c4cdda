package seal

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"
	"github.com/secure-systems-lab/go-securesystemslib/signerverifier"
	"golang.org/x/crypto/ssh"
)

// The library with which in-toto's tools read envelopes accepts ours, by the
// public key alone and without SSH.
func TestInTotosLibraryAcceptsEnvelopes(t *testing.T) {
	for name, args := range map[string][]string{
		"ed25519": {"-t", "ed25519"}, "ecdsa 256": {"-t", "ecdsa", "-b", "256"}, "ecdsa 384": {"-t", "ecdsa", "-b", "384"},
		"ecdsa 521": {"-t", "ecdsa", "-b", "521"}, "rsa": {"-t", "rsa", "-b", "2048"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			keygen(t, dir, nil, append([]string{"-q", "-f", "key", "-N", ""}, args...)...)
			key, err := OpenKey(KeyOptions{Path: filepath.Join(dir, "key")})
			if err != nil {
				t.Fatal(err)
			}
			b, file := signFile(t, key)
			src, err := Enclose(key, file.Statement)
			if err != nil {
				t.Fatal(err)
			}
			var e dsse.Envelope
			if err := json.Unmarshal(src, &e); err != nil {
				t.Fatal(err)
			}
			payload, err := readEnvelope(t, &e, key.Public())
			if err != nil || !bytes.Equal(payload, file.Statement) || e.PayloadType != "application/vnd.in-toto+json" {
				t.Errorf("%v: %s of type %s", err, payload, e.PayloadType)
			}
			e.PayloadType = "text/plain"
			if _, err := readEnvelope(t, &e, key.Public()); err == nil {
				t.Error("another type of payload is accepted")
			}

			b.Signatures[0].Envelope = src
			want(t, Judge(b, allow(t, "ada@x "+string(ssh.MarshalAuthorizedKey(key.Public()))), now), Valid, "")
		})
	}
}

// readEnvelope has securesystemslib verify an envelope, with the key in the form
// in which in-toto's layouts have it.
func readEnvelope(t *testing.T, e *dsse.Envelope, public ssh.PublicKey) ([]byte, error) {
	t.Helper()
	plain := public.(ssh.CryptoPublicKey).CryptoPublicKey()
	der, err := x509.MarshalPKIXPublicKey(plain)
	if err != nil {
		t.Fatal(err)
	}
	key, err := signerverifier.LoadKey(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	if err != nil {
		t.Fatal(err)
	}
	key.KeyID = ssh.FingerprintSHA256(public)
	var v dsse.Verifier
	switch plain.(type) {
	case ed25519.PublicKey:
		v, err = signerverifier.NewED25519SignerVerifierFromSSLibKey(key)
	case *ecdsa.PublicKey:
		v, err = signerverifier.NewECDSASignerVerifierFromSSLibKey(key)
	default:
		v = pkcs1{plain}
	}
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := dsse.NewEnvelopeVerifier(v)
	if err != nil {
		t.Fatal(err)
	}
	_, payload, err := verifier.VerifyAndDecode(t.Context(), e)
	return payload, err
}

// pkcs1 is how sigstore's tools verify RSA; securesystemslib's own RSA verifier
// wants PSS, which SSH keys do not make.
type pkcs1 struct{ crypto.PublicKey }

func (p pkcs1) KeyID() (string, error)   { return dsse.SHA256KeyID(p.PublicKey) }
func (p pkcs1) Public() crypto.PublicKey { return p.PublicKey }

func (p pkcs1) Verify(_ context.Context, data, sig []byte) error {
	sum := sha256.Sum256(data)
	key, ok := p.PublicKey.(*rsa.PublicKey)
	if !ok {
		return errors.New("no RSA key")
	}
	return rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], sig)
}

// enclosedRun is signedRun with an envelope beside Ada's signature.
func enclosedRun(t testing.TB) *Bundle {
	t.Helper()
	b := signedRun(t)
	var err error
	b.Signatures[0].Envelope, err = Enclose(&signerKey{keyOf(t, "ada"), nil}, b.Signatures[0].Statement)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// An envelope that says something else than the signature beside it, or is
// somebody else's, makes the record invalid.
func TestEnvelopesAreVerified(t *testing.T) {
	b, allowed := enclosedRun(t), everyone(t)
	want(t, Judge(b, allowed, now), Valid, "")
	good := b.Signatures[0].Envelope
	eves, err := Enclose(&signerKey{keyOf(t, "eve"), nil}, b.Signatures[0].Statement)
	if err != nil {
		t.Fatal(err)
	}
	other, err := Enclose(&signerKey{keyOf(t, "ada"), nil}, []byte("{}"))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		envelope []byte
		reason   string
	}{
		"empty":              {[]byte{}, "its envelope cannot be read"},
		"another key":        {eves, "its envelope is signed with another key"},
		"another statement":  {other, "its envelope holds something else"},
		"another key's name": {bytes.Replace(good, []byte(`"keyid": "SHA256:`), []byte(`"keyid": "SHA257:`), 1), "its envelope is signed with another key"},
		"another form":       {append(bytes.Clone(good), '\n'), "its envelope is not written in its one form"},
		"a second signature": {bytes.Replace(good, []byte("    }\n  ]"), []byte("    },\n    {\n      \"keyid\": \"\",\n      \"sig\": \"\"\n    }\n  ]"), 1), "its envelope is signed with another key"},
	} {
		t.Run(name, func(t *testing.T) {
			b.Signatures[0].Envelope = c.envelope
			want(t, Judge(b, allowed, now), Invalid, c.reason)
		})
	}
	for i := range good {
		flipped := bytes.Clone(good)
		flipped[i] ^= 1
		b.Signatures[0].Envelope = flipped
		if j := Judge(b, allowed, now); j.Verdict != Invalid {
			t.Errorf("byte %d of %d flipped, and it is %s", i, len(good), j.Verdict)
		}
	}
	if !strings.Contains(string(good), ssh.FingerprintSHA256(keyOf(t, "ada").PublicKey())) {
		t.Error("the envelope does not name the key")
	}
}
