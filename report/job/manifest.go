package job

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/alecthomas/kong"

	"brunt/attack/endpoint"
	"brunt/report"
	"brunt/report/config"
	"brunt/report/manifest"
	"brunt/report/rules"
)

// ManifestFlags have a command printed as what runs it on a cluster, instead of run.
type ManifestFlags struct {
	PrintManifest manifest.Kind `env:"-" placeholder:"KIND" help:"Print what runs this command with --workers on a cluster, and send nothing: kubernetes or compose."`
	Image         string        `placeholder:"NAME:TAG" help:"Image of brunt in --print-manifest (brunt:VERSION)."`
}

// AfterApply prints the manifest, where it is asked for, and ends the command then.
func (f *Flags) AfterApply(ctx *kong.Context) error {
	return f.ManifestFlags.Print(ctx, f, f.checkManifest)
}

// Print prints the manifest of a command with these flags, where it is asked for, and ends
// the command then. What can be said of the flags on this machine is said first, by check,
// too; variables and files of secrets are the cluster's, and need not be here.
func (m *ManifestFlags) Print(ctx *kong.Context, flags *Flags, check func(given []config.GivenFlag) error) error {
	if m.PrintManifest == "" {
		for _, p := range ctx.Path {
			if p.Flag != nil && p.Flag.Name == "image" && !p.Resolved {
				return errors.New("--image: it is for --print-manifest, which is not there; add that, or leave it out")
			}
		}
		return nil
	}
	given, command := config.GivenFlags(ctx), ctx.Selected().Name
	if _, err := manifest.New(command, given, manifest.Tree{}, m.Image, report.Version()); err != nil {
		return err
	}
	if err := cmp.Or(flags.checkCluster(given), check(given)); err != nil {
		return err
	}
	tree, err := flags.tree()
	if err != nil {
		return err
	}
	run, err := manifest.New(command, given, tree, m.Image, report.Version())
	if err != nil {
		return err
	}
	if err := run.Write(ctx.Stdout, m.PrintManifest); err != nil {
		return err
	}
	ctx.Exit(0)
	return nil
}

// checkCluster says what is wrong with a target or with flags of workers.
func (f *Flags) checkCluster(given []config.GivenFlag) error {
	word := ""
	for _, g := range given {
		if g.Name == "" {
			word = g.Text
		}
	}
	switch {
	case word == "" && f.Targets == "":
		return config.ErrNoTarget
	case endpoint.Embedded(word):
		return errors.New("mock:// is within one process, where workers on other machines do not reach it: " +
			"run brunt mock --listen there, and give its URL")
	case word != "":
		if err := endpoint.Check(word); err != nil {
			return err
		}
	}
	return f.Cluster.CheckManifest()
}

// checkManifest says what is wrong with the load that a manifest is to send.
func (f *Flags) checkManifest(given []config.GivenFlag) error {
	allow := Allow{}
	for _, g := range given {
		switch g.Name {
		case "wait":
			allow.Load = g.Text == "true"
		case "serve":
			allow.End = g.Text != "false"
		case "slo":
			if _, err := rules.ParseAll([]string{g.Text}); err != nil {
				return fmt.Errorf("--slo: %w", err)
			}
		}
	}
	if err := f.Load.Check(); err != nil {
		return err
	}
	plan := f.Plan()
	plan.UntilStopped, plan.Seed = allow.End, f.Seed
	if err := plan.Validate(); err != nil && !((allow.Load || f.Replay) && unfilled(plan)) {
		return err
	}
	return nil
}

// tree opens the bodies, as the coordinator will, and gives the files that their lines name.
func (f *Flags) tree() (tree manifest.Tree, err error) {
	if len(f.Payloads.Payloads) == 0 && f.Body == "" && f.Targets == "" {
		return tree, nil
	}
	set, err := f.Payloads.Open(strings.NewReader(""), false)
	if err != nil {
		return tree, err
	}
	if tree.Named = set.Named(); len(tree.Named) > 0 {
		tree.Dir, err = os.Getwd()
	}
	return tree, errors.Join(err, set.Close())
}
