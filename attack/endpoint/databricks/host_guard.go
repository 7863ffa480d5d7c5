package databricks

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"brunt/payloads/regex"
)

// cloud are the hosts that Databricks' own workspaces and accounts have.
var cloud = regex.Lazy(
	`(?i)\.(databricks\.(com|us|mil)|azuredatabricks\.(net|us|cn)|databricks\.azure\.(us|cn))$`,
)

// Cloud reports whether a host's name is one of Databricks' own.
func Cloud(name string) bool { return cloud().MatchString(name) }

// guard sends the requests of one log-in. The SDK takes addresses for them from
// earlier answers: guard sends the workspace's secrets to no other host.
type guard struct {
	workspace *Workspace

	mu   sync.Mutex
	last error // of the last request, which the SDK may hide behind one of its own
}

// reason is why the last request failed, nil where it has not.
func (g *guard) reason() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.last
}

// otherHostError is a way that credentials do not go.
type otherHostError struct{ text string }

func (e *otherHostError) Error() string { return e.text }

// RoundTrip implements http.RoundTripper.
func (g *guard) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := g.send(r)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.last = err
	return resp, err
}

func (g *guard) send(r *http.Request) (*http.Response, error) {
	if !g.workspace.ownHost(r.URL) {
		if held, err := g.workspace.carriesSecrets(r); err != nil {
			return nil, err
		} else if held {
			return nil, &otherHostError{fmt.Sprintf("it has tokens given out at %s://%s, where credentials of %s are not sent", r.URL.Scheme, r.URL.Host, g.workspace.Host())}
		}
	}
	resp, err := g.workspace.options.Transport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if to, err := resp.Location(); err == nil && resp.StatusCode/100 == 3 &&
		(to.Scheme != r.URL.Scheme || to.Host != r.URL.Host) {
		resp.Body.Close()
		return nil, sentElsewhere(r.URL, to.Scheme+"://"+to.Host)
	}
	return resp, nil
}

// sentElsewhere is the error for an answer that sends the question elsewhere.
func sentElsewhere(from *url.URL, to string) error {
	return &otherHostError{fmt.Sprintf("%s redirects to %q, where credentials are not sent", from.Host, to)}
}

// ownHost reports whether a URL is the workspace's own, or Databricks': a workspace
// under a name of the user's may have its tokens given out there.
func (w *Workspace) ownHost(u *url.URL) bool {
	own, err := url.Parse(w.Host())
	if err != nil || u.Scheme != own.Scheme {
		return false
	}
	return strings.EqualFold(u.Host, own.Host) || u.Scheme == "https" && Cloud(u.Hostname())
}

// carriesSecrets reports whether a request carries what is for the workspace alone.
func (w *Workspace) carriesSecrets(r *http.Request) (bool, error) {
	if w.own.In(r.URL.String()) {
		return true, nil
	}
	for _, values := range r.Header {
		for _, value := range values {
			if w.own.In(value) {
				return true, nil
			}
		}
	}
	if r.Body == nil {
		return false, nil
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxReply))
	r.Body.Close()
	r.Body = io.NopCloser(bytes.NewReader(body))
	return w.own.In(string(body)), err
}
