package databricks

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"brunt/payloads"
	"brunt/payloads/setting"
)

const grantJWT = "urn:ietf:params:oauth:grant-type:jwt-bearer"

// NoOAuthError is a route-optimised endpoint for which there is no OAuth token
// to be had.
type NoOAuthError struct{ advised }

// DataPlane gets a token for a route-optimised endpoint. Those are made for the
// endpoint: by a service principal in one step, else out of a token for the
// whole workspace, which must be one that Databricks issued.
func (w *Workspace) DataPlane(ctx context.Context, d *Details) (*Token, error) {
	details := d.authorization
	if details == "" {
		details = authorizationFor(d.URL)
	}
	w.mu.Lock()
	control := w.control
	w.mu.Unlock()
	if control != nil && (control.Kind == "pat" || control.Kind == "basic") {
		return nil, w.noOAuth(d)
	}
	if control != nil && control.Kind == "oauth-m2m" && w.config.ClientID != "" {
		t, err := w.ask(
			ctx,
			control.Kind,
			url.Values{"grant_type": {"client_credentials"}, "scope": {"all-apis"}, "authorization_details": {details}},
			true,
		)
		var refused *StatusError
		if !errors.As(err, &refused) || refused.Status >= 500 {
			return t, err
		}
		// Where the one step is refused, two may do, or say better why not.
	}
	control, err := w.Login(ctx)
	switch {
	case err != nil:
		return nil, err
	case control.access == "":
		return nil, w.noOAuth(d)
	}
	return w.ask(
		ctx,
		control.Kind,
		url.Values{"grant_type": {grantJWT}, "authorization_details": {details}, "assertion": {control.access}},
		false,
	)
}

func (w *Workspace) noOAuth(d *Details) error {
	return &NoOAuthError{
		advised{
			fmt.Sprintf(
				"endpoint %s is route-optimised, and those take OAuth tokens only, no personal access token",
				d.Name,
			),
			": ",
			setting.Textf(
				"run databricks auth login --host %s and unset DATABRICKS_TOKEN, or set DATABRICKS_CLIENT_ID and DATABRICKS_CLIENT_SECRET of a service principal that may query it",
				w.Host(),
			),
		},
	}
}

// authorizationFor is what a token for the endpoint at that URL must be asked
// for with; its host's first label is the endpoint's id.
func authorizationFor(endpointURL string) string {
	host := endpointURL
	if u, err := url.Parse(endpointURL); err == nil {
		host = u.Hostname()
	}
	id, _, _ := strings.Cut(host, ".")
	text, _ := json.Marshal([]map[string]any{{ // strings only: cannot fail
		"type": "workspace_permission", "object_type": "serving-endpoints", "object_path": "/serving-endpoints/" + id,
		"actions": []string{"query_inference_endpoint"},
	}})
	return string(text)
}

// ask requests a token; own has it asked for with the service principal's own
// credentials.
func (w *Workspace) ask(ctx context.Context, kind string, form url.Values, own bool) (*Token, error) {
	r, err := http.NewRequestWithContext(
		ctx,
		http.MethodPost,
		w.Host()+"/oidc/v1/token",
		strings.NewReader(form.Encode()),
	)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if own {
		r.SetBasicAuth(url.QueryEscape(w.config.ClientID), url.QueryEscape(w.config.ClientSecret))
	}
	began := time.Now()
	body, err := w.do(r)
	if err != nil {
		return nil, fmt.Errorf("token for the endpoint at %s: %w", w.Host(), err)
	}
	var got struct {
		AccessToken string  `json:"access_token"`
		ExpiresIn   float64 `json:"expires_in"`
	}
	if err := json.Unmarshal(body, &got); err != nil || got.AccessToken == "" {
		return nil, fmt.Errorf("token for the endpoint at %s: the answer has none", w.Host())
	}
	t := &Token{
		Kind:    kind,
		access:  got.AccessToken,
		Headers: []payloads.Header{{Name: "Authorization", Value: "Bearer " + got.AccessToken}},
	}
	if got.ExpiresIn > 0 {
		t.Expires = began.Add(time.Duration(got.ExpiresIn * float64(time.Second)))
	}
	return t, w.keep(t)
}
