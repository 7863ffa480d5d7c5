// Package idtoken gets ID tokens for Google credentials that are given.
package idtoken

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strings"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google"

	"google.golang.org/api/impersonate"
	"google.golang.org/api/option"
)

// NewTokenSource gives ID tokens for the audience, of credentials given by
// option.WithCredentialsJSON: those of a service account, or some that stand for one. The
// first token is asked for at once where that shows whether the credentials are good.
func NewTokenSource(ctx context.Context, audience string, opts ...option.ClientOption) (oauth2.TokenSource, error) {
	if audience == "" {
		return nil, errors.New("idtoken: must supply a non-empty audience")
	}
	var s option.Settings
	for _, o := range opts {
		o.Apply(&s)
	}
	var file struct {
		Type string `json:"type"`
		URL  string `json:"service_account_impersonation_url"`
	}
	if err := json.Unmarshal(s.CredentialsJSON, &file); err != nil {
		return nil, fmt.Errorf("idtoken: the credentials are no JSON: %w", err)
	}
	switch file.Type {
	case "service_account":
		return ofServiceAccount(ctx, s.CredentialsJSON, audience)
	case "impersonated_service_account", "external_account":
		account, _, _ := strings.Cut(path.Base(file.URL), ":") // …/serviceAccounts/ACCOUNT:generateAccessToken
		return impersonate.IDTokenSource(ctx, impersonate.IDTokenConfig{
			Audience: audience, TargetPrincipal: account, IncludeEmail: true,
		}, opts...)
	}
	return nil, errors.New("idtoken: unsupported credentials type")
}

func ofServiceAccount(ctx context.Context, content []byte, audience string) (oauth2.TokenSource, error) {
	c, err := google.JWTConfigFromJSON(content)
	if err != nil {
		return nil, err
	}
	c.PrivateClaims, c.UseIDToken = map[string]any{"target_audience": audience}, true
	source := c.TokenSource(ctx)
	token, err := source.Token()
	if err != nil {
		return nil, err
	}
	return oauth2.ReuseTokenSource(token, source), nil
}
