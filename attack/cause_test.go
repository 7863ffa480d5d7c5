package attack

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"unicode/utf8"

	"brunt/attack/figure"
)

// refused is a reply that an endpoint may give, and what is to be made of it.
type refused struct {
	status  int
	body    string
	cause   Cause
	message string
}

// refusals are replies in all shapes that Model Serving, and what stands before
// it, answer in.
var refusals = []refused{
	{429, `{"error_code":"REQUEST_LIMIT_EXCEEDED","message":"Too many concurrent requests. Consider increasing the provisioned concurrency of the served entity."}`,
		CauseConcurrency, "Too many concurrent requests. Consider increasing the provisioned concurrency of the served entity."},
	{429, `{"error": "Too many concurrent requests. Consider increasing the provisioned concurrency."}`,
		CauseConcurrency, "Too many concurrent requests. Consider increasing the provisioned concurrency."},
	{429, "REQUEST_LIMIT_EXCEEDED: Exceeded max number of parallel requests. Please contact your Databricks representative.",
		CauseWorkspace, "REQUEST_LIMIT_EXCEEDED: Exceeded max number of parallel requests. Please contact your Databricks representative."},
	{429, `{"error_code": "RESOURCE_EXHAUSTED", "message": "Exceeded max number of parallel requests for this workspace."}`,
		CauseWorkspace, "Exceeded max number of parallel requests for this workspace."},
	{429, `{"error_code":"REQUEST_LIMIT_EXCEEDED","message":"REQUEST_LIMIT_EXCEEDED: Exceeded workspace input tokens per minute rate limit for databricks-llama"}`,
		CauseTokens, "Exceeded workspace input tokens per minute rate limit for databricks-llama"},
	{429, `{"error":{"message":"Too Many Requests","type":"rate_limit_exceeded","code":429,"limit_type":"ITPM","limit":200000,"current":200150,"retry_after":12}}`,
		CauseTokens, "Too Many Requests (ITPM, retry after 12 s)"},
	{429, `{"error":{"message":"Rate limit exceeded","type":"rate_limit_exceeded","code":"429","limit_type":"output_tokens_per_minute","retry_after":"3"}}`,
		CauseTokens, "Rate limit exceeded (output_tokens_per_minute, retry after 3 s)"},
	{429, `{"error":{"message":"Too Many Requests","type":"rate_limit_exceeded","code":429,"limit_type":"QPH","retry_after":1800}}`,
		CauseRequests, "Too Many Requests (QPH, retry after 1800 s)"},
	{429, `{"error_code":"REQUEST_LIMIT_EXCEEDED","message":"Exceeded workspace rate limit of 360 requests per hour."}`,
		CauseRequests, "Exceeded workspace rate limit of 360 requests per hour."},
	{429, `{"error_code":"REQUEST_LIMIT_EXCEEDED","message":"REQUEST_LIMIT_EXCEEDED: User defined rate limit(s) exceeded for endpoint x: Requests-per-minute (RPM) limit of 10"}`,
		CauseGateway, "User defined rate limit(s) exceeded for endpoint x: Requests-per-minute (RPM) limit of 10"},
	{429, "", CauseRate, ""},
	{429, "<html>\r\n<head><title>429 Too Many Requests</title></head>\r\n<body></body></html>", CauseRate, "429 Too Many Requests"},

	{400, `{"error_code": "BAD_REQUEST", "message": "Failed to parse input as a DataFrame. Ensure that the input is a valid DataFrame: missing column 'a'. Traceback …"}`,
		CauseBadInput, "Failed to parse input as a DataFrame. Ensure that the input is a valid DataFrame: missing column 'a'. Traceback …"},
	{400, `{"error_code":"BAD_REQUEST","message":"Failed to predict data. Error: Failed to enforce schema of data '…' with schema '['a': double (required)]'. Exception: …"}`,
		CauseBadInput, "Failed to predict data. Error: Failed to enforce schema of data '…' with schema '['a': double (required)]'. Exception: …"},
	{400, `{"error_code":"BAD_REQUEST","message":"Encountered an unexpected error while evaluating the model. Verify that the input is compatible with the model for inference. Error ''NoneType' object'"}`,
		CauseModel, "Encountered an unexpected error while evaluating the model. Verify that the input is compatible with the model for inference. Error ''NoneType' object'"},
	{400, `{"error":{"message":"This model's maximum context length is 8192 tokens. However, you requested 9000.","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}`,
		CauseTooLong, "This model's maximum context length is 8192 tokens. However, you requested 9000."},
	{400, "?", CauseBadRequest, "?"},
	{422, `{"detail":[{"loc":["body"],"msg":"field required"}]}`, CauseBadInput, `{"detail":[{"loc":["body"],"msg":"field required"}]}`},
	{413, `{"error_code":"REQUEST_TOO_LARGE","message":"The request body is larger than the limit of 16 MB."}`, CauseTooLarge, "The request body is larger than the limit of 16 MB."},
	{400, `{"error_code":"BAD_REQUEST","message":"Request size cannot exceed 16777216 bytes."}`, CauseTooLarge, "Request size cannot exceed 16777216 bytes."},
	{413, "<html><head><title>413 Request Entity Too Large</title></head></html>", CauseTooLarge, "413 Request Entity Too Large"},

	{401, `{"error_code":"401","message":"Credential was not sent or was of an unsupported type for this API."}`, CauseCredentials, "Credential was not sent or was of an unsupported type for this API."},
	{403, `{"error_code":"403","message":"Invalid access token. [ReqId: 0d2f]"}`, CauseCredentials, "Invalid access token. [ReqId: 0d2f]"},
	{403, "Invalid access token.", CauseCredentials, "Invalid access token."},
	{401, `{"error_code":"401","message":"Invalid Token: Bearer dapi0123456789abcdef0123456789abcdef-2"}`, CauseCredentials, "Invalid Token: ***"},
	{403, `{"error_code":"PERMISSION_DENIED","message":"You do not have permission to query the endpoint."}`, CausePermission, "You do not have permission to query the endpoint."},
	{403, `{"error_code":"403","message":"Unauthorized network access to workspace: 123. Source IP address: 192.0.2.1 is blocked by Databricks IP ACL for workspace: 123"}`,
		CauseAddress, "Unauthorized network access to workspace: 123. Source IP address: 192.0.2.1 is blocked by Databricks IP ACL for workspace: 123"},
	{404, `{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"Endpoint with name 'x' does not exist."}`, CauseNotFound, "Endpoint with name 'x' does not exist."},
	{404, `{"error_code":"ENDPOINT_NOT_FOUND","message":"The given endpoint does not exist, please retry after checking the specified model and version deployment exists."}`,
		CauseNotFound, "The given endpoint does not exist, please retry after checking the specified model and version deployment exists."},
	{405, "", CauseMethod, ""},
	{302, "", CauseRedirect, ""},

	{503, "upstream connect error or disconnect/reset before headers. reset reason: connection failure", CauseUnavailable, "upstream connect error or disconnect/reset before headers. reset reason: connection failure"},
	{503, "no healthy upstream", CauseColdStart, "no healthy upstream"},
	{503, `{"error_code":"TEMPORARILY_UNAVAILABLE","message":"The endpoint is scaled to zero and is starting up."}`, CauseColdStart, "The endpoint is scaled to zero and is starting up."},
	{503, `{"error_code":"TEMPORARILY_UNAVAILABLE","message":"The service at /x is temporarily unavailable."}`, CauseUnavailable, "The service at /x is temporarily unavailable."},
	{504, "upstream request timeout", CauseGatewayTimeout, "upstream request timeout"},
	{504, "<html><head><title>504 Gateway Time-out</title></head>", CauseGatewayTimeout, "504 Gateway Time-out"},
	{504, `{"error_code":"DEADLINE_EXCEEDED","message":"Timed out after 297 s."}`, CauseGatewayTimeout, "Timed out after 297 s."},
	{503, `{"message":"upstream request timeout"}`, CauseGatewayTimeout, "upstream request timeout"},
	{502, "<HTML><TITLE>502 Bad Gateway</TITLE></HTML>", CauseBadGateway, "502 Bad Gateway"},
	{500, `{"error_code":"INTERNAL_ERROR","message":"Traceback (most recent call last): …"}`, CauseModel, "Traceback (most recent call last): …"},
	{500, `{"error_code":"INTERNAL_ERROR","message":""}`, CauseServer, "INTERNAL_ERROR"},
	{500, "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xab\x56\x4a\xcb", CauseServer, "a body that is no text"},
	{500, "null", CauseServer, "null"},
	{529, "", CauseServer, ""},
	{418, `{"error_code":"TEAPOT","message":"short and stout"}`, "", "short and stout"},

	// The sample ends within the message.
	{400, `{"error_code":"BAD_REQUEST","message":"Failed to parse input: \"` + strings.Repeat("a", 600), CauseBadInput, `Failed to parse input: "` + strings.Repeat("a", 176) + "…"},
	{429, `{"error":{"type":"rate_limit_exceeded","limit_type":"OTPM","message":"` + strings.Repeat("é", 300), CauseTokens, strings.Repeat("é", 100) + "… (OTPM)"},
}

