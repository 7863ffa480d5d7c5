// Package impersonate gets tokens of a Google service account for whoever may act as it,
// by Google's IAM Credentials API.
package impersonate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google"

	"google.golang.org/api/option"
)

const (
	endpoint = "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/"
	scope    = "https://www.googleapis.com/auth/cloud-platform"
	lifetime = time.Hour // the most that Google allows
	maxReply = 1 << 20
)

// IDTokenConfig is what an ID token is for.
type IDTokenConfig struct {
	Audience        string // such as the URL of what is asked for
	TargetPrincipal string // the service account's e-mail address
	IncludeEmail    bool   // in the token
}

// CredentialsConfig is what an access token is for.
type CredentialsConfig struct {
	TargetPrincipal string // the service account's e-mail address
	Scopes          []string
}

// IDTokenSource gives ID tokens of an hour, each made anew when the last one has ended.
func IDTokenSource(ctx context.Context, c IDTokenConfig, opts ...option.ClientOption) (oauth2.TokenSource, error) {
	switch {
	case c.Audience == "":
		return nil, errors.New("impersonate: an audience must be provided")
	case c.TargetPrincipal == "":
		return nil, errors.New("impersonate: a target service account must be provided")
	}
	a, err := newAccount(ctx, c.TargetPrincipal, opts)
	if err != nil {
		return nil, err
	}
	return oauth2.ReuseTokenSource(nil, source(func() (*oauth2.Token, error) {
		began := time.Now()
		var reply struct {
			Token string `json:"token"`
		}
		err := a.ask("generateIdToken", map[string]any{"audience": c.Audience, "includeEmail": c.IncludeEmail}, &reply)
		return &oauth2.Token{AccessToken: reply.Token, Expiry: began.Add(lifetime)}, err
	})), nil
}

// CredentialsTokenSource gives access tokens of an hour, each made anew when the last one
// has ended.
func CredentialsTokenSource(ctx context.Context, c CredentialsConfig, opts ...option.ClientOption) (oauth2.TokenSource, error) {
	switch {
	case c.TargetPrincipal == "":
		return nil, errors.New("impersonate: a target service account must be provided")
	case len(c.Scopes) == 0:
		return nil, errors.New("impersonate: scopes must be provided")
	}
	a, err := newAccount(ctx, c.TargetPrincipal, opts)
	if err != nil {
		return nil, err
	}
	return oauth2.ReuseTokenSource(nil, source(func() (*oauth2.Token, error) {
		var reply struct {
			Token  string    `json:"accessToken"`
			Expiry time.Time `json:"expireTime"`
		}
		err := a.ask("generateAccessToken", map[string]any{"lifetime": fmt.Sprintf("%.fs", lifetime.Seconds()), "scope": c.Scopes}, &reply)
		return &oauth2.Token{AccessToken: reply.Token, Expiry: reply.Expiry}, err
	})), nil
}

// source makes a function an oauth2.TokenSource.
type source func() (*oauth2.Token, error)

// Token implements oauth2.TokenSource.
func (s source) Token() (*oauth2.Token, error) {
	t, err := s()
	if err != nil {
		return nil, err
	}
	return t, nil
}

// account is a service account that somebody acts as.
type account struct {
	name    string
	project string // that pays for the requests; empty for the credentials' own
	client  *http.Client
}

func newAccount(ctx context.Context, name string, opts []option.ClientOption) (*account, error) {
	if os.Getenv("GOOGLE_API_USE_CLIENT_CERTIFICATE") == "true" {
		return nil, errors.New("impersonate: a client certificate is asked for by GOOGLE_API_USE_CLIENT_CERTIFICATE, and none can be sent")
	}
	var s option.Settings
	for _, o := range opts {
		o.Apply(&s)
	}
	var own *google.Credentials
	var err error
	if len(s.CredentialsJSON) > 0 {
		own, err = google.CredentialsFromJSON(ctx, s.CredentialsJSON, scope)
	} else {
		own, err = google.FindDefaultCredentials(ctx, scope)
	}
	if err != nil {
		return nil, err
	}
	return &account{name: name, project: quotaProject(own.JSON), client: oauth2.NewClient(ctx, own.TokenSource)}, nil
}

// quotaProject is who pays for requests of these credentials.
func quotaProject(content []byte) string {
	if project := os.Getenv("GOOGLE_CLOUD_QUOTA_PROJECT"); project != "" {
		return project
	}
	var file struct {
		Project string `json:"quota_project_id"`
	}
	if json.Unmarshal(content, &file) != nil { // credentials of a machine have none
		return ""
	}
	return file.Project
}

func (a *account) ask(what string, question, reply any) error {
	body, err := json.Marshal(question)
	if err != nil {
		return err
	}
	r, err := http.NewRequest(http.MethodPost, endpoint+a.name+":"+what, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("impersonate: %w", err)
	}
	r.Header.Set("Content-Type", "application/json")
	if a.project != "" {
		r.Header.Set("X-Goog-User-Project", a.project)
	}
	answer, err := a.client.Do(r)
	if err != nil {
		return fmt.Errorf("impersonate: %s: %w", what, err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxReply))
	switch {
	case err != nil:
		return fmt.Errorf("impersonate: %s: %w", what, err)
	case answer.StatusCode/100 != 2:
		return fmt.Errorf("impersonate: status code %d: %s", answer.StatusCode, strings.TrimSpace(string(text)))
	}
	if err := json.Unmarshal(text, reply); err != nil {
		return fmt.Errorf("impersonate: %s: the answer is no JSON: %w", what, err)
	}
	return nil
}
