package manifest

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"brunt/attack/endpoint"
	"brunt/report/config"
)

// DefaultWorkers is how many workers there are where --workers does not say.
const DefaultWorkers = 4

// service is the name of the coordinator for the workers, with the port of its server.
const service = "brunt-coordinator:4222"

// workerToken is the variable of the token that coordinator and workers share.
const workerToken = "BRUNT_WORKER_TOKEN"

// New is the manifest of a command with the flags that were given, whose bodies name the
// files of a tree. Its error says which of them makes no sense on a cluster; it shows no
// secret.
func New(command string, given []config.GivenFlag, tree Tree, image, version string) (*Run, error) {
	r := &Run{Version: version, Image: image, Workers: DefaultWorkers, Coordinator: []Word{{Text: command}}, tree: tree, Grace: graceOf(given)}
	r.plant(given)
	if image == "" {
		r.Image = "brunt:" + tag(version)
	}
	if strings.ContainsFunc(r.Image, func(c rune) bool { return c <= ' ' || c > '~' }) {
		return nil, fmt.Errorf("--image %q: it is no name of an image", r.Image)
	}
	r.reserve(given)
	r.NATS = slices.ContainsFunc(given, func(g config.GivenFlag) bool { return g.Name == "nats" })
	for _, g := range given {
		if !utf8.ValidString(g.Text) {
			return nil, fmt.Errorf("%s: its value is no UTF-8, which is all that a manifest can hold", shown(g))
		}
		if g.Name == "" {
			r.target(g.Text)
			continue
		}
		if err := r.flag(g); err != nil {
			return nil, err
		}
	}
	r.hang()
	r.workspace(given)
	if err := r.connectWorkers(given); err != nil {
		return nil, err
	}
	return r, nil
}

// shown is what a flag or argument is called in an error.
func shown(g config.GivenFlag) string {
	if g.Name == "" {
		return "TARGET"
	}
	return "--" + g.Name
}

// tag is a version as the tag of an image.
func tag(version string) string {
	return strings.Map(func(c rune) rune {
		if strings.ContainsRune("-._", c) || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' {
			return c
		}
		return '-'
	}, strings.TrimPrefix(version, "v"))
}

func (r *Run) add(text string) { r.Coordinator = append(r.Coordinator, Word{Text: text}) }
func (r *Run) refer(before, variable string) {
	r.Coordinator = append(r.Coordinator, Word{before, variable})
}

// target adds TARGET.
func (r *Run) target(text string) {
	if hidden(text) {
		r.refer("", r.secret("TARGET", "TARGET, with its secrets", false))
		return
	}
	r.add(text)
}