func TestCauses(t *testing.T) {
	for _, c := range refusals {
		sample := []byte(c.body[:min(len(c.body), sampleSize)])
		if got, _ := causeOf(c.status, sample, true); got != c.cause {
			t.Errorf("%d %s: %q, expected %q", c.status, c.body, got, c.cause)
		}
		if got := describeBody(sample); got != c.message {
			t.Errorf("%d %s:\n%q, expected\n%q", c.status, c.body, got, c.message)
		}
	}
	for _, r := range rules {
		for _, w := range r.words {
			for _, part := range [][]byte{w.first, w.second} {
				if string(part) != strings.ToLower(string(part)) {
					t.Errorf("%q is not in lower case", part)
				}
			}
		}
	}
	sample := []byte(refusals[0].body)
	if n := testing.AllocsPerRun(100, func() { causeOf(429, sample, false) }); n != 0 {
		t.Errorf("%g allocations for a cause", n)
	}
}

// Whatever an endpoint answers, its message is one line of text that ends.
func FuzzFailedReply(f *testing.F) {
	for _, c := range refusals {
		f.Add(c.status, []byte(c.body))
	}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		body = body[:min(len(body), sampleSize)]
		before := bytes.Clone(body)
		message := describeBody(body)
		for _, theirs := range []bool{false, true} {
			cause, known := causeOf(status, body, theirs)
			if theirs && !known {
				t.Error("an endpoint of Databricks is none")
			}
			if said := adviceOn(cause, &answered{databricks: known, method: "POST", payload: "x"}); !known && databricksWords.MatchString(said) {
				t.Errorf("%d %s: %s", status, body, said)
			}
		}
		if !utf8.ValidString(message) || len(message) > 300 || message != strings.Join(strings.Fields(message), " ") {
			t.Errorf("%q", message)
		}
		if !bytes.Equal(before, body) {
			t.Error("the body was changed")
		}
	})
}

