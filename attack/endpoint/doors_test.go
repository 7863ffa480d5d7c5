package endpoint

import (
	"strings"
	"testing"
	"time"

	"brunt/attack/mock/workspacetest"
	"brunt/payloads"
)

// TestDoors: the ways into a workspace besides an endpoint's name and its URL.
func TestDoors(t *testing.T) {
	clean(t)
	w, o := lookAlike(t, workspacetest.Config{PATs: []string{"dapi-canary"}, ClientID: "id", Secret: "secret",
		Endpoints: []workspacetest.Endpoint{{Name: "x"}}})
	_, port, _ := strings.Cut(w.RouteAddr(), ":")
	app := "https://my-agent-123" + workspacetest.AppDomain + ":" + port
	o.Resolve = append(o.Resolve, "my-agent-123"+workspacetest.AppDomain+":127.0.0.1")
	t.Setenv("DATABRICKS_HOST", " \t"+w.Host()+"/ \r\n")
	t.Setenv("DATABRICKS_CLIENT_ID", "id")
	t.Setenv("DATABRICKS_CLIENT_SECRET", "secret")
	for _, c := range []struct{ word, url, name, model string }{
		{"x", w.Host() + "/serving-endpoints/x/invocations", "x", ""},
		{" x\r\n", w.Host() + "/serving-endpoints/x/invocations", "x", ""},
		{"\t" + w.Host() + "/serving-endpoints/x/invocations ", w.Host() + "/serving-endpoints/x/invocations", "x", ""},
		{w.Host() + "/serving-endpoints/x", w.Host() + "/serving-endpoints/x/invocations", "x", ""},
		{w.Host() + "/serving-endpoints/x/?a=b", w.Host() + "/serving-endpoints/x/invocations?a=***", "x", ""},
		{w.Host() + "/serving-endpoints/x/served-models/x-1", w.Host() + "/serving-endpoints/x/served-models/x-1/invocations", "x", ""},
		{"system.ai.claude-sonnet-4-5", w.Host() + "/ai-gateway/mlflow/v1/chat/completions", "", "system.ai.claude-sonnet-4-5"},
		{w.Host() + "/ai-gateway/anthropic/v1/messages", w.Host() + "/ai-gateway/anthropic/v1/messages", "", ""},
		{w.Host() + "/serving-endpoints/anthropic/v1/messages", w.Host() + "/serving-endpoints/anthropic/v1/messages", "", ""},
		{app + "/invocations", app + "/invocations", "", ""},
	} {
		e, err := Open(t.Context(), c.word, o, 5*time.Second)
		if err != nil {
			t.Errorf("%q: %v", c.word, err)
			continue
		}
		if e.Target.URL != c.url || e.Name != c.name || e.Model != c.model || !strings.HasPrefix(e.Authorization(), "Bearer ") {
			t.Errorf("%q: %s, %q, %q, with a token: %t", c.word, e.Target.URL, e.Name, e.Model, e.Authorization() != "")
		}
		e.WatchHeaders(func(list []payloads.Header) {
			if len(list) != 1 || list[0].Name != "Authorization" {
				t.Errorf("%q carries %d headers", c.word, len(list))
			}
		})
		e.Close()
	}
	// No other host of that ending gets a token, and none over plain HTTP.
	for _, word := range []string{"https://my-agent-123" + workspacetest.AppDomain + ".evil.test/", "https://evildatabricksapps.com/",
		"http://my-agent-123" + workspacetest.AppDomain + "/", "https://127.0.0.1:1/databricksapps.com"} {
		p, _, found, err := locate(word, o)
		if err != nil || p.app || found {
			t.Errorf("%s: an app: %t, found: %t, %v", word, p.app, found, err)
		}
	}
	// An app takes no personal access token: said before anything is sent to it.
	before := w.Stats().Invocations
	t.Setenv("DATABRICKS_CLIENT_ID", "")
	t.Setenv("DATABRICKS_CLIENT_SECRET", "")
	t.Setenv("DATABRICKS_TOKEN", "dapi-canary")
	if e, err := Open(t.Context(), app+"/invocations", o, 5*time.Second); err == nil || w.Stats().Invocations != before ||
		!strings.Contains(err.Error(), "an app takes OAuth tokens only, no personal access token: run databricks auth login") {
		t.Errorf("%v %v", e, err)
	}
	o.NoAuth = true
	if e, err := Open(t.Context(), app+"/invocations", o, 5*time.Second); err != nil || e.Authorization() != "" {
		t.Error(err)
	} else {
		e.Close()
	}
	if _, err := Open(t.Context(), "system.ai.claude-sonnet-4-5", o, time.Second); err == nil || !strings.Contains(err.Error(), gatewayPath) {
		t.Error(err)
	}
	if err := Check("main.default.my-service"); err == nil || !strings.Contains(err.Error(),
		"http://main.default.my-service or mock://, or for a model service of Unity AI Gateway https://WORKSPACE"+gatewayPath) {
		t.Error(err)
	}
	o.NoAuth = false
	if _, err := Open(t.Context(), "databricks-claude-opus-4-6", o, 5*time.Second); err == nil ||
		!strings.Contains(err.Error(), "; a model of Unity AI Gateway is given as system.ai.claude-opus-4-6") {
		t.Error(err)
	}
}
