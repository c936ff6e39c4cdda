package seal

import (
	"bytes"
	"crypto/rsa"
	"errors"
	"fmt"

	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"
)

// Namespace keeps a signature from ever meaning something else: a key that
// signs git commits or files signs here for records alone.
const Namespace = "runbook@v1"

// minRSA is the shortest RSA key that is believed, in bits.
const minRSA = 2048

// A Signature is a signed statement as it lies in a run's signatures
// directory: the statement, and beside it its armored SSH signature.
type Signature struct {
	Name      string // of the statement's file
	Statement []byte
	Armored   []byte // nil: missing
	Envelope  []byte // the same statement for in-toto's tools; nil: there is none
}

// armored signs a statement with a key that is at hand.
func armored(signer ssh.Signer, statement []byte) ([]byte, error) {
	sig, err := sshsig.Sign(bytes.NewReader(statement), signer, sshsig.HashSHA512, Namespace)
	if err != nil {
		return nil, err
	}
	return sshsig.Armor(sig), nil
}

// signedBy checks that a signature is one over the statement, in our namespace,
// and returns the key. Whose key that is, is for Allowed. Of a security key it
// must say that a person touched it: whoever reaches the machine could have had
// it signed otherwise.
func signedBy(s *Signature) (ssh.PublicKey, error) {
	if s.Armored == nil {
		return nil, errors.New("its signature is missing")
	}
	sig, err := sshsig.Unarmor(s.Armored)
	if err != nil {
		return nil, fmt.Errorf("its signature cannot be read: %w", err)
	}
	if sig.Namespace != Namespace {
		return nil, fmt.Errorf("its signature is of the namespace %q, not %q", sig.Namespace, Namespace)
	}
	if err := strong(sig.PublicKey); err != nil {
		return nil, err
	}
	if err := sshsig.Verify(bytes.NewReader(s.Statement), sig, sig.PublicKey, sig.HashAlgorithm, Namespace); err != nil {
		return nil, fmt.Errorf("its signature is not one over it: %w", err)
	}
	if s.Envelope != nil {
		if err := enclosed(s.Envelope, s.Statement, sig.PublicKey); err != nil {
			return nil, err
		}
	}
	return sig.PublicKey, nil
}

// strong refuses keys that others can make.
func strong(key ssh.PublicKey) error {
	if cert, ok := key.(*ssh.Certificate); ok {
		key = cert.Key
	}
	if key.Type() == "ssh-dss" {
		return errors.New("DSA keys are too weak")
	}
	k, ok := key.(ssh.CryptoPublicKey)
	if !ok {
		return nil
	}
	if r, ok := k.CryptoPublicKey().(*rsa.PublicKey); ok && r.N.BitLen() < minRSA {
		return fmt.Errorf("an RSA key of %d bits is too weak", r.N.BitLen())
	}
	return nil
}
