package databricks

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"sync"

	"github.com/databricks/databricks-sdk-go/config"
	"github.com/databricks/databricks-sdk-go/logger"

	"brunt/attack/endpoint/secret"
	"brunt/payloads/setting"
)

const (
	// httpTimeout ends a request to the workspace that makes no progress, in
	// seconds.
	httpTimeout = 15
	// noRetries is the SDK's retry time-out in seconds, less than its first pause, so
	// that it never retries: the callers here do.
	noRetries = 1
	userAgent = "brunt"
)

// Options of a workspace.
type Options struct {
	Profile   string            // of the configuration file; empty for the environment's, or DEFAULT
	Transport http.RoundTripper // for all requests to the workspace
	// Secrets is given all that no text may show.
	Secrets *secret.Set
	// Redact takes what looks like a secret out of a text.
	Redact func(string) string
}

// Workspace is one that is configured. Its methods may be called from any
// goroutine.
type Workspace struct {
	options Options
	config  config.Config // as read, before any log-in; not used to log in

	mu      sync.Mutex
	control *Token     // of the last log-in
	own     secret.Set // what is for the workspace alone, and for no other issuer of tokens
}

// ConfigError is what is wrong with the configuration; nothing was sent.
type ConfigError struct{ advised }

var silenceLogs sync.Once

// Open reads which workspace is configured, and by which credentials; nothing
// is sent. The error is a *ConfigError.
func Open(o Options) (*Workspace, error) {
	silenceLogs.Do(func() { logger.DefaultLogger = noLogger{} })
	w := &Workspace{options: o}
	c := w.newConfig()
	if err := c.EnsureResolved(); err != nil {
		return nil, &ConfigError{advised{what: w.short(err) + several(err)}}
	}
	w.keepSecrets(c)
	if c.Profile != "" {
		// The SDK passes over a profile where there is no file at all.
		if _, err := config.LoadFile(c.ConfigFile); errors.Is(err, fs.ErrNotExist) {
			return nil, &ConfigError{
				advised{
					fmt.Sprintf("no profile %s: there is no %s", o.Redact(c.Profile), configFile(c)),
					"; ",
					Remedy(""),
				},
			}
		}
	}
	c.Host = c.CanonicalHostName()
	if c.Host == "" {
		return nil, &ConfigError{advised{"no Databricks workspace is configured", ": ", Remedy("")}}
	}
	if u, err := url.Parse(c.Host); err != nil || u.Scheme != "https" && !loopback(u.Hostname()) {
		return nil, &ConfigError{
			advised{
				what: "the workspace's host " + o.Redact(
					withoutUser(c.Host),
				) + " is no https:// URL: credentials are sent over TLS only",
			},
		}
	}
	if err := checkMixed(c); err != nil {
		return nil, err
	}
	w.config = config.Config{
		Host:         c.Host,
		Profile:      c.Profile,
		AuthType:     c.AuthType,
		WorkspaceId:  c.WorkspaceId,
		AccountID:    c.AccountID,
		ConfigFile:   c.ConfigFile,
		ClientID:     c.ClientID,
		ClientSecret: c.ClientSecret,
		Token:        c.Token,
	}
	return w, nil
}

// several tells what to do where two ways of logging in are configured.
func several(err error) string {
	if strings.Contains(err.Error(), "more than one authorization method") {
		return "; unset the one that is not meant, or choose by DATABRICKS_AUTH_TYPE (pat, oauth-m2m, databricks-cli …)"
	}
	return ""
}

// Remedy says how to configure credentials, for a host or for any.
func Remedy(host string) setting.Text {
	at := "HOST"
	if host != "" {
		at = host
	}
	return setting.Textf("run databricks auth login --host %s, or set DATABRICKS_HOST and DATABRICKS_TOKEN "+
		"(or DATABRICKS_CLIENT_ID and DATABRICKS_CLIENT_SECRET), or choose a profile of ~/.databrickscfg with %v", at, setting.Profile)
}

// configFile is where profiles are looked for.
func configFile(c *config.Config) string { return cmp.Or(c.ConfigFile, "~/.databrickscfg") }

// Renew says what to do about the credentials in use, which were refused. Those in
// the environment take precedence, and so would hide a new log-in.
func (w *Workspace) Renew() setting.Text {
	var set []string
	for _, name := range []string{"DATABRICKS_TOKEN", "DATABRICKS_CLIENT_ID", "DATABRICKS_CLIENT_SECRET"} {
		if os.Getenv(name) != "" {
			set = append(set, name)
		}
	}
	if len(set) == 0 {
		return setting.Textf("they may be wrong or expired: %v", Remedy(w.Host()))
	}
	return setting.Plain(
		strings.Join(
			set,
			", ",
		) + " of the environment may be wrong, expired or another workspace's: set what is right, or unset it for " +
			"a profile of " + configFile(
			&w.config,
		) + ", or what databricks auth login --host " + w.Host() + " gets",
	)
}

