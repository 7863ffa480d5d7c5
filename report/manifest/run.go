package manifest

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// Run is a command as its manifest says it.
type Run struct {
	Version string // of brunt
	Image   string // of the containers
	Workers int
	// NATS says that the user has a NATS cluster, whose address is in the arguments or
	// the environment; else the coordinator has a server of its own.
	NATS        bool
	Coordinator []Word // its arguments
	Worker      []Word // those of each worker
	// Variables are what the environment of both holds.
	Variables []Variable
	Payloads  []File // of bodies, which the coordinator reads and hands on
	Secrets   []File // keys, certificates, headers
	Writes    bool   // the coordinator writes files into Outputs
	Page      int    // port of the live view, 0 without one
	Probe     string // the port by which it shows that the coordinator is up: nats, page, or none
	PageTLS   bool   // the live view has a certificate
	Grace     int    // seconds in which a run that is stopped ends
	// Dir is where the coordinator works and names of files count from, once lines of
	// bodies name files; empty without.
	Dir string

	tree     Tree
	reserved []string // names that the command gives to variables
	handed   bool     // workers have no credentials of a workspace
}

// Word is an argument: Text, and behind that the value of the variable Reference, where
// there is one.
type Word struct{ Text, Reference string }

// Variable is one of the environment. A secret's value is referred to, and Text says
// what it is; other ones have Text.
type Variable struct {
	Name, Text string
	Secret     bool
	Everywhere bool // workers have it, too
	Workers    bool // they alone do
}

// File is one of the user's machine that containers read.
type File struct {
	Name    string   // of its own, in the ConfigMap or the Secret
	Path    string   // on the user's machine, as it was given
	At      string   // of bodies: where it is in their volume
	Mounts  []string // of bodies: further places where the coordinator looks for it
	Own     bool     // of secrets: for the coordinator alone
	Size    int64
	content []byte // nil where it is too large to be within a manifest
}

// mostName is how much of a file's name is kept: a ConfigMap's key has 253 characters.
const mostName = 200

// Where files are in the containers.
const (
	payloadsDir = "/files"
	secretsDir  = "/secrets"
	outputsDir  = "/out"
)

// file is the one with a path of the user's machine; a new one has a name of its own.
func file(list *[]File, from string) *File {
	for i := range *list {
		if (*list)[i].Path == from {
			return &(*list)[i]
		}
	}
	name := strings.Map(func(c rune) rune {
		if strings.ContainsRune("-._", c) || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' {
			return c
		}
		return '-'
	}, path.Base(strings.ReplaceAll(from, `\`, "/")))
	name = strings.TrimLeft(name[max(0, len(name)-mostName):], ".")
	taken := func(name string) bool {
		return name == "" || slices.ContainsFunc(*list, func(f File) bool { return f.Name == name })
	}
	own := name
	for n := 2; taken(own); n++ {
		own = strings.Repeat("again-", n-1) + name
		if name == "" {
			own = "file" + strings.Repeat("-again", n-2)
		}
	}
	*list = append(*list, File{Name: own, Path: from})
	return &(*list)[len(*list)-1]
}

// secret has the environment hold one by a name that nothing else has; everywhere, or
// where the coordinator runs.
func (r *Run) secret(name, what string, everywhere bool) string {
	own := name
	for n := 2; r.taken(own); n++ {
		own = fmt.Sprintf("%s_%d", name, n)
	}
	r.Variables = append(r.Variables, Variable{Name: own, Text: what, Secret: true, Everywhere: everywhere})
	return own
}

func (r *Run) taken(name string) bool {
	return slices.Contains(r.reserved, name) || slices.ContainsFunc(r.Variables, func(v Variable) bool { return v.Name == name })
}

// set has the environment hold what is no secret.
func (r *Run) set(name, text string, everywhere bool) {
	r.Variables = append(r.Variables, Variable{Name: name, Text: text, Everywhere: everywhere})
}

// WorkerVariables are those that workers have.
func (r *Run) WorkerVariables() []Variable {
	return filtered(r.Variables, func(v Variable) bool { return v.Everywhere || v.Workers })
}

// OwnVariables are those that the coordinator has.
func (r *Run) OwnVariables() []Variable {
	return filtered(r.Variables, func(v Variable) bool { return !v.Workers })
}

// WorkerSecrets are the files of secrets that workers read.
func (r *Run) WorkerSecrets() []File {
	return filtered(r.Secrets, func(f File) bool { return !f.Own })
}

func filtered[T any](list []T, keep func(T) bool) (kept []T) {
	for _, v := range list {
		if keep(v) {
			kept = append(kept, v)
		}
	}
	return kept
}
