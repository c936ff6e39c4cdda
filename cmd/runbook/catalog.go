package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"runbook/runbook"
)

func newCatalog(env *environment) *cobra.Command {
	var asJSON, asSchema bool
	cmd := &cobra.Command{
		Use:   "catalog",
		Short: "The registered engines, sources and checks",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			catalog := builtin(nil).Catalog()
			switch {
			case asSchema:
				return writeSchema(env, catalog)
			case asJSON:
				return env.json(catalog)
			}
			return writeCatalog(env, catalog)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.Flags().BoolVar(&asSchema, "schema", false, "print the JSON Schema of a sidecar, for editors")
	return cmd
}

func writeSchema(env *environment, c runbook.Catalog) error {
	b, err := runbook.SidecarSchema(c)
	if err != nil {
		return err
	}
	if _, err := env.stdout.Write(b); err != nil {
		return fmt.Errorf("writing the schema: %w", err)
	}
	return nil
}

func writeCatalog(env *environment, c runbook.Catalog) error {
	w := &lines{w: env.stdout}
	for _, part := range []struct {
		title string
		infos []runbook.Info
	}{{"Engines", c.Engines}, {"Sources", c.Sources}, {"Checks", c.Checks}} {
		w.printf("%s\n", part.title)
		for _, in := range part.infos {
			w.printf("  %-10s %s\n", in.Name, in.Summary)
			for _, a := range sortedKeys(in.Args) {
				need := ""
				if slices.Contains(in.Require, a) {
					need = " (required)"
				}
				w.printf("      %s%s: %s\n", a, need, in.Args[a])
			}
			if text := bounded(in); text != "" {
				w.printf("      (%s)\n", text)
			}
		}
	}
	if w.err != nil {
		return fmt.Errorf("writing the catalog: %w", w.err)
	}
	return nil
}

// bounded tells what bounds a question, where that is not the default.
func bounded(in runbook.Info) string {
	var parts []string
	if in.Limit > 0 {
		parts = append(parts, "it has "+limitText(in.Limit))
	}
	if in.Retry {
		parts = append(parts, fmt.Sprintf("it is asked up to %d times", runbook.Attempts))
	}
	return strings.Join(parts, "; ")
}

func newVersion(env *environment) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "The program's version and how it was built",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			w := &lines{w: env.stdout}
			w.printf("runbook %s\n", buildVersion())
			info, ok := debug.ReadBuildInfo()
			if ok {
				for _, s := range info.Settings {
					switch s.Key {
					case "vcs.revision", "vcs.time", "vcs.modified":
						w.printf("%s %s\n", s.Key, s.Value)
					}
				}
			}
			w.printf("%s %s/%s\n", runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return w.err
		},
	}
}

// buildVersion is the module's version, or the commit it was built from.
func buildVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return "devel-" + s.Value[:12]
		}
	}
	return "devel"
}
