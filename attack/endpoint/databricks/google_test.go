package databricks

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"brunt/attack/endpoint/secret"
)

const (
	googleHost    = "https://1234.5.gcp.databricks.com"
	googleAccount = "loader@project.iam.gserviceaccount.com"
)

// google answers as Google's two services do that give tokens, and notes what was asked.
type google struct {
	t     *testing.T
	asked []string
}

// RoundTrip implements http.RoundTripper.
func (g *google) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	var reply any
	status := http.StatusOK
	switch host, path := r.URL.Host, r.URL.Path; {
	case host == "oauth2.googleapis.com" && path == "/token":
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return nil, err
		}
		g.asked = append(g.asked, form.Get("grant_type"))
		reply = map[string]any{"id_token": jwt(time.Now().Add(time.Hour)), "access_token": "ya29.base", "token_type": "Bearer", "expires_in": 3600}
	case host == "iamcredentials.googleapis.com":
		g.asked = append(g.asked, strings.TrimPrefix(path, "/v1/projects/-/serviceAccounts/")+" "+
			r.Header.Get("Authorization")+" "+r.Header.Get("X-Goog-User-Project")+" "+string(body))
		reply = map[string]any{"token": "id-of-" + googleHost, "accessToken": "ya29.acting", "expireTime": time.Now().Add(time.Hour).Format(time.RFC3339)}
	case r.URL.Scheme+"://"+host == googleHost: // where other ways of logging in are looked for
		status = http.StatusNotFound
	default:
		g.t.Errorf("%s was asked", r.URL)
	}
	text, err := json.Marshal(reply)
	return &http.Response{
		StatusCode: status, Request: r, Body: io.NopCloser(strings.NewReader(string(text))),
		Header: http.Header{"Content-Type": {"application/json"}},
	}, err
}

// jwt is a token that nobody has signed, which ends at an instant.
func jwt(end time.Time) string {
	const claims = "eyJhbGciOiJub25lIn0." // {"alg":"none"}
	body, _ := json.Marshal(map[string]any{"exp": end.Unix(), "aud": googleHost})
	return claims + base64.RawURLEncoding.EncodeToString(body) + ".sig"
}

// serviceAccount is the content of a service account's file of credentials.
func serviceAccount(t *testing.T) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	file, err := json.Marshal(map[string]string{
		"type": "service_account", "client_email": "own@project.iam.gserviceaccount.com", "private_key": string(text),
		"token_uri": "https://oauth2.googleapis.com/token", "quota_project_id": "payer",
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(file)
}

// loginAtGoogle logs in with the environment given.
func loginAtGoogle(t *testing.T, environment map[string]string) (*Token, *google) {
	t.Helper()
	for _, word := range os.Environ() {
		if name, _, _ := strings.Cut(word, "="); strings.HasPrefix(name, "DATABRICKS_") || strings.HasPrefix(name, "GOOGLE_") {
			t.Setenv(name, "")
		}
	}
	t.Setenv("HOME", t.TempDir())
	t.Setenv("DATABRICKS_HOST", googleHost)
	for name, value := range environment {
		t.Setenv(name, value)
	}
	g := &google{t: t}
	w, err := Open(Options{Transport: g, Secrets: new(secret.Set), Redact: func(s string) string { return s }})
	if err != nil {
		t.Fatal(err)
	}
	token, err := w.Login(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return token, g
}

// TestGoogleCredentials logs in with the file of a service account's key: its ID token for
// the workspace, and an access token beside it.
func TestGoogleCredentials(t *testing.T) {
	token, g := loginAtGoogle(t, map[string]string{
		"GOOGLE_CREDENTIALS": serviceAccount(t), "DATABRICKS_AUTH_TYPE": "google-credentials",
	})
	if token.Kind != "google-credentials" || !strings.HasPrefix(token.Authorization(), "Bearer eyJ") {
		t.Errorf("%+v", token)
	}
	if h := token.Headers[1]; h.Name != "X-Databricks-Gcp-Sa-Access-Token" || h.Value != "ya29.base" {
		t.Errorf("%+v", token.Headers)
	}
	for _, asked := range g.asked {
		if asked != "urn:ietf:params:oauth:grant-type:jwt-bearer" {
			t.Errorf("asked: %q", asked)
		}
	}
}

// TestGoogleServiceAccount logs in as a service account that the credentials of the
// environment may act as.
func TestGoogleServiceAccount(t *testing.T) {
	file := filepath.Join(t.TempDir(), "own.json")
	if err := os.WriteFile(file, []byte(serviceAccount(t)), 0o600); err != nil {
		t.Fatal(err)
	}
	token, g := loginAtGoogle(t, map[string]string{
		"DATABRICKS_GOOGLE_SERVICE_ACCOUNT": googleAccount, "GOOGLE_APPLICATION_CREDENTIALS": file,
	})
	if token.Kind != "google-id" || token.Authorization() != "Bearer id-of-"+googleHost {
		t.Errorf("%+v", token)
	}
	want := googleAccount + `:generateIdToken Bearer ya29.base payer {"audience":"` + googleHost + `","includeEmail":true}`
	if len(g.asked) < 2 || g.asked[1] != want {
		t.Errorf("asked: %q, not %s", g.asked, want)
	}
}
