package attack

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"brunt/attack/cause"
	"brunt/attack/endpoint"
	"brunt/attack/mock"
	"brunt/attack/mock/workspacetest"
	"brunt/attack/plan"
	"brunt/payloads/needs"
)

// row is an answer of Model Serving, or of what stands before it, and what the
// reader is told.
type row struct {
	name    string
	status  int
	kind    string // content type; JSON where empty
	body    string
	cause   cause.Cause
	message string // what the example begins with
	advice  string // what it holds; "" for none
}

const (
	raiseIt   = "raise it, or this is your limit"
	routeIt   = "route optimisation removes it"
	maxTokens = "max_tokens is reserved ahead of output"
	signature = "does not fit the model's signature"
	canQuery  = "lack Can Query"
	wrongName = "the endpoint's name, the path or the workspace is wrong"
	slower    = "scaled to zero, or slower than the limit (297 s)"
)

// rowsOf makes the table anew: one of its bodies is too large to be kept.
func rowsOf() []row {
	return []row{
		{"concurrency", 429, "", `{"error_code":"REQUEST_LIMIT_EXCEEDED","message":"Too many concurrent requests. Consider increasing the provisioned concurrency."}`, cause.Concurrency, "Too many concurrent requests.", raiseIt},
		{"concurrency, as error", 429, "", `{"error":"Too many concurrent requests. Consider increasing the provisioned concurrency."}`, cause.Concurrency, "Too many concurrent requests.", raiseIt},
		{"concurrency, nested", 429, "", `{"error_code":"BAD_REQUEST","message":"{\"error\":{\"message\":\"Too many concurrent requests. Consider increasing the provisioned concurrency.\",\"code\":429}}"}`, cause.Concurrency, "Too many concurrent requests.", raiseIt},
		{"workspace", 429, "", `{"error_code":"RESOURCE_EXHAUSTED","message":"Exceeded max number of parallel requests for this workspace."}`, cause.Workspace, "Exceeded max number of parallel requests", routeIt},
		{"workspace, as text", 429, "text/plain", "REQUEST_LIMIT_EXCEEDED: Exceeded max number of parallel requests.", cause.Workspace, "REQUEST_LIMIT_EXCEEDED: Exceeded", routeIt},
		{"ITPM", 429, "", `{"error":{"message":"Too Many Requests","type":"rate_limit_exceeded","code":429,"limit_type":"ITPM","retry_after":12}}`, cause.Tokens, "Too Many Requests (ITPM, retry after 12 s)", maxTokens},
		{"OTPM", 429, "", `{"error":{"message":"Too Many Requests","type":"rate_limit_exceeded","limit_type":"OTPM","retry_after":3}}`, cause.Tokens, "Too Many Requests (OTPM, retry after 3 s)", maxTokens},
		{"QPS", 429, "", `{"error":{"message":"Too Many Requests","type":"rate_limit_exceeded","limit_type":"QPS"}}`, cause.Requests, "Too Many Requests (QPS)", "send fewer"},
		{"QPH", 429, "", `{"error":{"message":"Too Many Requests","type":"rate_limit_exceeded","limit_type":"QPH","retry_after":1800}}`, cause.Requests, "Too Many Requests (QPH, retry after 1800 s)", "send fewer"},
		{"QPS, nested", 429, "", `{"error_code":"REQUEST_LIMIT_EXCEEDED","message":"{\"error\":{\"message\":\"Too Many Requests\",\"limit_type\":\"QPS\",\"retry_after\":2}}"}`, cause.Requests, "Too Many Requests (QPS, retry after 2 s)", "send fewer"},
		{"tokens of the workspace", 429, "", `{"error_code":"REQUEST_LIMIT_EXCEEDED","message":"REQUEST_LIMIT_EXCEEDED: Exceeded workspace input tokens per minute rate limit for x"}`, cause.Tokens, "Exceeded workspace input tokens per minute", maxTokens},
		{"requests of the workspace", 429, "", `{"error_code":"REQUEST_LIMIT_EXCEEDED","message":"REQUEST_LIMIT_EXCEEDED: Exceeded workspace queries per second rate limit for x"}`, cause.Requests, "Exceeded workspace queries per second", "send fewer"},
		{"requests of the gateway", 429, "", `{"error_code":"REQUEST_LIMIT_EXCEEDED","message":"REQUEST_LIMIT_EXCEEDED: User defined rate limit(s) exceeded for endpoint x: Requests-per-minute (RPM)"}`, cause.Gateway, "User defined rate limit(s) exceeded", "AI Gateway: raise it there"},
		{"tokens of the gateway", 429, "", `{"error_code":"REQUEST_LIMIT_EXCEEDED","message":"REQUEST_LIMIT_EXCEEDED: User defined rate limit(s) exceeded for endpoint x: Tokens-per-minute (TPM)"}`, cause.Gateway, "User defined rate limit(s) exceeded", "AI Gateway: raise it there"},
		{"no words", 429, "", "", cause.Rate, "", "a limit of the endpoint, or of a proxy"},

		{"input", 400, "", `{"error_code":"BAD_REQUEST","message":"Failed to parse input as a DataFrame."}`, cause.BadInput, "Failed to parse input", "test " + signature},
		{"token", 401, "", `{"error_code":"401","message":"Invalid access token."}`, cause.Credentials, "Invalid access token.", "token wrong or expired"},
		{"token, forbidden", 403, "", `{"error_code":"403","message":"Invalid access token."}`, cause.Credentials, "Invalid access token.", "token wrong or expired"},
		{"permission", 403, "", `{"error_code":"PERMISSION_DENIED","message":"You do not have permission."}`, cause.Permission, "You do not have permission.", canQuery},
		{"endpoint", 404, "", `{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"Endpoint with name 'x' does not exist."}`, cause.NotFound, "Endpoint with name 'x' does not exist.", wrongName},
		{"endpoint, as text", 404, "text/plain", "ENDPOINT_NOT_FOUND: The given endpoint does not exist.", cause.NotFound, "ENDPOINT_NOT_FOUND: The given", wrongName},
		{"unavailable", 503, "text/plain", "upstream connect error or disconnect/reset before headers", cause.Unavailable, "upstream connect error", "scaled to zero"},
		{"starting", 503, "", `{"error_code":"TEMPORARILY_UNAVAILABLE","message":"The endpoint is scaled to zero."}`, cause.ColdStart, "The endpoint is scaled to zero.", "turn scale-to-zero off"},
		{"too slow", 504, "text/plain", "upstream request timeout", cause.GatewayTimeout, "upstream request timeout", slower},
		{"too slow, as 503", 503, "", `{"error_code":"TEMPORARILY_UNAVAILABLE","message":"upstream request timeout"}`, cause.GatewayTimeout, "upstream request timeout", slower},

		// Shapes that nobody has announced.
		{"a page", 502, "text/html", "<!doctype html>\n<html><head>\n<title>502 Bad Gateway</title></head><body><center><h1>Oh</h1></center>", cause.BadGateway, "502 Bad Gateway", "out of memory, or crashed"},
		{"a page without a title", 503, "text/html", "<html><body><h1>Service Unavailable</h1><p>Try later</p></body></html>", cause.Unavailable, "Service Unavailable", "overloaded"},
		{"empty", 500, "", "", cause.Server, "", "give support the request id"},
		{"50 MB", 500, "text/plain", "long: " + strings.Repeat("0123456789", 5<<20), cause.Server, "long: 0123456789", "give support the request id"},
		{"binary", 500, "application/octet-stream", "\x00\x01\x02\xff\xfe\x1b[2J" + strings.Repeat("\x00\x9f", 300), cause.Server, "a body that is no text", "give support the request id"},
		{"Latin-1", 500, "", "{\"message\":\"caf\xe9 ferm\xe9\"}", cause.Server, "caf\uFFFD ferm\uFFFD", "give support the request id"},
		{"control characters", 500, "text/plain", "a\x1b[31mred\r\nline\ttab", cause.Server, "a [31mred line tab", "give support the request id"},
		{"JSON cut short", 429, "", `{"error":{"type":"rate_limit_exceeded","limit_type":"ITPM","message":"Too Many Requ`, cause.Tokens, "Too Many Requ… (ITPM)", maxTokens},
		{"JSON cut short in a key", 500, "", `{"error_code":"INTERNAL_ERROR","mess`, cause.Server, "INTERNAL_ERROR", "give support the request id"},
		{"JSON that is none", 500, "", `{"message":"x",}}{"message"`, cause.Server, "x", "give support the request id"},
		{"JSON within JSON within JSON", 400, "", `{"message":"{\"detail\":\"{\\\"error\\\":\\\"Failed to parse input\\\"}\"}"}`, cause.BadInput, "Failed to parse input", "test " + signature},
		{"JSON behind a mark", 500, "", "\uFEFF" + `{"message":"marked"}`, cause.Server, "marked", "give support the request id"},
		{"a list", 500, "", `[{"message":"listed"}]`, cause.Server, `[{"message":"listed"}]`, "give support the request id"},
		{"a number", 500, "", "42", cause.Server, "42", "give support the request id"},
		{"deep", 500, "", strings.Repeat(`{"a":`, 20_000), cause.Server, `{"a":`, "give support the request id"},
		{"a status of its own", 499, "text/plain", "gone", "", "gone", ""},
	}
}

