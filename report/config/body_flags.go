package config

import (
	"errors"
	"fmt"
	"strings"

	"brunt/attack"
	"brunt/payloads"
	"brunt/payloads/compose"
	"brunt/payloads/setting"
)

// Bodies are the flags that say how bodies are sent, and those of any kind.
type Bodies struct {
	Targets  string `predictor:"file" placeholder:"FILE" help:"Send the requests of FILE, a list of targets in vegeta's http or JSON format; without TARGET the first one's host is it. With --body, that is the body of those that have none."`
	Body     string `predictor:"file" placeholder:"FILE" help:"Send FILE as it is, with the type that its name says; - is standard input."`
	Compress Coding `placeholder:"gzip|zstd" help:"Compress all bodies, once and before the run; -H 'Content-Encoding: gzip' does so too."`
	Chunked  bool   `help:"Send bodies without a Content-Length: as one chunk over HTTP/1.1."`

	coding compose.Coding // of all bodies
}

// Coding is a flag that holds how bodies are compressed.
type Coding compose.Coding

// UnmarshalText reads gzip, zstd or deflate.
func (c *Coding) UnmarshalText(text []byte) error {
	switch *c = Coding(text); compose.Coding(*c) {
	case compose.Gzip, compose.Zstd, compose.Deflate:
		return nil
	}
	return fmt.Errorf("%q is none of gzip, zstd, deflate", text)
}

// Prepare has requests sent as the flags say, and bodies compressed where a header
// promises it. It comes before Open.
func (b *Bodies) Prepare(r *attack.Request) error {
	r.Chunked = b.Chunked
	b.coding = compose.Coding(b.Compress)
	r.Coding = b.coding
	for _, h := range r.Headers {
		if !strings.EqualFold(h.Name, "Content-Encoding") {
			continue
		}
		promised := compose.ParseCoding(h.Value)
		if b.Compress != "" && promised != b.coding {
			return setting.Errorf("%v %s and the header Content-Encoding say different things; leave one of the two out",
				setting.Compress, string(b.Compress))
		}
		b.coding, r.Coding = promised, ""
	}
	return nil
}

// openOne opens the list of targets, or the one file that is sent as it is.
func (p *Payloads) openOne(o payloads.Options) (*payloads.Set, error) {
	flag := setting.Body
	if p.Targets != "" {
		flag = setting.Targets
	}
	if len(p.Payloads) > 0 {
		return nil, setting.Errorf("%v and %v: both say what is sent; leave one out", flag, setting.Payloads)
	}
	if p.Targets == "" {
		return payloads.OpenWhole(p.Body, o)
	}
	if p.Body == "-" {
		return nil, setting.Errorf("%v - with %v: give the body's file by its name", setting.Body, setting.Targets)
	}
	o.Format, o.Body = payloads.TargetsFormat, p.Body
	return payloads.Open([]payloads.Spec{{Path: p.Targets, Weight: 1}}, o)
}

// ErrNoTarget is a command line that names no endpoint.
var ErrNoTarget = errors.New("TARGET is missing: write brunt attack TARGET [flags]")

// Host is what TARGET is where none is given: the host of the list's first target.
func (p *Payloads) Host(set *payloads.Set) (word string, err error) {
	if word = set.Variants()[set.At(0).Variant].Origin; word == "" {
		return "", fmt.Errorf("%s: no host in its URL; give TARGET, or a whole URL", set.Where(0))
	}
	return word, nil
}
