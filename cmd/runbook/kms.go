package main

import (
	"context"
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"golang.org/x/crypto/ssh"

	"runbook/executor/awsconfig"
)

// kmsPrefix begins the name of a key that AWS KMS holds; what follows is its
// ID, its ARN, or an alias as alias/NAME.
const kmsPrefix = "awskms:///"

// kmsPatience bounds what one signature may take.
const kmsPatience = 30 * time.Second

// kmsWhole is the longest message that KMS takes as it is, in bytes; longer
// ones are sent by their digest.
const kmsWhole = 4096

// A kmsSigner is a key pair whose private half never leaves KMS. To SSH it is
// an ordinary key.
type kmsSigner struct {
	ctx    context.Context // of the command: an ssh.Signer is given none
	api    *kms.Client
	id     string
	public ssh.PublicKey
}

// openKMS finds the key, by the credentials and region of the environment; an
// ARN names its region itself.
func openKMS(ctx context.Context, env []string, name string) (*kmsSigner, error) {
	id := strings.TrimPrefix(name, kmsPrefix)
	if id == "" {
		return nil, errors.New("it names no key: " + kmsPrefix + "alias/NAME, or the key's ID or ARN")
	}
	cfg, err := awsconfig.Load(ctx, env)
	if err != nil {
		return nil, err
	}
	if a, err := arn.Parse(id); err == nil {
		cfg.Region = a.Region
	}
	k := &kmsSigner{ctx: ctx, api: kms.NewFromConfig(cfg), id: id}
	ctx, cancel := context.WithTimeout(ctx, kmsPatience)
	defer cancel()
	answer, err := k.api.GetPublicKey(ctx, &kms.GetPublicKeyInput{KeyId: &id})
	if err != nil {
		return nil, k.failed("get-public-key", err)
	}
	plain, err := x509.ParsePKIXPublicKey(answer.PublicKey)
	if err != nil {
		return nil, k.failed("get-public-key", err)
	}
	if k.public, err = ssh.NewPublicKey(plain); err != nil || answer.KeyUsage != types.KeyUsageTypeSignVerify {
		return nil, k.failed("get-public-key", fmt.Errorf("a key of type %s, for %s, makes no SSH signatures", answer.KeySpec, answer.KeyUsage))
	}
	return k, nil
}

func (k *kmsSigner) failed(call string, err error) error {
	return fmt.Errorf("kms %s: %s: %s", call, k.id, awsconfig.Cause(err))
}

// PublicKey implements ssh.Signer.
func (k *kmsSigner) PublicKey() ssh.PublicKey { return k.public }

// Sign implements ssh.Signer.
func (k *kmsSigner) Sign(rand io.Reader, data []byte) (*ssh.Signature, error) {
	return k.SignWithAlgorithm(rand, data, k.public.Type())
}

// kmsAlgorithms are KMS's names of what SSH's signatures are made with.
var kmsAlgorithms = map[string]struct {
	spec types.SigningAlgorithmSpec
	hash crypto.Hash
}{
	ssh.KeyAlgoECDSA256:  {types.SigningAlgorithmSpecEcdsaSha256, crypto.SHA256},
	ssh.KeyAlgoECDSA384:  {types.SigningAlgorithmSpecEcdsaSha384, crypto.SHA384},
	ssh.KeyAlgoECDSA521:  {types.SigningAlgorithmSpecEcdsaSha512, crypto.SHA512},
	ssh.KeyAlgoRSASHA256: {types.SigningAlgorithmSpecRsassaPkcs1V15Sha256, crypto.SHA256},
	ssh.KeyAlgoRSASHA512: {types.SigningAlgorithmSpecRsassaPkcs1V15Sha512, crypto.SHA512},
}

// SignWithAlgorithm implements ssh.AlgorithmSigner.
func (k *kmsSigner) SignWithAlgorithm(_ io.Reader, data []byte, algorithm string) (*ssh.Signature, error) {
	how, ok := kmsAlgorithms[algorithm]
	if !ok {
		return nil, fmt.Errorf("kms sign: %s: there is no signing with %s", k.id, algorithm)
	}
	input := &kms.SignInput{KeyId: &k.id, Message: data, MessageType: types.MessageTypeRaw, SigningAlgorithm: how.spec}
	if len(data) > kmsWhole {
		h := how.hash.New()
		h.Write(data)
		input.Message, input.MessageType = h.Sum(nil), types.MessageTypeDigest
	}
	ctx, cancel := context.WithTimeout(k.ctx, kmsPatience)
	defer cancel()
	answer, err := k.api.Sign(ctx, input)
	if err != nil {
		return nil, k.failed("sign", err)
	}
	blob := answer.Signature
	if strings.HasPrefix(algorithm, "ecdsa-") {
		var rs struct{ R, S *big.Int }
		if _, err := asn1.Unmarshal(blob, &rs); err != nil {
			return nil, k.failed("sign", err)
		}
		blob = ssh.Marshal(rs)
	}
	return &ssh.Signature{Format: algorithm, Blob: blob}, nil
}