// TestRows has each answer given to the third to seventh of nine requests, over
// HTTP/1.1 and 2, by a workspace: it is counted, timed and explained, by the
// first of them.
func TestRows(t *testing.T) {
	needs.Time(t)
	const requests, from, to = 9, 3, 7
	var current atomic.Pointer[row]
	var asked atomic.Int64
	var o endpoint.Options
	workspaceFor(t, time.Hour, &o, workspacetest.Endpoint{Name: "x", Answer: func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		n, c := asked.Add(1), current.Load()
		w.Header().Set("X-Databricks-Request-Id", "request-"+strconv.FormatInt(n, 10))
		if n < from || n > to {
			io.WriteString(w, `{"predictions":[1]}`)
			return
		}
		if w.Header().Set("Content-Type", "application/json"); c.kind != "" {
			w.Header().Set("Content-Type", c.kind)
		}
		w.WriteHeader(c.status)
		if len(c.body) > 1<<20 && n > from { // once is enough
			io.WriteString(w, c.body[:1<<10])
			return
		}
		io.WriteString(w, c.body)
	}})
	rows := rowsOf()
	for i := range rows {
		if racing && i%4 > 0 {
			continue
		}
		c := &rows[i]
		current.Store(c)
		for _, http2s := range []bool{false, true} {
			asked.Store(0)
			p := testPlan(requests)
			p.Concurrency, p.HTTP2, p.Timeout = 1, http2s, 20*time.Second
			run, _ := begin(t, "x", p, o)
			<-run.Done()
			s := run.Snapshot()
			checkBooks(t, s)
			what := fmt.Sprintf("%s, HTTP/2 %t", c.name, http2s)
			if len(s.Failures) != 1 || s.Counts.Succeeded != requests-(to-from+1) {
				t.Errorf("%s: %+v %+v", what, s.Counts, s.Failures)
				continue
			}
			f := s.Failures[0]
			if f.Status != c.status || f.Kind != "status_"+strconv.Itoa(c.status) || f.Cause != c.cause || f.Count != to-from+1 || s.Status[c.status] != f.Count {
				t.Errorf("%s: %+v", what, f)
			}
			if !strings.HasPrefix(f.Message.String(), c.message) || c.message == "" && f.Message.String() != "" || len(f.Message.String()) > 300 || strings.ContainsFunc(f.Message.String(), func(r rune) bool { return r < ' ' }) {
				t.Errorf("%s: message %q", what, f.Message.String())
			}
			if !strings.Contains(f.Advice.String(), c.advice) || (c.advice == "") != (f.Advice.String() == "") {
				t.Errorf("%s: advice %q", what, f.Advice.String())
			}
			if f.RequestID != "request-3" || f.Headers["x-databricks-request-id"] != "request-3" {
				t.Errorf("%s: the example is of %s, %v", what, f.RequestID, f.Headers)
			}
			if f.First <= 0 || f.Last <= f.First || f.Last >= s.Elapsed {
				t.Errorf("%s: from %s to %s of %s", what, f.First, f.Last, s.Elapsed)
			}
			if want := uint64(len(c.body)); s.Counts.BytesIn < want {
				t.Errorf("%s: %d of %d bytes were read", what, s.Counts.BytesIn, want)
			}
		}
	}
}