// flag adds one flag, unless a cluster has no use for it.
func (r *Run) flag(g config.GivenFlag) (err error) {
	text := g.Text
	switch g.Name {
	case "print-manifest", "image", "config", "open", "worker-token", "listen-workers", "profile":
		return nil
	case "workers":
		n, err := strconv.Atoi(strings.TrimPrefix(text, "local:"))
		if r.Workers = n; err != nil || n < 1 {
			return fmt.Errorf("--workers %s: it is no number of workers; write 4", text)
		}
		return nil
	case "header":
		text, err = r.header(g.Name, text)
	case "user":
		text, err = r.user(g.Name, text)
	case "key-pass":
		text, err = r.passphrase(g.Name, text)
	case "serve-token":
		r.secret("BRUNT_SERVE_TOKEN", "the token of the live view, 16 characters or more", false)
		return nil
	case "serve":
		if text = r.serve(text); text == "" {
			return nil
		}
		g.Switch = false
	case "nats", "nats-creds", "nats-nkey", "nats-ca", "nats-cert", "nats-key":
		return r.nats(g)
	case "save":
		r.Writes = true
		r.set("BRUNT_RUNS", outputsDir+"/runs", false)
	case "payloads", "body", "targets":
		text, err = r.payload(g)
	default:
		switch {
		case g.File && text == "-":
		case g.Writes:
			r.Writes = true
			text = outputsDir + "/" + path.Base(strings.ReplaceAll(text, `\`, "/"))
		case g.File:
			text = r.secretFile(g)
		case hidden(text) || g.Name == "proxy" && strings.Contains(text, "@"):
			variable := r.secret("FLAG_"+shouted(g.Name), "the value of --"+g.Name, false)
			r.refer("--"+g.Name+"=", variable)
			return nil
		}
	}
	if err != nil {
		return err
	}
	r.add(written(g, text))
	return nil
}

// ownFiles are flags of files that only the coordinator reads.
var ownFiles = []string{"workers-cert", "workers-key", "serve-cert", "serve-key"}

// secretFile is where a file of keys, certificates or headers is in the containers.
func (r *Run) secretFile(g config.GivenFlag) string {
	own, n := slices.Contains(ownFiles, g.Name), len(r.Secrets)
	f := file(&r.Secrets, g.Text)
	f.Own = own && (f.Own || len(r.Secrets) > n)
	r.PageTLS = r.PageTLS || g.Name == "serve-cert"
	return secretsDir + "/" + f.Name
}

// grace is how long after its requests' time-out a run that is stopped may take to end.
const grace = 30 * time.Second

// graceOf is how many seconds a run that is stopped may take: what is in flight is waited
// for.
func graceOf(given []config.GivenFlag) int {
	longest := config.DefaultTimeout
	for _, g := range given {
		if g.Name == "timeout" {
			if d, err := time.ParseDuration(g.Text); err == nil {
				longest = d
			}
		}
	}
	return int((longest + grace).Seconds())
}

// written is a flag as one word.
func written(g config.GivenFlag, text string) string {
	switch {
	case g.Switch && text == "true":
		return "--" + g.Name
	case g.Switch && text == "false" && g.Negatable:
		return "--no-" + g.Name
	}
	return "--" + g.Name + "=" + text
}

// nats has coordinator and workers use the user's own NATS cluster: all of them read
// the same variables.
func (r *Run) nats(g config.GivenFlag) error {
	name := "BRUNT_" + shouted(g.Name)
	switch {
	case g.File && g.Name == "nats-ca" && !r.NATS: // of the coordinator's own server
		r.Variables = append(r.Variables, Variable{Name: name, Text: r.secretFile(g), Workers: true})
	case g.File:
		r.set(name, r.secretFile(g), true)
	case strings.Contains(g.Text, "@") || hidden(g.Text):
		r.secret(name, "the URL of the NATS cluster, with its secrets", true)
	default:
		r.set(name, g.Text, true)
	}
	return nil
}

// connectWorkers says how workers find their coordinator.
func (r *Run) connectWorkers(given []config.GivenFlag) error {
	r.add("--workers=" + strconv.Itoa(r.Workers))
	if r.NATS {
		if slices.ContainsFunc(given, func(g config.GivenFlag) bool { return g.Name == "worker-token" }) {
			r.secret(workerToken, "the token of the NATS cluster", true)
		}
		r.Worker = []Word{{Text: "worker"}, {Text: "--once"}}
		return nil
	}
	scheme := "nats"
	for _, g := range given {
		switch {
		case g.Name == "workers-cert":
			scheme = "tls"
		case strings.HasPrefix(g.Name, "nats-") && g.Name != "nats-ca":
			return errors.New("--" + g.Name + ": it is for --nats, which is not there; add that, or leave it out")
		}
	}
	r.Probe = "nats"
	r.add("--listen-workers=:4222")
	r.secret(workerToken, "a token of your own, as openssl rand -hex 16 prints one", true)
	r.Worker = []Word{{Text: "worker"}, {Text: scheme + "://" + service}, {Text: "--once"}}
	return nil
}

// workspace has the environment hold the credentials of a Databricks workspace, where
// TARGET may be in one.
func (r *Run) workspace(given []config.GivenFlag) {
	target, found := "", false
	for _, g := range given {
		if g.Name == "" {
			target = g.Text
		}
		if g.Name == "auth" && g.Text == "none" {
			return
		}
		found = found || g.Name == "profile"
		r.handed = r.handed || g.Name == "worker-credentials" && g.Text == "handed"
	}
	if !found && (target == "" || !endpoint.Configured(target)) {
		return
	}
	r.secret("DATABRICKS_HOST", "the workspace's URL", !r.handed)
	r.secret("DATABRICKS_CLIENT_ID", "a service principal's id", !r.handed)
	r.secret("DATABRICKS_CLIENT_SECRET", "its secret", !r.handed)
}
