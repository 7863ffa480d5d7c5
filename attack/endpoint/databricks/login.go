package databricks

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/databricks/databricks-sdk-go/config"
	"github.com/databricks/databricks-sdk-go/httpclient"
	"golang.org/x/net/http/httpguts"

	"brunt/payloads"
)

// Token is what a request must carry, and for how long.
type Token struct {
	Headers []payloads.Header // Authorization first
	Expires time.Time         // zero where that is not known, or never
	Kind    string            // how it was had: pat, oauth-m2m, databricks-cli …
	Static  bool              // asking again gives the same

	access string // alone, where it is an OAuth token
}

// Authorization is the value of the header of that name.
func (t *Token) Authorization() string { return t.Headers[0].Value }

// Login gets a token from a fresh source, so that none is an old one that some
// cache still holds. The error is one line, without secrets; a *ConfigError
// where there are no credentials at all.
func (w *Workspace) Login(ctx context.Context) (*Token, error) {
	type outcome struct {
		token *Token
		err   error
	}
	done := make(chan outcome, 1)
	go func() {
		t, err := w.login(ctx)
		done <- outcome{t, err}
	}()
	select {
	case o := <-done:
		if o.err != nil {
			return nil, w.explain(o.err)
		}
		w.mu.Lock()
		w.control = o.token
		w.mu.Unlock()
		return o.token, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("log-in at %s: no answer in time", w.Host())
	}
}

func (w *Workspace) login(ctx context.Context) (*Token, error) {
	c := w.newConfig()
	if err := c.EnsureResolved(); err != nil {
		return nil, err
	}
	w.keepSecrets(c)
	if host := c.CanonicalHostName(); host != w.Host() {
		// The file was changed meanwhile: what it holds now is another's.
		return nil, fmt.Errorf(
			"the configuration now names another workspace, %s, whose credentials are not sent here",
			w.Redact(host),
		)
	}
	if c.AuthType == "" && c.Token == "" && c.Username == "" && c.ClientID != "" && c.ClientSecret != "" {
		// It is what the SDK would choose, but keep quiet about if it fails.
		c.AuthType = "oauth-m2m"
	}
	t := &Token{Headers: []payloads.Header{{Name: "Authorization"}}}
	oauth, err := c.GetTokenSource().Token(ctx)
	t.Kind = c.AuthType
	switch plain := t.Kind == "pat" || t.Kind == "basic"; {
	case err == nil:
		t.Expires, t.access = oauth.Expiry, oauth.AccessToken
		t.Headers[0].Value = oauth.Type() + " " + oauth.AccessToken
	case plain || strings.Contains(err.Error(), "OAuth Token not supported"):
		t.Static = plain
	default:
		return nil, causeBehind(c, err)
	}
	if t.access == "" || strings.HasPrefix(t.Kind, "azure-") || strings.HasPrefix(t.Kind, "google-") {
		if err := w.addHeaders(c, t); err != nil {
			return nil, err
		}
	}
	if w.config.WorkspaceId != "" {
		t.Headers = append(t.Headers, payloads.Header{Name: "X-Databricks-Workspace-Id", Value: w.config.WorkspaceId})
	}
	return t, w.keep(t)
}

// keep remembers a token's values as secrets, and sees to it that they can be
// sent: what is no header value could be made to look like other headers.
func (w *Workspace) keep(t *Token) error {
	for _, h := range t.Headers {
		if !httpguts.ValidHeaderFieldValue(h.Value) {
			return errors.New("the token holds a control character or line end")
		}
		if h.Name == "X-Databricks-Workspace-Id" {
			continue
		}
		_, word, _ := strings.Cut(h.Value, " ")
		w.options.Secrets.Pass(cmp.Or(word, h.Value))
	}
	return nil
}

// addHeaders adds the headers that go with the token, which some clouds ask for.
func (w *Workspace) addHeaders(c *config.Config, t *Token) error {
	r, err := http.NewRequest(http.MethodGet, w.Host(), nil)
	if err != nil {
		return err
	}
	if err := c.Authenticate(r); err != nil {
		return err
	}
	for name, values := range r.Header {
		switch {
		case name != "Authorization":
			t.Headers = append(t.Headers, payloads.Header{Name: name, Value: values[0]})
		case t.access == "":
			t.Headers[0].Value = values[0]
		}
	}
	return nil
}

// causeBehind finds the error of a request that the SDK could not repeat: its own
// error says only that it could not.
func causeBehind(c *config.Config, err error) error {
	if g, ok := c.HTTPTransport.(*guard); ok && strings.Contains(err.Error(), "cannot reset reader") {
		if reason := g.reason(); reason != nil {
			return reason
		}
	}
	return err
}

// explain puts a failed log-in into a line.
func (w *Workspace) explain(err error) error {
	if errors.Is(err, config.ErrCannotConfigureDefault) {
		return &ConfigError{advised{"no credentials for " + w.Host(), ": ", Remedy(w.Host())}}
	}
	text := w.short(err)
	var broken *url.Error
	var answer *httpclient.HttpError
	var astray *otherHostError
	switch {
	case errors.As(err, &answer):
		text = w.statusError(answer.StatusCode, []byte(answer.Message)).Error()
	case errors.As(err, &astray):
		text = w.Redact(astray.Error())
	case errors.As(err, &broken):
		text = w.short(broken.Err)
	}
	if strings.HasPrefix(text, "{") { // an answer's body, whose status is gone
		if said := w.statusError(0, []byte(text)).Message; said != "" {
			text = said
		}
	}
	if strings.Contains(text, "invalid_client") {
		text += "; check DATABRICKS_CLIENT_ID and DATABRICKS_CLIENT_SECRET, or the profile's client_id and client_secret"
	}
	return fmt.Errorf("log-in at %s: %s", w.Host(), text)
}