// TestWorkspaceRefuses has a workspace change its mind under load: what it then
// answers is explained.
func TestWorkspaceRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		change func(w *workspacetest.Server)
		status int
		cause  cause.Cause
		advice string
	}{
		"tokens revoked":     {func(w *workspacetest.Server) { w.Revoke() }, 401, cause.Credentials, "token wrong or expired"},
		"permission taken":   {func(w *workspacetest.Server) { _ = w.Put(workspacetest.Endpoint{Name: "x", Denied: true}) }, 403, cause.Permission, canQuery},
		"endpoint deleted":   {func(w *workspacetest.Server) { w.Drop("x") }, 404, cause.NotFound, wrongName},
		"endpoint not ready": {func(w *workspacetest.Server) { _ = w.Put(workspacetest.Endpoint{Name: "x", NotReady: true}) }, 503, cause.ColdStart, "no replica ready"},
		"route-optimised now": {func(w *workspacetest.Server) { _ = w.Put(workspacetest.Endpoint{Name: "x", RouteOptimized: true}) }, 404, cause.NotFound,
			wrongName},
	} {
		for _, http2s := range []bool{false, true} {
			var o endpoint.Options
			w := workspaceFor(t, time.Hour, &o, workspacetest.Endpoint{Name: "x"})
			p := testPlan(0)
			p.Rate, p.Concurrency, p.Duration, p.HTTP2 = mustRate(t, "200"), 16, time.Minute, http2s
			run, _ := begin(t, "x", p, o)
			await(func() bool { return w.Stats().Served > 20 })
			c.change(w)
			await(func() bool { return len(collected(run).Failures) > 0 })
			run.Stop(plan.Drain)
			<-run.Done()
			s := run.Snapshot()
			checkBooks(t, s)
			noSecrets(t, w, s)
			if len(s.Failures) != 1 {
				t.Errorf("%s, HTTP/2 %t: %+v", name, http2s, s.Failures)
				continue
			}
			f := s.Failures[0]
			if f.Status != c.status || f.Cause != c.cause || !strings.Contains(f.Advice.String(), c.advice) || !strings.HasPrefix(f.RequestID, "00000000-") || f.Message.String() == "" {
				t.Errorf("%s, HTTP/2 %t: %+v, %q", name, http2s, f, f.Advice.String())
			}
		}
	}
}