// newConfig is a configuration that has not been used yet, and so holds no token.
func (w *Workspace) newConfig() *config.Config {
	host := ""
	if trimmed := environmentHost(); trimmed != os.Getenv(hostVariable) {
		host = trimmed // the SDK refuses blanks around it
	}
	return &config.Config{
		Host: host, Profile: w.options.Profile, HTTPTransport: &guard{workspace: w},
		HTTPTimeoutSeconds: httpTimeout, RetryTimeoutSeconds: noRetries,
	}
}

// Host is the workspace's URL without a path, such as https://dbc.example.com.
func (w *Workspace) Host() string { return w.config.Host }

// OAuth reports whether log-ins give tokens that Databricks itself issues, as
// opposed to a personal access token or a password.
func (w *Workspace) OAuth() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.control == nil || w.control.Kind != "pat" && w.control.Kind != "basic"
}

// withoutUser is a URL without its user and password.
func withoutUser(host string) string {
	if user, rest := secret.Userinfo(host); user != "" {
		host = rest
	}
	host, _, _ = strings.Cut(host, "?")
	return host
}

// keepSecrets remembers the secrets of a configuration.
func (w *Workspace) keepSecrets(c *config.Config) {
	for _, word := range []string{c.Token, c.Password, c.ClientSecret} {
		w.own.Keep(word)
		w.options.Secrets.Keep(word)
	}
	for _, word := range []string{c.AzureClientSecret, c.GoogleCredentials, c.ActionsIDTokenRequestToken} {
		w.options.Secrets.Keep(word)
	}
}

// Redact takes the workspace's secrets out of a text, and what looks like one.
func (w *Workspace) Redact(text string) string {
	return w.options.Redact(w.options.Secrets.Redact(text))
}

// badLine is how a configuration file's parser begins to quote a line.
const badLine = "key-value delimiter not found: "

// short is an error in one line, without secrets and without the SDK's list of
// all that is configured.
func (w *Workspace) short(err error) string {
	var refused *StatusError
	if errors.As(err, &refused) {
		return w.Redact(refused.Error())
	}
	text, _, _ := strings.Cut(err.Error(), ". Config: ")
	if before, _, ok := strings.Cut(text, badLine); ok { // the line itself follows, which may hold a secret
		text = before + "a line without = in it"
	}
	text = strings.Join(strings.Fields(text), " ")
	for _, prefix := range []string{"resolve: ", "validate: ", "default auth: ", "oauth-m2m auth: ", "oidc: "} {
		text = strings.TrimPrefix(text, prefix)
	}
	if text = w.Redact(text); len(text) > 300 {
		text = text[:300] + "…"
	}
	return text
}

// Configured is the host of the environment's workspace, without looking at any
// file; empty where it has none.
func Configured() string {
	host := environmentHost()
	if host == "" {
		return ""
	}
	return (&config.Config{Host: host}).CanonicalHostName()
}

const hostVariable = "DATABRICKS_HOST"

// environmentHost is the environment's host without blanks and line ends around
// it, which files of variables often have.
func environmentHost() string { return strings.TrimSpace(os.Getenv(hostVariable)) }

// ProfileOf is the profile of the configuration file whose host this is, an URL
// without a path: DEFAULT before others. It is empty without one; several are an
// error.
func ProfileOf(host string) (string, error) {
	file, err := config.LoadFile(os.Getenv("DATABRICKS_CONFIG_FILE"))
	if err != nil {
		return "", nil // none, or none that can be read: nothing is configured
	}
	var found []string
	for _, section := range file.Sections() {
		if c := (&config.Config{Host: strings.TrimSpace(section.Key("host").String())}); c.Host != "" &&
			strings.EqualFold(c.CanonicalHostName(), host) {
			found = append(found, section.Name())
		}
	}
	switch {
	case len(found) == 0:
		return "", nil
	case len(found) == 1 || found[0] == "DEFAULT":
		return found[0], nil
	}
	return "", &ConfigError{advised{fmt.Sprintf("%d profiles have the host %s", len(found), host), ": ",
		setting.Textf("choose one with %v (%s)", setting.Profile, strings.Join(found, ", "))}}
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// noLogger logs nothing: the SDK's lines may quote what must not be seen.
type noLogger struct{}

func (noLogger) Enabled(context.Context, logger.Level) bool { return false }
func (noLogger) Tracef(context.Context, string, ...any)     {}
func (noLogger) Debugf(context.Context, string, ...any)     {}
func (noLogger) Infof(context.Context, string, ...any)      {}
func (noLogger) Warnf(context.Context, string, ...any)      {}
func (noLogger) Errorf(context.Context, string, ...any)     {}
