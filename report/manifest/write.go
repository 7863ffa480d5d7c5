package manifest

import (
	"bytes"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"
	"unicode/utf8"

	"brunt/payloads/regex"
)

// Kind is what a manifest is for.
type Kind string

// The kinds of manifests.
const (
	Kubernetes Kind = "kubernetes"
	Compose    Kind = "compose"
)

// UnmarshalText reads the name of a kind.
func (k *Kind) UnmarshalText(text []byte) error {
	switch *k = Kind(text); *k {
	case Kubernetes, Compose:
		return nil
	}
	return fmt.Errorf("%q is neither kubernetes nor compose", text)
}

var (
	//go:embed kubernetes.yaml.tmpl
	kubernetes string
	//go:embed compose.yaml.tmpl
	compose string
)

// mostInMap is how much of bodies a ConfigMap takes: Kubernetes allows 1 MiB for all of
// it, and what is no text takes a third more.
const mostInMap = 700 << 10

// Write writes the manifest. Files of bodies must be there; those that are small are
// within what is written for Kubernetes.
func (r *Run) Write(out io.Writer, kind Kind) error {
	text, funcs := kubernetes, kubernetesWords
	if kind == Compose {
		text, funcs = compose, composeWords
	}
	if err := r.readPayloads(kind == Kubernetes); err != nil {
		return err
	}
	page, err := template.New(string(kind)).Funcs(common).Funcs(funcs).Parse(text)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := page.Execute(&b, r); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s\n", bytes.TrimSpace(b.Bytes()))
	return err
}

// readPayloads sizes the files of bodies and, unless they are too large for it, reads
// what a ConfigMap is to have.
func (r *Run) readPayloads(contents bool) error {
	for i := range r.Payloads {
		info, err := os.Stat(r.Payloads[i].Path)
		if err != nil {
			return err
		}
		if !info.Mode().IsRegular() {
			return fmt.Errorf("%s: it is no file that a cluster can be given; name one", r.Payloads[i].Path)
		}
		r.Payloads[i].Size = info.Size()
	}
	for i := range r.Payloads {
		if !contents || r.Large() {
			return nil
		}
		var err error
		if r.Payloads[i].content, err = os.ReadFile(r.Payloads[i].Path); err != nil {
			return err
		}
	}
	return nil
}

// Large reports whether the files of bodies are too large for a ConfigMap.
func (r *Run) Large() bool { return r.total() > mostInMap }

func (r *Run) total() (n int64) {
	for _, f := range r.Payloads {
		n += f.Size
	}
	return n
}

// TLS reports whether the coordinator's server has a certificate.
func (r *Run) TLS() bool {
	return slices.ContainsFunc(r.Worker, func(w Word) bool { return strings.HasPrefix(w.Text, "tls://") })
}

// Storage is what a volume for the files of bodies must hold, with room to spare.
func (r *Run) Storage() string { return fmt.Sprintf("%dGi", 1+r.total()*5/4>>30) }

// Retries is how often workers that end in an error are started again, all together.
func (r *Run) Retries() int { return max(20, 6*r.Workers) }

// SecretVariables are those whose values are in the user's Secret.
func (r *Run) SecretVariables() (list []Variable) {
	for _, v := range r.Variables {
		if v.Secret {
			list = append(list, v)
		}
	}
	return list
}

// isText reports whether a ConfigMap has a file as it is: as UTF-8 that YAML can hold.
func (f *File) isText() bool {
	return utf8.Valid(f.content) && !bytes.ContainsFunc(f.content, unprintable)
}

// Texts are the files of bodies that are text, by their names.
func (r *Run) Texts() map[string]string {
	texts := map[string]string{}
	for _, f := range r.Payloads {
		if f.isText() {
			texts[f.Name] = string(f.content)
		}
	}
	return texts
}

// Binaries are the others, in base64.
func (r *Run) Binaries() map[string]string {
	texts := map[string]string{}
	for _, f := range r.Payloads {
		if !f.isText() {
			texts[f.Name] = base64.StdEncoding.EncodeToString(f.content)
		}
	}
	return texts
}