// TestMockRefuses has the embedded endpoint run into its limits.
func TestMockRefuses(t *testing.T) {
	for word, want := range map[string]cause.Cause{
		"mock://?latency=50ms&concurrency=1&queue=1&sigma=0": cause.Concurrency,
		"mock://?latency=1ms&errors=1":                       cause.Model,
		"mock://?latency=1ms&errors=1&error-status=503":      cause.Unavailable,
		"mock://?latency=1ms&errors=1&error-status=504":      cause.GatewayTimeout,
	} {
		if _, err := mock.Parse(word); err != nil {
			t.Fatal(err)
		}
		p := testPlan(20)
		p.Concurrency = 8
		s := attackOf(t, word, p)
		if len(s.Failures) != 1 || s.Failures[0].Cause != want || s.Failures[0].Advice.String() != cause.AdviceOn(want, &cause.Answered{Databricks: true}) || s.Failures[0].RequestID == "" {
			t.Errorf("%s: %+v", word, s.Failures)
		}
	}
}

// TestRedirectIsNamed has invocations redirected: nothing follows, and the
// message says where to, without what the URL's query holds.
func TestRedirectIsNamed(t *testing.T) {
	for _, http2s := range []bool{false, true} {
		var o endpoint.Options
		w := workspaceFor(t, time.Hour, &o, workspacetest.Endpoint{Name: "x", Answer: func(w http.ResponseWriter, r *http.Request) {
			_, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
			http.Redirect(w, r, "https://elsewhere.test/login?token="+token+"&next=/x#access_token="+token, http.StatusTemporaryRedirect)
		}})
		p := testPlan(3)
		p.HTTP2 = http2s
		run, _ := begin(t, "x", p, o)
		<-run.Done()
		s := run.Snapshot()
		noSecrets(t, w, s)
		if len(s.Failures) != 1 || s.Failures[0].Message.String() != "redirects to https://elsewhere.test/login?token=***&next=***#access_token=***" || s.Failures[0].Cause != cause.Redirect || s.Failures[0].Count != 3 {
			t.Errorf("%+v", s.Failures)
		}
	}
}
