package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/user"
	"strings"

	"runbook/runbook"
	"runbook/runbook/seal"
)

// key opens the key to sign with.
func (g *signing) key(ctx context.Context) (seal.Key, error) {
	options := seal.KeyOptions{Path: g.o.key, Agent: g.env.get("SSH_AUTH_SOCK"), Passphrase: passphrase}
	if g.o.key == "agent" {
		options.Path = ""
	}
	if g.o.key == "" && gitLine(ctx, g.s.place.root, "config", "--get", "gpg.format") == "ssh" {
		options.Path = gitLine(ctx, g.s.place.root, "config", "--path", "--get", "user.signingKey")
	}
	if strings.HasPrefix(options.Path, kmsPrefix) {
		signer, err := openKMS(ctx, g.env.vars, options.Path)
		if err != nil {
			return nil, err
		}
		return seal.NewKey(signer), nil
	}
	return seal.OpenKey(options)
}

// passphrase asks at the terminal, without echo.
func passphrase(path string) ([]byte, error) {
	tty, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("%s is encrypted, and there is no terminal to ask for its passphrase", path)
	}
	defer tty.Close()
	pass, err := readHidden(tty, tty, fmt.Sprintf("Passphrase of %s: ", runbook.Visible(path)))
	return []byte(pass), err
}

// who is the signer's name, and the identity that the key stands for.
func (g *signing) who(ctx context.Context, key seal.Key) (name, identity string) {
	name = cmp.Or(g.o.name, gitLine(ctx, g.s.place.root, "config", "user.name"))
	if u, err := user.Current(); err == nil {
		name = cmp.Or(name, u.Name, u.Username)
	}
	identity = g.o.identity
	if identity == "" && g.allowed != nil {
		identity, _ = g.allowed.Identity(key.Public())
	}
	return name, cmp.Or(identity, gitLine(ctx, g.s.place.root, "config", "user.email"), name)
}
