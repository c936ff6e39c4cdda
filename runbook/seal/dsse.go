package seal

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/asn1"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strings"

	"golang.org/x/crypto/ssh"
)

// payloadType says that an envelope holds an in-toto statement.
const payloadType = "application/vnd.in-toto+json"

// An envelope is a DSSE envelope (Dead Simple Signing Envelope v1), in which
// in-toto's tools look for a statement.
type envelope struct {
	PayloadType string              `json:"payloadType"`
	Payload     []byte              `json:"payload"`
	Signatures  []envelopeSignature `json:"signatures"`
}

// An envelopeSignature is a plain signature, in the form that crypto libraries
// give it, over the envelope's pre-authentication encoding. KeyID is the key's
// SSH fingerprint: what Go's DSSE library calls a key by default.
type envelopeSignature struct {
	KeyID string `json:"keyid"`
	Sig   []byte `json:"sig"`
}

// preAuth is DSSE's pre-authentication encoding: what an envelope's signatures
// are over. It begins unlike anything else that SSH keys sign.
func preAuth(statement []byte) []byte {
	return append(fmt.Appendf(nil, "DSSEv1 %d %s %d ", len(payloadType), payloadType, len(statement)), statement...)
}

// CanEnclose returns nil if a key can make the plain signatures that envelopes
// need.
func CanEnclose(key ssh.PublicKey) error {
	if strings.HasPrefix(key.Type(), "sk-") {
		return errors.New("a security key signs its own counter and flags along, and tools that read DSSE envelopes do not know these: it makes SSH signatures alone")
	}
	_, err := plainHash(plainKey(key))
	return err
}

// plainKey is the key as crypto libraries know it; of a certificate, the one
// that it certifies.
func plainKey(key ssh.PublicKey) crypto.PublicKey {
	if cert, ok := key.(*ssh.Certificate); ok {
		key = cert.Key
	}
	if k, ok := key.(ssh.CryptoPublicKey); ok {
		return k.CryptoPublicKey()
	}
	return nil
}

// plainHash is what a key's signatures are over: SSH and DSSE agree on it.
func plainHash(key crypto.PublicKey) (crypto.Hash, error) {
	switch k := key.(type) {
	case ed25519.PublicKey:
		return 0, nil // it hashes by itself
	case *rsa.PublicKey:
		return crypto.SHA256, nil
	case *ecdsa.PublicKey:
		switch k.Curve.Params().BitSize {
		case 256:
			return crypto.SHA256, nil
		case 384:
			return crypto.SHA384, nil
		case 521:
			return crypto.SHA512, nil
		}
	}
	return 0, errors.New("no DSSE tool knows signatures of this kind of key")
}

// keyID is the name of a key in an envelope.
func keyID(key ssh.PublicKey) string {
	if cert, ok := key.(*ssh.Certificate); ok {
		key = cert.Key
	}
	return ssh.FingerprintSHA256(key)
}

// Enclose signs a statement a second time, and puts it into an envelope.
func Enclose(key Key, statement []byte) ([]byte, error) {
	if err := CanEnclose(key.Public()); err != nil {
		return nil, err
	}
	signed, err := key.Raw(preAuth(statement))
	if err != nil {
		return nil, err
	}
	sig, err := plainSignature(signed)
	if err != nil {
		return nil, err
	}
	made, err := encode(envelope{payloadType, statement, []envelopeSignature{{keyID(key.Public()), sig}}})
	if err != nil {
		return nil, err
	}
	return made, enclosed(made, statement, key.Public())
}

// plainSignature takes a signature out of the form that SSH gives it.
func plainSignature(s *ssh.Signature) ([]byte, error) {
	if !strings.HasPrefix(s.Format, "ecdsa-") {
		return s.Blob, nil
	}
	var rs struct{ R, S *big.Int }
	if err := ssh.Unmarshal(s.Blob, &rs); err != nil {
		return nil, err
	}
	return asn1.Marshal(rs)
}

// enclosed checks that an envelope holds the statement and is signed with the
// key. It takes only the form in which Enclose writes it.
func enclosed(src, statement []byte, key ssh.PublicKey) error {
	var e envelope
	dec := json.NewDecoder(bytes.NewReader(src))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&e); err != nil {
		return fmt.Errorf("its envelope cannot be read: %w", err)
	}
	again, err := encode(e)
	switch {
	case err != nil:
		return err
	case !bytes.Equal(again, src):
		return errors.New("its envelope is not written in its one form")
	case e.PayloadType != payloadType || !bytes.Equal(e.Payload, statement):
		return errors.New("its envelope holds something else")
	case len(e.Signatures) != 1 || e.Signatures[0].KeyID != keyID(key):
		return errors.New("its envelope is signed with another key")
	case !verifiesPlain(plainKey(key), preAuth(statement), e.Signatures[0].Sig):
		return errors.New("its envelope's signature is not one over it")
	}
	return nil
}

// verifiesPlain checks a signature without any of SSH's forms.
func verifiesPlain(key crypto.PublicKey, data, sig []byte) bool {
	hash, err := plainHash(key)
	if err != nil {
		return false
	}
	if hash != 0 {
		h := hash.New()
		h.Write(data)
		data = h.Sum(nil)
	}
	switch k := key.(type) {
	case ed25519.PublicKey:
		return ed25519.Verify(k, data, sig)
	case *ecdsa.PublicKey:
		return ecdsa.VerifyASN1(k, data, sig)
	case *rsa.PublicKey:
		return rsa.VerifyPKCS1v15(k, hash, data, sig) == nil
	}
	return false
}