// TestFailuresByCause has a server answer in every shape, in turns.
func TestFailuresByCause(t *testing.T) {
	const rounds = 3
	var turn atomic.Int64
	answer := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		n := int(turn.Add(1) - 1)
		c := refusals[n%len(refusals)]
		w.Header().Set("X-Databricks-Request-Id", fmt.Sprintf("request-%d", n))
		w.Header().Set("Set-Cookie", "session=canary")
		w.Header().Set("X-Auth-Token", "canary")
		w.Header()["Via"] = []string{"one", "two"}
		w.WriteHeader(c.status)
		io.WriteString(w, c.body)
	})
	type key struct {
		status int
		cause  Cause
	}
	want, first := map[key]uint64{}, map[key]refused{}
	for _, c := range refusals {
		k := key{c.status, c.cause}
		if want[k] == 0 {
			first[k] = c
		}
		want[k] += rounds
	}
	plain := httptest.NewServer(answer)
	defer plain.Close()
	multiplexed, _ := h2Server(t, false, 0, answer)
	for _, http2s := range []bool{false, true} {
		turn.Store(0)
		p, url := testPlan(uint64(rounds*len(refusals))), plain.URL
		if p.Concurrency = 1; http2s {
			p.HTTP2, url = true, multiplexed
		}
		s := attackOf(t, url, p)
		got := map[key]uint64{}
		for _, f := range s.Failures {
			k := key{f.Status, f.Cause}
			got[k] += f.Count
			if f.Kind != fmt.Sprintf("status_%d", f.Status) || f.Message.String() != first[k].message || !strings.HasPrefix(f.RequestID, "request-") || f.Payload == "" {
				t.Errorf("HTTP/2 %v: %+v, expected %q", http2s, f, first[k].message)
			}
			silent := f.Cause == "" || f.Cause == CauseBadRequest || f.Cause == CauseRedirect // to no place
			if f.Advice.String() == "" != silent || f.Last < f.First {
				t.Errorf("HTTP/2 %v: %+v", http2s, f)
			}
			h := f.Headers
			if h["set-cookie"] != "***" || h["x-auth-token"] != "***" || h["via"] != "one, two" || h["x-databricks-request-id"] != f.RequestID {
				t.Errorf("HTTP/2 %v: headers %v", http2s, h)
			}
			if f.Cause == CauseBadInput && f.Advice.String() != f.Payload+" "+signature {
				t.Errorf("advice on bad input: %s", f.Advice.String())
			}
		}
		if !maps.Equal(got, want) {
			t.Errorf("HTTP/2 %v: %v, expected %v", http2s, got, want)
		}
		if !slices.IsSortedFunc(s.Failures, func(a, b Failure) int { return int(b.Count) - int(a.Count) }) {
			t.Error("the most frequent failure is not the first")
		}
	}
}

