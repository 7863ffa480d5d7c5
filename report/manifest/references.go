package manifest

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"brunt/attack/endpoint"
	"brunt/attack/endpoint/secret"
	"brunt/payloads"
	"brunt/payloads/regex"
	"brunt/report/config"
)

// variableName is what environments and Secrets both take for a name.
var variableName = regex.Lazy(`^[A-Za-z_][A-Za-z0-9_]*$`)

// named is the variable of an env:NAME, which the user's Secret is to have.
func (r *Run) named(flag, name string) error {
	if !variableName().MatchString(name) {
		return fmt.Errorf("--%s: the name after env: is none that a Secret can have; use letters, digits and _", flag)
	}
	if strings.HasPrefix(name, "BRUNT_") {
		return fmt.Errorf("--%s: env:%s: variables that begin with BRUNT_ are flags; name it otherwise", flag, name)
	}
	if !slices.ContainsFunc(r.Variables, func(v Variable) bool { return v.Name == name }) {
		r.Variables = append(r.Variables, Variable{Name: name, Text: "as env:" + name + " of --" + flag, Secret: true, Everywhere: true})
	}
	return nil
}

// reserve keeps the names of the command's own variables from being given to others.
func (r *Run) reserve(given []config.GivenFlag) {
	for _, g := range given {
		if _, name, ok := strings.Cut(g.Text, "env:"); ok {
			r.reserved = append(r.reserved, name)
		}
	}
}

// header is --header, with a value by reference unless that can be shown.
func (r *Run) header(flag, text string) (string, error) {
	name, value, _ := strings.Cut(text, ":")
	name, value = strings.TrimSpace(name), strings.TrimSpace(value)
	variable, kept := strings.CutPrefix(value, "env:")
	switch {
	case kept:
		return text, r.named(flag, variable)
	case value == "", !strings.HasPrefix(value, "@") && secret.Harmless(name, value) && endpoint.RedactTokens(value) == value:
		return text, nil
	}
	return name + ": env:" + r.secret("HEADER_"+shouted(name), "the value of the header "+name, true), nil
}

// user is --user with its password, or all of it, by reference.
func (r *Run) user(flag, text string) (string, error) {
	if variable, kept := strings.CutPrefix(text, "env:"); kept {
		return text, r.named(flag, variable)
	}
	name, password, _ := strings.Cut(text, ":")
	if strings.HasPrefix(text, "@") || secret.Looks(name) {
		return "env:" + r.secret("USER_AND_PASSWORD", "NAME:PASSWORD of --user", true), nil
	}
	if variable, kept := strings.CutPrefix(password, "env:"); kept {
		return text, r.named(flag, variable)
	}
	return name + ":env:" + r.secret("USER_PASSWORD", "the password of --user "+name, true), nil
}

// passphrase is --key-pass by reference.
func (r *Run) passphrase(flag, text string) (string, error) {
	if variable, kept := strings.CutPrefix(text, "env:"); kept {
		return text, r.named(flag, variable)
	}
	return "env:" + r.secret("KEY_PASSPHRASE", "the passphrase of --key", true), nil
}

// shouted is a name as environments have them.
func shouted(name string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case 'a' <= c && c <= 'z':
			return c - 'a' + 'A'
		case 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
			return c
		}
		return '_'
	}, name)
}

// hidden reports whether a word must not be shown.
func hidden(text string) bool {
	user, _ := secret.Userinfo(text)
	return user != "" && strings.Contains(text, "@") && strings.Contains(text, "://") ||
		strings.Contains(text, "://") && endpoint.RedactTarget(text) != text || endpoint.RedactTokens(text) != text
}

// payload is the name in the containers of a file of bodies, with what stands behind
// it: :3 is a weight.
func (r *Run) payload(g config.GivenFlag) (string, error) {
	spec := payloads.Spec{Path: g.Text}
	if g.Name == "payloads" {
		var err error
		if spec, err = payloads.ParseSpec(g.Text); err != nil {
			return "", err
		}
	}
	if spec.Path == "-" {
		return "", fmt.Errorf("--%s -: a cluster has no standard input of yours; write it to a file, and name that", g.Name)
	}
	return r.body(spec.Path) + strings.TrimPrefix(g.Text, spec.Path), nil
}

// defaultPage is the port of a live view that has none of its own: one below 1024 is
// not everywhere for others than root.
const defaultPage = 8080

// serve is --serve with a port that its user may listen on.
func (r *Run) serve(text string) string {
	if text == "false" {
		return ""
	}
	if strings.Trim(text, "0123456789") == "" {
		text = ":" + text
	}
	host, port, err := net.SplitHostPort(text)
	n, wrong := strconv.Atoi(port)
	if err != nil || wrong != nil {
		host, n = "", defaultPage
	}
	if n < 1024 {
		n = defaultPage
	}
	r.Page = n
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		r.Probe = "page" // elsewhere only this pod reaches it
	}
	return net.JoinHostPort(host, strconv.Itoa(n))
}
