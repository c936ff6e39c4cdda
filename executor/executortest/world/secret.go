package world

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Holding lists the places under Base that hold a secret in one of its Forms:
// files by path, relative to Base; file names; and "git objects", unpacked.
// Terraform's own state and saved plans are not places: they hold its secrets
// in clear, by its nature.
func (w *World) Holding(secret string) []string {
	w.t.Helper()
	forms := Forms(secret)
	var places []string
	for path, data := range w.Files() {
		if holds([]byte(path), forms) {
			places = append(places, "the name "+path)
		}
		if !terraformOwn(path) && holds(data, forms) {
			places = append(places, path)
		}
	}
	if holds(w.GitObjects(), forms) {
		places = append(places, "git objects")
	}
	return places
}

// Files returns the content of every regular file under Base, by path relative
// to it: the repository with its .git, the home and the temporary directory. A
// symbolic link has its target's name as content.
func (w *World) Files() map[string][]byte {
	w.t.Helper()
	files := map[string][]byte{}
	err := filepath.WalkDir(w.Base, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(w.Base, path)
		if err != nil {
			return err
		}
		switch {
		case d.Type().IsRegular():
			files[rel], err = os.ReadFile(path)
		case d.Type()&fs.ModeSymlink != 0:
			var target string
			target, err = os.Readlink(path)
			files[rel] = []byte(target)
		}
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return files
}

// GitObjects returns every object of the repository, reachable or not, with
// the content unpacked.
func (w *World) GitObjects() []byte {
	w.t.Helper()
	return []byte(w.Git("cat-file", "--batch-all-objects", "--batch"))
}

// Forms lists the ways in which a secret may be written that a search must
// know: as it is, in either case, without its dashes, in hex, and the part of
// its base64 that stays the same at each of the three alignments.
func Forms(secret string) []string {
	bare := strings.ReplaceAll(secret, "-", "")
	inHex := hex.EncodeToString([]byte(secret))
	forms := []string{secret, strings.ToLower(secret), strings.ToUpper(secret), bare, inHex, strings.ToUpper(inHex)}
	for shift := range 3 {
		padded := append(make([]byte, shift), secret...)
		encoded := base64.RawStdEncoding.EncodeToString(padded)
		// The characters at the ends mix in bits of the neighbours.
		stable := encoded[(shift*8+5)/6 : len(padded)*8/6]
		forms = append(forms, stable, strings.NewReplacer("+", "-", "/", "_").Replace(stable))
	}
	return forms
}

func holds(data []byte, forms []string) bool {
	for _, form := range forms {
		if bytes.Contains(data, []byte(form)) {
			return true
		}
	}
	return false
}

func terraformOwn(path string) bool {
	name := filepath.Base(path)
	return strings.HasSuffix(name, ".tfplan") || strings.Contains(name, ".tfstate")
}