// Names come in any case; an error page without any header is reported too.
func TestServedModels(t *testing.T) {
	spellings := [...]string{"served-model-name", "Served-Model-Name", "SERVED-MODEL-NAME"}
	var named atomic.Uint64 // successes
	url := rawServer(t, func(c net.Conn, in *bufio.Reader, _ int) {
		for n := 0; request(in); n++ {
			status, header := "200 OK", fmt.Sprintf("%s: model-%d\r\n", spellings[n%3], n%4)
			switch {
			case n%10 == 9:
				status = "500 Oops"
			case n%10 < 3: // the first ones of a connection too
				header = ""
			default:
				named.Add(1)
			}
			if _, err := fmt.Fprintf(c, "HTTP/1.1 %s\r\n%sContent-Length: 2\r\n\r\nhi", status, header); err != nil {
				return
			}
		}
	})
	p := testPlan(400)
	p.Concurrency = 2
	s := attackOf(t, url, p)
	var sum uint64
	response, service := NewHistogram(), NewHistogram()
	for i, m := range s.Models {
		sum += m.Count
		m.Response.AddTo(response)
		m.Service.AddTo(service)
		if uint64(m.Response.Count()) != m.Count || uint64(m.Service.Count()) != m.Count || !strings.HasPrefix(m.Name, "model-") {
			t.Errorf("%+v", m)
		}
		if i > 0 && s.Models[i-1].Count < m.Count {
			t.Error("the model with most replies is not the first")
		}
	}
	if len(s.Models) != 4 || s.Counts.Succeeded < 350 || sum != named.Load() {
		t.Errorf("%d models, %d of %d, %d were named", len(s.Models), sum, s.Counts.Succeeded, named.Load())
	}
	if response.Max() > s.Latencies[figure.Response].Max() || service.TotalCount() != int64(sum) {
		t.Errorf("%d > %d", response.Max(), s.Latencies[figure.Response].Max())
	}
}

// An endpoint that names a new model each time fills no memory.
func TestModelsAreBounded(t *testing.T) {
	a, b := newTally(0), newTally(0)
	for i := range 1000 {
		ex := &exchange{ticket: ticket{planned: 0}, end: 1000}
		a.countModel(fmt.Appendf(nil, "a-%d", i), ex)
		b.countModel(fmt.Appendf(nil, "b-%d", i%20), ex)
	}
	all, w := map[string]*Served{}, &sketcher{}
	addServed(all, a.models, w)
	addServed(all, b.models, w)
	list := servedOf(all)
	var sum uint64
	for _, m := range list {
		sum += m.Count
	}
	if last := list[len(list)-1]; len(a.models) != maxModels+1 || len(list) > maxModels+1 || last.Name != OtherModels || sum != 2000 {
		t.Errorf("%d of %d models, the last %q, %d replies", len(a.models), len(list), list[len(list)-1].Name, sum)
	}
}

func BenchmarkServedModel(b *testing.B) {
	const text = "HTTP/1.1 200 OK\r\nServer: x\r\nDate: Wed, 25 Nov 2026 20:00:00 GMT\r\nContent-Type: application/json\r\nContent-Length: 2\r\n" +
		"X-Databricks-Request-Id: 6c1f2a8e-4f0b-4c4e-9a51-0d2f7f9a9f31\r\nVary: Accept-Encoding\r\nStrict-Transport-Security: max-age=31536000\r\nX-Content-Type-Options: nosniff\r\n"
	for name, more := range map[string]string{"none": "", "named": "served-model-name: model-1\r\n"} {
		r := newReply()
		if err := r.header.Read(bufio.NewReader(strings.NewReader(text + more + "\r\n"))); err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			t, ex := newTally(0), &exchange{}
			for b.Loop() {
				ex.end += 7919
				if model := r.servedModel(); len(model) > 0 {
					t.countModel(model, ex)
				}
			}
		})
	}
	sample := []byte(refusals[0].body)
	b.Run("cause", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			causeOf(429, sample, true)
		}
	})
	b.Run("same cause", func(b *testing.B) {
		b.ReportAllocs()
		var r refusal
		for b.Loop() {
			r.explain(429, sample, true)
		}
	})
}
