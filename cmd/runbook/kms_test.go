package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"golang.org/x/crypto/ssh"

	"runbook/executor/awsconfig"
	"runbook/executor/executortest/world"
	"runbook/runbook/seal"
)

// kmsEnv are the variables with which the AWS API is found at that address.
func kmsEnv(url string) []string {
	return []string{"AWS_ENDPOINT_URL=" + url, "AWS_REGION=eu-central-1", "AWS_ACCESS_KEY_ID=testing", "AWS_SECRET_ACCESS_KEY=testing-testing", "AWS_EC2_METADATA_DISABLED=true", "AWS_MAX_ATTEMPTS=1"}
}

// A key in AWS KMS signs, by its ID, ARN or alias; stock ssh-keygen and verify
// accept what it signs, and so do in-toto's tools its envelope, which verify
// has checked.
func TestAWSKMSSigns(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("skipped: -short")
	}
	world.Require(t, "moto_server", "ssh-keygen")
	url, stop, err := world.Moto()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	cfg, err := awsconfig.Load(t.Context(), kmsEnv(url))
	if err != nil {
		t.Fatal(err)
	}
	api := kms.NewFromConfig(cfg)
	for _, c := range []struct {
		spec types.KeySpec
		name func(*types.KeyMetadata) string
	}{
		{types.KeySpecEccNistP256, func(k *types.KeyMetadata) string { return *k.KeyId }},
		{types.KeySpecEccNistP384, func(k *types.KeyMetadata) string { return *k.Arn }},
		{types.KeySpecRsa2048, func(*types.KeyMetadata) string { return "alias/lead" }},
	} {
		t.Run(string(c.spec), func(t *testing.T) {
			made, err := api.CreateKey(t.Context(), &kms.CreateKeyInput{KeySpec: c.spec, KeyUsage: types.KeyUsageTypeSignVerify})
			if err != nil {
				t.Fatal(err)
			}
			if name := c.name(made.KeyMetadata); strings.HasPrefix(name, "alias/") {
				if _, err := api.CreateAlias(t.Context(), &kms.CreateAliasInput{AliasName: &name, TargetKeyId: made.KeyMetadata.KeyId}); err != nil {
					t.Fatal(err)
				}
			}
			signedByKMS(t, url, api, kmsPrefix+c.name(made.KeyMetadata), made.KeyMetadata)
		})
	}
	made, err := api.CreateKey(t.Context(), &kms.CreateKeyInput{})
	if err != nil {
		t.Fatal(err)
	}
	for name, reason := range map[string]string{
		kmsPrefix + *made.KeyMetadata.KeyId: "kms get-public-key: " + *made.KeyMetadata.KeyId,
		kmsPrefix + "alias/nobody":          "kms get-public-key: alias/nobody: NotFoundException",
		kmsPrefix:                           "it names no key",
	} {
		p := newProcess(t)
		p.env = append(p.env, kmsEnv(url)...)
		p.write(t, "list.md", "- [ ] Lead: ____ Date: ____\n")
		if code, out := p.run(t, "sign", "list.md", "--as", "Lead", "--key", name, "--yes"); code != exitUsage || !strings.Contains(out, reason) {
			t.Errorf("%s: exit code %d: %s", name, code, out)
		}
	}
}

func signedByKMS(t *testing.T, url string, api *kms.Client, name string, key *types.KeyMetadata) {
	t.Helper()
	p := newProcess(t)
	p.env = append(p.env, kmsEnv(url)...)
	public, err := api.GetPublicKey(t.Context(), &kms.GetPublicKeyInput{KeyId: key.KeyId})
	if err != nil {
		t.Fatal(err)
	}
	plain, err := x509.ParsePKIXPublicKey(public.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	sshKey, err := ssh.NewPublicKey(plain)
	if err != nil {
		t.Fatal(err)
	}
	p.write(t, "allowed", "ada@x "+string(ssh.MarshalAuthorizedKey(sshKey)))
	p.write(t, "list.md", "```bash\ntrue\n```\n\n- [ ] Lead: ____ Date: ____\n")
	for _, args := range [][]string{
		{"exec", "--yes", "--no-input", "list.md"},
		{"sign", "list.md", "--as", "Lead", "--key", name, "--name", "Ada", "--allowed-signers", "allowed", "--dsse", "--yes"},
		{"verify", "list.md", "--allowed-signers", "allowed", "--require-signature"},
	} {
		if code, out := p.run(t, args...); code != exitOK {
			t.Fatalf("%v: exit code %d: %s", args, code, out)
		}
	}
	found, err := filepath.Glob(filepath.Join(p.dir, "list.runs/*/signatures/*.json"))
	if err != nil || len(found) != 1 {
		t.Fatalf("signatures: %v, %v", found, err)
	}
	if _, err := os.Stat(found[0] + ".dsse"); err != nil {
		t.Error(err)
	}
	statement, err := os.Open(found[0])
	if err != nil {
		t.Fatal(err)
	}
	defer statement.Close()
	cmd := exec.CommandContext(t.Context(), "ssh-keygen", "-Y", "verify", "-f", "allowed", "-I", "ada@x", "-n", seal.Namespace, "-s", found[0]+".sig")
	cmd.Dir, cmd.Stdin = p.dir, statement
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), `Good "runbook@v1" signature for ada@x`) {
		t.Errorf("ssh-keygen: %v: %s", err, out)
	}
}

// What is longer than KMS takes is signed by its digest, as AWS documents it;
// moto hashes digests once more. A denied call is no signature.
func TestAWSKMSSignsLongStatementsByTheirDigest(t *testing.T) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&private.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	denied := false
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct{ Message, MessageType string }
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		answer := map[string]any{"KeyId": "k", "KeyUsage": "SIGN_VERIFY", "KeySpec": "ECC_NIST_P256", "PublicKey": der}
		if strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".Sign") {
			if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
				t.Error(err)
			}
			digest, err := base64.StdEncoding.DecodeString(in.Message)
			if err != nil || denied || in.MessageType != "DIGEST" || len(digest) != crypto.SHA256.Size() {
				w.WriteHeader(http.StatusBadRequest)
				fmt.Fprint(w, `{"__type": "AccessDeniedException", "message": "not for you"}`)
				return
			}
			sig, err := private.Sign(rand.Reader, digest, crypto.SHA256)
			if err != nil {
				t.Error(err)
			}
			answer = map[string]any{"KeyId": "k", "Signature": sig}
		}
		if err := json.NewEncoder(w).Encode(answer); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	signer, err := openKMS(t.Context(), kmsEnv(server.URL), kmsPrefix+"k")
	if err != nil {
		t.Fatal(err)
	}
	key := seal.NewKey(signer)
	statement := []byte(strings.Repeat("x", kmsWhole))
	if _, err := seal.Enclose(key, statement); err != nil {
		t.Error(err) // Enclose verifies what it has made
	}
	denied = true
	if _, err := key.Sign(statement); err == nil || !strings.Contains(err.Error(), "kms sign: k: AccessDeniedException: not for you") {
		t.Errorf("a denied call: %v", err)
	}
}
