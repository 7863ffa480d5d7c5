package endpoint

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"brunt/attack/mock/workspacetest"
	"brunt/payloads/needs"
)

// clean takes everything of Databricks out of the environment.
func clean(t *testing.T) (home string) {
	t.Helper()
	for _, word := range os.Environ() {
		if name, _, _ := strings.Cut(word, "="); strings.HasPrefix(name, "DATABRICKS_") || strings.HasPrefix(name, "ARM_") {
			t.Setenv(name, "")
		}
	}
	home = t.TempDir()
	t.Setenv("HOME", home)
	return home
}

// lookAlike starts a workspace, and gives the options to reach it by.
func lookAlike(t *testing.T, c workspacetest.Config) (*workspacetest.Server, Options) {
	t.Helper()
	w, err := workspacetest.Start(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	o := Options{CAFile: filepath.Join(t.TempDir(), "ca.pem")}
	if err := os.WriteFile(o.CAFile, w.CA(), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, e := range c.Endpoints {
		o.Resolve = append(o.Resolve, w.RouteHost(e.Name)+":127.0.0.1")
	}
	return w, o
}

// TestPlainURLAsksNobody opens plain URLs, with a workspace configured that is
// another and without any: no workspace or metadata service is asked.
func TestPlainURLAsksNobody(t *testing.T) {
	clean(t)
	var asked atomic.Int64
	metadata := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer metadata.Close()
	w, o := lookAlike(t, workspacetest.Config{PATs: []string{"dapi-canary"}, Endpoints: []workspacetest.Endpoint{{Name: "x"}}})
	for _, host := range []string{"", w.Host()} {
		t.Setenv("DATABRICKS_HOST", host)
		t.Setenv("DATABRICKS_TOKEN", strings.Repeat("dapi-canary", min(len(host), 1)))
		if host == "" {
			t.Setenv("DATABRICKS_METADATA_SERVICE_URL", metadata.URL)
		}
		for _, word := range []string{metadata.URL, "https://127.0.0.1:1/serving-endpoints/x/invocations", "https://127.0.0.1:1/", "http" + strings.TrimPrefix(w.Host(), "https") + "/serving-endpoints/x/invocations"} {
			e, err := Open(t.Context(), word, o, time.Second)
			if err != nil {
				t.Fatal(err)
			}
			if e.Authorization() != "" || e.Name != "" || e.workspace != nil {
				t.Errorf("%s: name %q, authorization %t", word, e.Name, e.Authorization() != "")
			}
			e.Close()
		}
		t.Setenv("DATABRICKS_METADATA_SERVICE_URL", "")
	}
	if s := w.Stats(); asked.Load()+s.LookUps+s.Discoveries+s.TokenRequests > 0 {
		t.Errorf("%d questions to the metadata service, %+v", asked.Load(), s)
	}
}

// TestCredentialsStayHome has credentials for one workspace, and opens what
// looks like another's: they do not come along.
func TestCredentialsStayHome(t *testing.T) {
	clean(t)
	w, o := lookAlike(t, workspacetest.Config{PATs: []string{"dapi-canary"}, ClientID: "id", Secret: "secret", Endpoints: []workspacetest.Endpoint{{Name: "x"}, {Name: "fast", RouteOptimized: true}}})
	other, _ := lookAlike(t, workspacetest.Config{})
	t.Setenv("DATABRICKS_HOST", w.Host())
	t.Setenv("DATABRICKS_TOKEN", "dapi-canary")
	for word, carries := range map[string]bool{
		"x":            true,
		w.Host() + "/": true,
		w.Host() + "/serving-endpoints/x/invocations":                                       true,
		w.Host() + "/ml/endpoints/x":                                                        true,
		other.Host() + "/serving-endpoints/x/invocations":                                   false,
		"http" + strings.TrimPrefix(w.Host(), "https") + "/serving-endpoints/x/invocations": false,
		strings.Replace(w.Host(), "127.0.0.1", "localhost", 1) + "/":                        false,
		w.Host() + ".evil.test/":                                                            false,
	} {
		e, err := Open(t.Context(), word, o, time.Second)
		if err != nil && carries {
			t.Errorf("%s: %v", word, err)
		}
		if err != nil {
			continue
		}
		if got := e.Authorization() == "Bearer dapi-canary"; got != carries {
			t.Errorf("%s: carries the token: %t", word, got)
		}
		if carries && word != w.Host()+"/" && (e.Name != "x" || e.Target.Path != "/serving-endpoints/x/invocations" || e.Details.MaxConcurrency() != 4) {
			t.Errorf("%s: %+v %+v", word, e.Target, e.Details)
		}
		e.Close()
	}
	if n := other.Stats(); n.LookUps+n.TokenRequests > 0 {
		t.Errorf("the other workspace was asked: %+v", n)
	}
	t.Setenv("DATABRICKS_TOKEN", "")
	t.Setenv("DATABRICKS_CLIENT_ID", "id")
	t.Setenv("DATABRICKS_CLIENT_SECRET", "secret")
	if e, err := Open(t.Context(), "https://00.serving.test/1/serving-endpoints/fast/invocations", o, time.Second); err == nil || !strings.Contains(err.Error(), "not where the workspace has") {
		t.Errorf("%v %v", e, err)
	}
}

// TestWaitReady waits for an endpoint to become ready.
func TestWaitReady(t *testing.T) {
	needs.Time(t)
	clean(t)
	w, o := lookAlike(t, workspacetest.Config{PATs: []string{"dapi-canary"}, Endpoints: []workspacetest.Endpoint{{Name: "x", NotReady: true}}})
	t.Setenv("DATABRICKS_HOST", w.Host())
	t.Setenv("DATABRICKS_TOKEN", "dapi-canary")
	if _, err := Open(t.Context(), "x", o, time.Second); err == nil || !strings.Contains(err.Error(), "time to become ready") {
		t.Error(err)
	}
	o.WaitReady = 20 * time.Second
	go func() {
		await(t, "a second look", func() bool { return w.Stats().LookUps >= 3 }) // the first was before the waiting
		_ = w.Put(workspacetest.Endpoint{Name: "x"})
	}()
	e, err := Open(t.Context(), "x", o, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if !e.Details.Ready {
		t.Errorf("%+v", e.Details)
	}
}

// TestServedModel puts the served entity into the path, wherever it is.
func TestServedModel(t *testing.T) {
	clean(t)
	w, o := lookAlike(t, workspacetest.Config{ClientID: "id", Secret: "secret", Endpoints: []workspacetest.Endpoint{{Name: "x"}, {Name: "fast", RouteOptimized: true}}})
	t.Setenv("DATABRICKS_HOST", w.Host())
	t.Setenv("DATABRICKS_CLIENT_ID", "id")
	t.Setenv("DATABRICKS_CLIENT_SECRET", "secret")
	for word, path := range map[string]string{
		"x": "/serving-endpoints/x/served-models/x-1/invocations",
		w.Host() + "/serving-endpoints/x/invocations":            "/serving-endpoints/x/served-models/x-1/invocations",
		w.Host() + "/ml/endpoints/x":                             "/serving-endpoints/x/served-models/x-1/invocations",
		"https://127.0.0.1:1/serving-endpoints/x/invocations":    "/serving-endpoints/x/served-models/x-1/invocations",
		"https://127.0.0.1:1/12/serving-endpoints/x/invocations": "",
		"fast": "/1234567890123456/serving-endpoints/fast/served-models/fast-1/invocations",
	} {
		o.ServedModel = "x-1"
		if word == "fast" {
			o.ServedModel = "fast-1"
		}
		e, err := Open(t.Context(), word, o, time.Second)
		if err != nil {
			if path != "" {
				t.Errorf("%s: %v", word, err)
			}
			continue
		}
		if e.Target.Path != path {
			t.Errorf("%s: %s", word, e.Target.Path)
		}
		e.Close()
	}
	if _, err := Open(t.Context(), "http://127.0.0.1:1/predict", o, time.Second); err == nil || !strings.Contains(err.Error(), "served model") {
		t.Error(err)
	}
}

// TestWorkspaceAstray meets what a workspace's host may answer that is none.
func TestWorkspaceAstray(t *testing.T) {
	clean(t)
	status, header, text := 200, "", "<html>log in</html>"
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if header != "" {
			w.Header().Set("Location", header)
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(text))
	}))
	defer s.Close()
	t.Setenv("DATABRICKS_HOST", s.URL)
	t.Setenv("DATABRICKS_TOKEN", "dapi-canary-token")
	for _, c := range []struct {
		status       int
		header, text string
		want         string
	}{
		{200, "", "<html>log in</html>", "is it a workspace?"},
		{302, "https://elsewhere.test/login?t=dapi-canary-token", "", "redirects to"},
		{502, "", "<html>bad gateway</html>", "502 Bad Gateway"},
		{403, "", "no access token dapi-canary-token here", "refuses the credentials"},
		{401, "", `{"error":{"message":"x"}}`, "refuses the credentials"},
		{500, "", strings.Repeat("long ", 10000), "500"},
	} {
		status, header, text = c.status, c.header, c.text
		_, err := Open(t.Context(), "x", Options{Insecure: true}, time.Second)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "canary-token") || len(err.Error()) > 600 {
			t.Errorf("%d: %v", c.status, err)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0") // never answers
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	t.Setenv("DATABRICKS_HOST", "https://"+l.Addr().String())
	if _, err := Open(t.Context(), "x", Options{Insecure: true}, 100*time.Millisecond); err == nil || !strings.Contains(err.Error(), "no answer in time") {
		t.Error(err)
	}
}

// TestProbeRepeatsNothing has a workspace say of an endpoint what it was sent.
func TestProbeRepeatsNothing(t *testing.T) {
	clean(t)
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent := r.Header.Get("Authorization")
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"name":"x %s","state":{"ready":"NOT_READY"},"config":{"served_entities":[{"name":%q,"state":{"deployment":"DEPLOYMENT_FAILED","deployment_state_message":%q}}]}}`, sent, sent, sent)
	}))
	defer s.Close()
	t.Setenv("DATABRICKS_HOST", s.URL)
	t.Setenv("DATABRICKS_TOKEN", "qq3vTokenOdd77zK")
	for _, word := range []string{"x", "x/served-models/none"} {
		found, err := Probe(t.Context(), word, Options{Insecure: true}, 5*time.Second)
		if err != nil {
			continue // of a word that names no endpoint
		}
		said := fmt.Sprint(found.Findings)
		if !strings.Contains(said, "NOT_READY") && word == "x" || strings.Contains(said, "qq3vTokenOdd77zK") {
			t.Errorf("%s: %s", word, said)
		}
	}
	if log.Writer() != io.Discard {
		t.Error("what libraries log of replies is shown")
	}
	t.Setenv("DATABRICKS_HOST", "127.0.0.1:1/?o=hunter2Kd93")
	if _, err := Open(t.Context(), "x", Options{}, time.Second); err == nil || strings.Contains(err.Error(), "hunter2Kd93") {
		t.Error(err)
	}
}

// TestProfileByHost finds the profile of a URL's workspace, where the host is
// one that workspaces have.
func TestProfileByHost(t *testing.T) {
	home := clean(t)
	text := "[DEFAULT]\nhost = https://a.cloud.databricks.com\ntoken = dapi-a\n[b]\nhost = b.cloud.databricks.com/\ntoken = dapi-b\n[c1]\nhost = https://c.azuredatabricks.net\ntoken = dapi-c\n[c2]\nhost = https://c.azuredatabricks.net\ntoken = dapi-d\n"
	if err := os.WriteFile(filepath.Join(home, ".databrickscfg"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	o := Options{Resolve: []string{"a.cloud.databricks.com:127.0.0.1", "b.cloud.databricks.com:127.0.0.1", "c.azuredatabricks.net:127.0.0.1", "d.azuredatabricks.net:127.0.0.1"}}
	for host, want := range map[string]string{"a.cloud.databricks.com": "Bearer dapi-a", "B.cloud.databricks.com": "Bearer dapi-b", "d.azuredatabricks.net": ""} {
		e, err := Open(t.Context(), "https://"+host+"/api", o, time.Second)
		if err != nil {
			t.Errorf("%s: %v", host, err)
			continue
		}
		if e.Authorization() != want {
			t.Errorf("%s: %q", host, e.Authorization())
		}
		e.Close()
	}
	if _, err := Open(t.Context(), "https://c.azuredatabricks.net/api", o, time.Second); err == nil || !strings.Contains(err.Error(), "c1, c2") {
		t.Error(err)
	}
	o.Profile = "c2"
	e, err := Open(t.Context(), "https://c.azuredatabricks.net/api", o, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if e.Authorization() != "Bearer dapi-d" {
		t.Error(e.Authorization())
	}
}

func TestNearest(t *testing.T) {
	names := []string{"churn-prod", "churn-test", "fraud", "llama-3-70b"}
	for name, want := range map[string]string{"churn": "churn-prod, churn-test", "froud": "fraud", "Llama-3-70": "llama-3-70b", "zzzzzz": "which has 4: churn-prod"} {
		if got := nearest(name, names); !strings.Contains(got, want) {
			t.Errorf("%s: %s", name, got)
		}
	}
}
