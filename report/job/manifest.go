package job

import (
	"errors"
	"fmt"
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

// AfterApply prints the manifest, where it is asked for, and ends the command then. What
// can be said of the flags on this machine is said first; variables and files of secrets
// are the cluster's, and need not be here.
func (f *Flags) AfterApply(ctx *kong.Context) error {
	if f.PrintManifest == "" {
		for _, p := range ctx.Path {
			if p.Flag != nil && p.Flag.Name == "image" && !p.Resolved {
				return errors.New("--image: it is for --print-manifest, which is not there; add that, or leave it out")
			}
		}
		return nil
	}
	given := config.GivenFlags(ctx)
	run, err := manifest.New(ctx.Selected().Name, given, f.Image, report.Version())
	if err != nil {
		return err
	}
	if err := f.checkManifest(given); err != nil {
		return err
	}
	if err := run.Write(ctx.Stdout, f.PrintManifest); err != nil {
		return err
	}
	ctx.Exit(0)
	return nil
}

// checkManifest says what is wrong with the command that a manifest is to run.
func (f *Flags) checkManifest(given []config.GivenFlag) error {
	word, allow := "", Allow{}
	for _, g := range given {
		switch g.Name {
		case "":
			word = g.Text
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
	if err := f.Load.Check(); err != nil {
		return err
	}
	plan := f.Plan()
	plan.UntilStopped, plan.Seed = allow.End, f.Seed
	if err := plan.Validate(); err != nil && !((allow.Load || f.Replay) && unfilled(plan)) {
		return err
	}
	return f.checkBodies()
}

// checkBodies opens the bodies, as the coordinator will.
func (f *Flags) checkBodies() error {
	if len(f.Payloads.Payloads) == 0 && f.Body == "" && f.Targets == "" {
		return nil
	}
	set, err := f.Payloads.Open(strings.NewReader(""), false)
	if err != nil {
		return err
	}
	return set.Close()
}
