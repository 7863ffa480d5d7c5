package endpoint

import (
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"brunt/attack/mock/workspacetest"
)

const (
	canaryID     = "canary-id"
	canarySecret = "canarySecret~Jf4sT8uC2nE5gA7xPoW1dQ9kHb"
	canaryPAT    = "canaryPersonal.Zq7-w0Kd_93mXvB1+LtY6/Rh"
)

// listener is a server that keeps all that it is told.
type listener struct {
	*httptest.Server
	mu    sync.Mutex
	heard string
}

func listen(t *testing.T) *listener {
	l := &listener{}
	l.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		l.mu.Lock()
		l.heard += fmt.Sprintf("%s %s %v %s\n", r.Method, r.URL, r.Header, body)
		l.mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"access_token":"from-elsewhere","token_type":"Bearer","expires_in":3600}`)
	}))
	t.Cleanup(l.Close)
	return l
}

// secrets are those that it was told.
func (l *listener) secrets() (list []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, word := range []string{canarySecret, canaryPAT, base64.StdEncoding.EncodeToString([]byte(canaryID + ":" + canarySecret)), "issued-token"} {
		if strings.Contains(l.heard, word) {
			list = append(list, word)
		}
	}
	return list
}

// TestLogInStaysHome has a workspace's answers send what logging in takes to
// another host: the secret does not go there, and the error names it.
func TestLogInStaysHome(t *testing.T) {
	clean(t)
	elsewhere := listen(t)
	var tokens, redirect string
	status := 0
	home := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch {
		case redirect != "" && strings.HasSuffix(r.URL.Path, redirect):
			http.Redirect(w, r, elsewhere.URL+r.URL.Path, status)
		case strings.HasSuffix(r.URL.Path, "/oauth-authorization-server"):
			fmt.Fprintf(w, `{"authorization_endpoint":%q,"token_endpoint":%q}`, tokens, tokens)
		case strings.HasSuffix(r.URL.Path, "/token"):
			fmt.Fprint(w, `{"access_token":"issued-token","token_type":"Bearer","expires_in":3600}`)
		default:
			fmt.Fprint(w, `{"name":"x","state":{"ready":"READY"}}`)
		}
	}))
	defer home.Close()
	t.Setenv("DATABRICKS_HOST", home.URL)
	t.Setenv("DATABRICKS_CLIENT_ID", canaryID)
	t.Setenv("DATABRICKS_CLIENT_SECRET", canarySecret)
	for name, c := range map[string]struct {
		tokens, redirect string
		status           int
	}{
		"as it should be":       {home.URL + "/oidc/v1/token", "", 0},
		"tokens elsewhere":      {elsewhere.URL + "/oidc/v1/token", "", 0},
		"without TLS":           {strings.Replace(home.URL, "https", "http", 1) + "/oidc/v1/token", "", 0},
		"discovery moved":       {home.URL + "/oidc/v1/token", "/oauth-authorization-server", 302},
		"tokens moved":          {home.URL + "/oidc/v1/token", "/token", 307},
		"tokens moved for good": {home.URL + "/oidc/v1/token", "/token", 308},
		"details moved":         {home.URL + "/oidc/v1/token", "/serving-endpoints/x", 307},
	} {
		tokens, redirect, status = c.tokens, c.redirect, c.status
		e, err := Open(t.Context(), "x", Options{Insecure: true}, 10*time.Second)
		if err == nil {
			e.Close()
		}
		if well := c.tokens == home.URL+"/oidc/v1/token" && c.redirect == ""; well != (err == nil) {
			t.Errorf("%s: %v", name, err)
		} else if !well {
			named := strings.TrimPrefix(elsewhere.URL, "https://")
			if name == "without TLS" {
				named = "http://" + strings.TrimPrefix(home.URL, "https://")
			}
			if !strings.Contains(err.Error(), named) || !strings.Contains(err.Error(), "not sent") || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s: %v", name, err)
			}
		}
		if told := elsewhere.secrets(); told != nil {
			t.Fatalf("%s: elsewhere was told %q", name, told)
		}
	}
}

// TestLogInRefused has a log-in fail in ways that the SDK would have tried again:
// what is told is what happened.
func TestLogInRefused(t *testing.T) {
	clean(t)
	for name, answer := range map[string]http.HandlerFunc{
		"slow down": func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "slow down", http.StatusTooManyRequests) },
		"connection reset by peer": func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_ = conn.(*tls.Conn).NetConn().(*net.TCPConn).SetLinger(0)
			_ = conn.(*tls.Conn).NetConn().Close()
		},
	} {
		home := httptest.NewTLSServer(nil)
		home.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			switch {
			case strings.HasSuffix(r.URL.Path, "/oauth-authorization-server"):
				fmt.Fprintf(w, `{"authorization_endpoint":%q,"token_endpoint":%q}`, home.URL+"/oidc/v1/token", home.URL+"/oidc/v1/token")
			case strings.HasSuffix(r.URL.Path, "/token"):
				answer(w, r)
			default:
				http.NotFound(w, r)
			}
		})
		t.Setenv("DATABRICKS_HOST", home.URL)
		t.Setenv("DATABRICKS_CLIENT_ID", canaryID)
		t.Setenv("DATABRICKS_CLIENT_SECRET", canarySecret)
		e, err := Open(t.Context(), "x", Options{Insecure: true}, 10*time.Second)
		if err == nil {
			e.Close()
			t.Errorf("%s: no error", name)
		} else if !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "reset reader") {
			t.Errorf("%s: %v", name, err)
		}
		home.Close()
	}
}

// TestHosts opens targets that are the workspace's, and others that are made to
// look so; credentials go along with the first only.
func TestHosts(t *testing.T) {
	clean(t)
	w, o := lookAlike(t, workspacetest.Config{PATs: []string{canaryPAT}, Endpoints: []workspacetest.Endpoint{{Name: "x"}}})
	port := w.Host()[strings.LastIndex(w.Host(), ":"):]
	for _, name := range []string{"workspace.test", "workspace.test.evil", "evil-workspace.test", "workspace.testevil", "xn--workspace-test.evil"} {
		o.Resolve = append(o.Resolve, name+":127.0.0.1")
	}
	t.Setenv("DATABRICKS_TOKEN", canaryPAT)
	t.Setenv("DATABRICKS_HOST", "https://workspace.test"+port)
	const path = "/serving-endpoints/x/invocations"
	for word, carries := range map[string]bool{
		"x":                                    true,
		"https://workspace.test" + port + path: true,
		"https://WorkSpace.TEST" + port + path: true,

		"http://workspace.test" + port + path:                 false,
		"https://workspace.test.evil" + port + path:           false,
		"https://evil-workspace.test" + port + path:           false,
		"https://workspace.testevil" + port + path:            false,
		"https://xn--workspace-test.evil" + port + path:       false,
		"https://127.0.0.1" + port + path:                     false,
		"https://workspace.test" + path:                       false, // another port
		"https://workspace.test" + port + "@evil.test" + path: false,
		"https://evil.test@workspace.test" + port + path:      false,
		"https://workspace.test%2f" + port + path:             false,
		"https://evil.test\\@workspace.test" + port + path:    false,
		"https://evil.test#@workspace.test" + port + path:     false,
	} {
		e, err := Open(t.Context(), word, o, 5*time.Second)
		if err != nil {
			if carries || strings.Contains(err.Error(), canaryPAT) {
				t.Errorf("%s: %v", word, err)
			}
			continue
		}
		if got := e.Authorization() != ""; got != carries || carries && (!strings.EqualFold(e.Target.Name, "workspace.test") || !e.Target.TLS) {
			t.Errorf("%s: carries %t, to %+v", word, got, e.Target)
		}
		e.Close()
	}
	// What the workspace is configured as.
	for host, want := range map[string]string{
		"http://workspace.test" + port:                  "over TLS only",
		"http://127.evil.test" + port:                   "over TLS only",
		"http://127.0.0.1.evil.test" + port:             "over TLS only",
		"http://localhost.evil.test" + port:             "over TLS only",
		"ftp://workspace.test" + port:                   "over TLS only",
		"https://someone:word@workspace.test" + port:    "",
		"workspace.test" + port:                         "",
		"https://workspace.test" + port + "/?o=123#sec": "",
	} {
		t.Setenv("DATABRICKS_HOST", host)
		e, err := Open(t.Context(), "x", o, 5*time.Second)
		if err == nil {
			if want != "" || e.Target.Name != "workspace.test" {
				t.Errorf("%s: opened %+v", host, e.Target)
			}
			e.Close()
		} else if want == "" || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), canaryPAT) || strings.Contains(err.Error(), "someone") {
			t.Errorf("%s: %v", host, err)
		}
	}
}

// TestProfilesAreNotMixed chooses a profile while the environment speaks of
// another workspace: neither one's credentials go to the other.
func TestProfilesAreNotMixed(t *testing.T) {
	home := clean(t)
	w, o := lookAlike(t, workspacetest.Config{PATs: []string{canaryPAT}, Endpoints: []workspacetest.Endpoint{{Name: "x"}}})
	other := listen(t)
	text := fmt.Sprintf("[ours]\nhost = %s\ntoken = %s\n[bare]\nhost = %s\n[theirs]\nhost = %s\ntoken = dapi-theirs\n", w.Host(), canaryPAT, w.Host(), other.URL)
	if err := os.WriteFile(filepath.Join(home, ".databrickscfg"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ profile, host, token, want string }{
		"the profile's alone":        {"ours", "", "", ""},
		"both the same":              {"ours", w.Host() + "/", canaryPAT, ""},
		"a token for a bare profile": {"bare", "", canaryPAT, ""},
		"another host":               {"ours", other.URL, "", "DATABRICKS_HOST and profile ours"},
		"another token":              {"theirs", "", canaryPAT, "DATABRICKS_TOKEN and profile theirs"},
		"another of both":            {"theirs", w.Host(), canaryPAT, "DATABRICKS_HOST and profile theirs"},
	} {
		t.Setenv("DATABRICKS_HOST", c.host)
		t.Setenv("DATABRICKS_TOKEN", c.token)
		for _, by := range []string{"option", "environment"} {
			o.Profile = ""
			if by == "option" {
				o.Profile = c.profile
				t.Setenv("DATABRICKS_CONFIG_PROFILE", "")
			} else {
				t.Setenv("DATABRICKS_CONFIG_PROFILE", c.profile)
			}
			e, err := Open(t.Context(), "x", o, 5*time.Second)
			if err == nil {
				e.Close()
			}
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), canaryPAT)) {
				t.Errorf("%s, by %s: %v", name, by, err)
			}
		}
	}
	if told := other.secrets(); told != nil {
		t.Errorf("the other workspace was told %q", told)
	}
}

// TestFileChangesUnderway has the configuration file name another workspace
// once a token has been had: the first one's is not sent to it, nor its to the
// first.
func TestFileChangesUnderway(t *testing.T) {
	home := clean(t)
	w, o := lookAlike(t, workspacetest.Config{ClientID: canaryID, Secret: canarySecret, Lifetime: 2 * time.Second, Endpoints: []workspacetest.Endpoint{{Name: "x"}}})
	other := listen(t)
	file := filepath.Join(home, ".databrickscfg")
	write := func(host, secret string) {
		text := fmt.Sprintf("[DEFAULT]\nhost = %s\nclient_id = %s\nclient_secret = %s\n", host, canaryID, secret)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(w.Host(), canarySecret)
	e, err := Open(t.Context(), "x", o, 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	write(other.URL, "the-others-secret")
	await(t, "trouble", func() bool { return len(e.RenewalFailures()) > 0 })
	if reason := e.RenewalFailures()[0].Reason; !strings.Contains(reason, "another workspace") || strings.Contains(reason, "secret") {
		t.Error(reason)
	}
	if other.mu.Lock(); other.heard != "" {
		t.Errorf("the other workspace was told %q", other.heard)
	}
	other.mu.Unlock()
}

// TestTokenServiceEchoes has the token service repeat the secret in every way.
func TestTokenServiceEchoes(t *testing.T) {
	clean(t)
	shape := 0
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		basic := r.Header.Get("Authorization")
		if !strings.HasSuffix(r.URL.Path, "/token") {
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprintf(w, `{"authorization_endpoint":"https://%s/a","token_endpoint":"https://%s/token"}`, r.Host, r.Host)
			return
		}
		text := []string{basic, canarySecret, strings.TrimPrefix(basic, "Basic "), string(body), canarySecret[:20] + "\n" + canarySecret[20:], strings.Repeat("x", 290) + " " + canarySecret}[shape/3]
		switch shape % 3 {
		case 0:
			w.WriteHeader(400)
			fmt.Fprintf(w, `{"error":"invalid_client","error_description":%q}`, text)
		case 1:
			w.WriteHeader(503)
			fmt.Fprintf(w, `{"error_code":%q,"message":%q}`, text, text)
		default:
			w.Header().Set("X-Echo", strings.ReplaceAll(text, "\n", " "))
			w.WriteHeader(418)
			fmt.Fprint(w, text)
		}
	}))
	defer s.Close()
	t.Setenv("DATABRICKS_HOST", s.URL)
	t.Setenv("DATABRICKS_CLIENT_ID", canaryID)
	t.Setenv("DATABRICKS_CLIENT_SECRET", canarySecret)
	for shape = range 18 {
		_, err := Open(t.Context(), "x", Options{Insecure: true}, 5*time.Second)
		if err == nil || !strings.Contains(err.Error(), "log-in at "+s.URL) {
			t.Fatal(err)
		}
		for from := 0; from+12 <= len(canarySecret); from++ {
			if strings.Contains(err.Error(), canarySecret[from:from+12]) {
				t.Fatalf("%d: %v", shape, err)
			}
		}
		if strings.Contains(err.Error(), base64.StdEncoding.EncodeToString([]byte(canaryID + ":" + canarySecret))[16:36]) {
			t.Errorf("%d: %v", shape, err)
		}
	}
}

// TestSamePlace tells the targets that may get the same headers.
func TestSamePlace(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"https://h.test/a", "https://h.test/b?c", true},
		{"https://h.test/a", "https://H.test:443/", true},
		{"x", "y", true},
		{"mock://", "mock://", true},
		{"https://h.test/a", "http://h.test/a", false},
		{"https://h.test/a", "https://h.test:8443/a", false},
		{"https://h.test/a", "https://h.test.evil/a", false},
		{"https://h.test/a", "https://h.test@evil.test/a", false},
		{"https://h.test/a", "x", false},
		{"mock://", "mock://?latency=1ms", false},
		{"x", "", false},
	} {
		if SameHost(c.a, c.b) != c.same || SameHost(c.b, c.a) != c.same {
			t.Errorf("%s and %s", c.a, c.b)
		}
	}
}

// TestBrokenFile has a configuration file with a secret on a line that cannot be
// read.
func TestBrokenFile(t *testing.T) {
	home := clean(t)
	if err := os.WriteFile(filepath.Join(home, ".databrickscfg"), []byte("[DEFAULT]\nhost = https://workspace.test\nclient_secret "+canarySecret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), "x", Options{}, time.Second)
	if err == nil || strings.Contains(err.Error(), "canarySecret") || !strings.Contains(err.Error(), "a line without =") {
		t.Error(err)
	}
}

// TestRouteURL has a workspace name hosts for a route-optimised endpoint to
// which no token must go.
func TestRouteURL(t *testing.T) {
	const path = "/1/serving-endpoints/fast/invocations"
	for url, well := range map[string]bool{
		"https://id.serving.test:8443" + path: true,
		"http://id.serving.test" + path:       false,
		"https://127.0.0.1" + path:            false,
		"https://[::1]:8443" + path:           false,
		"https://" + path:                     false,
		"//id.serving.test" + path:            false,
		"id.serving.test" + path:              false,
		"":                                    false,
	} {
		p := location{word: "fast", name: "fast"}
		if got, err := p.routeURL(&Details{Name: "fast", URL: url}); well != (err == nil) || well && got != url {
			t.Errorf("%s: %s, %v", url, got, err)
		}
	}
	for host, well := range map[string]bool{
		"https://id.serving.test": true, "https://ID.serving.test:443": true, "https://id.serving.test:8443": false,
		"https://id.serving.test.evil": false, "http://id.serving.test": false, "https://other.serving.test": false,
	} {
		p := location{word: host + path, name: "fast", routed: true, host: host}
		if _, err := p.routeURL(&Details{Name: "fast", URL: "https://id.serving.test" + path}); well != (err == nil) {
			t.Errorf("%s: %v", host, err)
		}
	}
	e := &Endpoint{}
	if err := e.connectTo(t.Context(), "https://someone:word@id.serving.test"+path, Options{}, time.Second); err == nil || strings.Contains(err.Error(), "word@") {
		t.Error(err)
	}
}
