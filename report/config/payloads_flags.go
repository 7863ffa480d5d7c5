package config

import (
	"io"

	"brunt/payloads"
	"brunt/payloads/stat"
)

// Check are the flags of payloads check.
type Check struct {
	Files         []string        `arg:"" name:"file" predictor:"file" help:"Files of bodies, as for attack --payloads."`
	PayloadFormat payloads.Format `group:"Payloads" default:"auto" enum:"auto,body,request,inference" help:"auto, body, request or inference, as for attack."`
	Limit         int             `group:"Output" default:"100" help:"List this many problems at the most (${default})."`
}

// Help gives two examples.
func (*Check) Help() string {
	return `Examples:
  brunt payloads check bodies.jsonl
  brunt payloads check --payload-format request traffic.jsonl.zst`
}

// Write lists the problems, one per line; in is what - stands for.
func (c *Check) Write(in io.Reader, out io.Writer) error {
	specs, err := payloads.ParseSpecs(c.Files)
	if err != nil {
		return err
	}
	files, problems, more, err := payloads.Check(specs, payloads.Options{Format: c.PayloadFormat, Stdin: in}, c.Limit)
	if err != nil {
		return err
	}
	return payloads.WriteCheck(out, files, problems, more)
}

// Stat are the flags of payloads stat.
type Stat struct {
	Files         []string        `arg:"" name:"file" predictor:"file" help:"Files of bodies, as for attack --payloads."`
	PayloadFormat payloads.Format `group:"Payloads" default:"auto" enum:"auto,body,request,inference" help:"auto, body, request or inference, as for attack."`
	Output        string          `group:"Output" short:"o" default:"text" enum:"text,json" help:"text or json."`
}

// Help gives two examples.
func (*Stat) Help() string {
	return `Examples:
  brunt payloads stat bodies.jsonl
  brunt payloads stat -o json *.jsonl | jq '.files[].body_bytes.p99'`
}

// Describe describes the files; in is what - stands for.
func (s *Stat) Describe(in io.Reader) ([]stat.File, error) {
	specs, err := payloads.ParseSpecs(s.Files)
	if err != nil {
		return nil, err
	}
	return stat.Describe(specs, payloads.Options{Format: s.PayloadFormat, Stdin: in})
}