// simple are texts of whole lines, none of which is empty or begins with a blank: they
// can stand in a manifest as they are.
var simple = regex.Lazy(`^(?:[^ \t\n][^\n]*\n)+$`)

var odd = regex.Lazy(`[^A-Za-z0-9._-]+`)

// common is what both templates write with.
var common = template.FuncMap{
	"quote": quote,
	// comment is a text that ends no comment.
	"comment": oneLine,
	// label is a text as the value of a label.
	"label": func(text string) string {
		text = odd().ReplaceAllString(text, "-")
		return strings.Trim(text[:min(len(text), 63)], "-._")
	},
	// mapping is texts by their names, each indented by so much.
	"mapping": func(texts map[string]string, indent int) (string, error) {
		var lines []string
		margin := strings.Repeat(" ", indent)
		for _, name := range slices.Sorted(maps.Keys(texts)) {
			if simple().MatchString(texts[name]) {
				lines = append(lines, fmt.Sprintf("%s%q: |", margin, name))
				for line := range strings.SplitSeq(strings.TrimSuffix(texts[name], "\n"), "\n") {
					lines = append(lines, margin+"  "+line)
				}
				continue
			}
			quoted, err := quote(texts[name])
			if err != nil {
				return "", err
			}
			lines = append(lines, fmt.Sprintf("%s%q: %s", margin, name, quoted))
		}
		return strings.Join(lines, "\n"), nil
	},
	// shell is a word for a shell, in a comment.
	"shell": func(text string) string {
		if text = oneLine(text); !odd().MatchString(strings.ReplaceAll(text, "/", "")) {
			return text
		}
		return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
	},
}

// quote writes a string as JSON does, which YAML reads, too, but for some characters
// that YAML has only as \u and their number.
func quote(text string) (string, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(text); err != nil {
		return "", err
	}
	var out strings.Builder
	for _, c := range strings.TrimSpace(b.String()) {
		if unprintable(c) {
			fmt.Fprintf(&out, `\u%04x`, c)
		} else {
			out.WriteRune(c)
		}
	}
	return out.String(), nil
}

// unprintable are the characters that YAML does not take as they are; line ends and
// tabs it does.
func unprintable(c rune) bool {
	return c < ' ' && c != '\n' && c != '\t' || 0x7f <= c && c < 0xa0 || c == 0xfeff || c == 0xfffe || c == 0xffff ||
		c == 0x2028 || c == 0x2029
}

// oneLine is a text with nothing in it that ends a line, or a comment.
func oneLine(text string) string {
	return strings.Map(func(c rune) rune {
		if unprintable(c) || c < ' ' {
			return utf8.RuneError
		}
		return c
	}, text)
}

// kubernetesWords: $(NAME) in arguments and variables is the value of another variable,
// and $$( is not.
var kubernetesWords = template.FuncMap{
	"argument": func(w Word) string {
		text := strings.ReplaceAll(w.Text, "$", "$$")
		if w.Reference != "" {
			text += "$(" + w.Reference + ")"
		}
		return text
	},
	"literal": func(text string) string { return strings.ReplaceAll(text, "$", "$$") },
	// placeholder is what stands in a Secret until it is filled in. brunt looks for a
	// token where an env: says, so that this one is nobody's.
	"placeholder": func(v Variable) string {
		if v.Name == workerToken {
			return "env:FILL_IN_THE_SECRET"
		}
		return "FILL-IN"
	},
}

// composeWords: ${NAME} is the value of a variable of the user's, and $$ a dollar.
var composeWords = template.FuncMap{
	"argument": func(w Word) string {
		text := strings.ReplaceAll(w.Text, "$", "$$")
		if w.Reference != "" {
			text += fromOutside(w.Reference)
		}
		return text
	},
	"literal":   func(text string) string { return strings.ReplaceAll(text, "$", "$$") },
	"reference": fromOutside,
	// source is the path of a file, which compose takes for a volume's name unless it
	// looks like one.
	"source": func(path string) string {
		if !filepath.IsAbs(path) {
			path = "./" + strings.TrimPrefix(filepath.ToSlash(path), "./")
		}
		return strings.ReplaceAll(path, "$", "$$")
	},
}

func fromOutside(name string) string { return "${" + name + ":?is not set}" }
