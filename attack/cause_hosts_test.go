package attack

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"brunt/attack/endpoint"
	"brunt/payloads"
	"brunt/payloads/needs"
)

// told is a reply of a server that is none of Databricks', as that server gives
// it, and what is to be said of it.
type told struct {
	who    string
	status int
	header string // "Name: value", empty for none
	body   string
	cause  Cause
	advice string // a part of it; empty where there is to be none
	get    bool   // to a request without a body
}

// nginxPage is the page that nginx has for a status.
func nginxPage(title string) string {
	return "<html>\r\n<head><title>" + title + "</title></head>\r\n<body>\r\n<center><h1>" + title + "</h1></center>\r\n<hr><center>nginx/1.26.3</center>\r\n</body>\r\n</html>\r\n"
}

// nginx400 is its page for a request that it does not take, with the reason.
func nginx400(title, reason string) string {
	return "<html>\r\n<head><title>400 " + title + "</title></head>\r\n<body>\r\n<center><h1>400 Bad Request</h1></center>\r\n<center>" + reason + "</center>\r\n<hr><center>nginx/1.26.3</center>\r\n</body>\r\n</html>\r\n"
}

// haproxyPage is HAProxy's.
func haproxyPage(title, text string) string {
	return "<html><body><h1>" + title + "</h1>\n" + text + "\n</body></html>\n"
}

const (
	useHTTPS   = "give an https:// URL"
	shorten    = "headers are larger than the server takes"
	certWanted = "wants a client certificate"
	noValid    = "got no valid reply from the server behind it"
	waitedNo   = "waited no longer for the server behind it"
	noneBehind = "reaches no server behind it"
	noModel    = "has no such model"
	notTaken   = "test is not what this API takes"
	larger     = "larger than the server, or a proxy before it, takes"
	noURL      = "knows no such URL"
	wrongCreds = "credentials missing, wrong or expired"
	limitIs    = "a limit of the endpoint, or of a proxy"
)

var elsewhereReplies = []told{
	// nginx's own pages.
	{"nginx, HTTP to the port of HTTPS", 400, "Server: nginx", nginx400("The plain HTTP request was sent to HTTPS port", "The plain HTTP request was sent to HTTPS port"), "plain_http", useHTTPS, false},
	{"nginx, the same by GET", 400, "Server: nginx", nginx400("The plain HTTP request was sent to HTTPS port", "The plain HTTP request was sent to HTTPS port"), "plain_http", useHTTPS, true},
	{"nginx, header", 400, "Server: nginx", nginx400("Request Header Or Cookie Too Large", "Request Header Or Cookie Too Large"), "headers_too_large", shorten, false},
	{"nginx, header by GET", 400, "Server: nginx", nginx400("Request Header Or Cookie Too Large", "Request Header Or Cookie Too Large"), "headers_too_large", shorten, true},
	{"nginx, no certificate", 400, "Server: nginx", nginx400("No required SSL certificate was sent", "No required SSL certificate was sent"), "client_certificate", certWanted, false},
	{"nginx, wrong certificate", 400, "Server: nginx", nginx400("The SSL certificate error", "The SSL certificate error"), "client_certificate", certWanted, true},
	{"nginx, 400", 400, "Server: nginx", nginxPage("400 Bad Request"), "bad_request", "", false},
	{"nginx, 400 by GET", 400, "Server: nginx", nginxPage("400 Bad Request"), "bad_request", "", true},
	{"nginx, 401", 401, `WWW-Authenticate: Basic realm="x"`, nginxPage("401 Authorization Required"), CauseCredentials, wrongCreds, false},
	{"nginx, 403", 403, "Server: nginx", nginxPage("403 Forbidden"), CausePermission, "", false},
	{"nginx, 403 by GET", 403, "Server: nginx", nginxPage("403 Forbidden"), CausePermission, "", true},
	{"nginx, 404", 404, "Server: nginx", nginxPage("404 Not Found"), CauseNotFound, noURL, false},
	{"nginx, 405", 405, "Server: nginx", nginxPage("405 Not Allowed"), CauseMethod, "takes no POST there", false},
	{"nginx, 405 by GET", 405, "Server: nginx", nginxPage("405 Not Allowed"), CauseMethod, "takes no GET there", true},
	{"nginx, 408", 408, "", nginxPage("408 Request Time-out"), "request_timeout", "", false},
	{"nginx, 411", 411, "", nginxPage("411 Length Required"), "", "", false},
	{"nginx, 413", 413, "", nginxPage("413 Request Entity Too Large"), CauseTooLarge, larger, false},
	{"nginx, 414", 414, "", nginxPage("414 Request-URI Too Large"), "url_too_long", "URL is longer than the server takes", true},
	{"nginx, 415", 415, "", nginxPage("415 Unsupported Media Type"), "media_type", "does not take this Content-Type", false},
	{"nginx, 429", 429, "", nginxPage("429 Too Many Requests"), CauseRate, limitIs, false},
	{"nginx, 494", 494, "", nginxPage("494 Request Header Too Large"), "headers_too_large", shorten, false},
	{"nginx, 499", 499, "", "", "", "", false},
	{"nginx, 500", 500, "", nginxPage("500 Internal Server Error"), CauseServer, "", false},
	{"nginx, 502", 502, "", nginxPage("502 Bad Gateway"), CauseBadGateway, noValid, false},
	{"nginx, 503", 503, "", nginxPage("503 Service Temporarily Unavailable"), CauseUnavailable, "", false},
	{"nginx, 504", 504, "", nginxPage("504 Gateway Time-out"), CauseGatewayTimeout, waitedNo, false},

	// Other servers' words for the same.
	{"Go, HTTP to the port of HTTPS", 400, "", "Client sent an HTTP request to an HTTPS server.\n", "plain_http", useHTTPS, false},
	{"Apache, HTTP to the port of HTTPS", 400, "", "<title>400 Bad Request</title><p>Your browser sent a request that this server could not understand.<br />\nReason: You're speaking plain HTTP to an SSL-enabled server port.<br />", "plain_http", useHTTPS, true},
	{"Tomcat, HTTP to the port of HTTPS", 400, "", "Bad Request\r\nThis combination of host and port requires TLS.\r\n", "plain_http", useHTTPS, false},
	{"Apache, header", 400, "", "<title>400 Bad Request</title><p>Size of a request header field exceeds server limit.</p>", "headers_too_large", shorten, false},
	{"IIS, header", 400, "", "<h2>Bad Request - Request Too Long</h2><p>HTTP Error 400. The size of the request headers is too long.</p>", "headers_too_large", shorten, false},
	{"Go, header", 431, "", "431 Request Header Fields Too Large", "headers_too_large", shorten, true},
	{"IIS, certificate", 403, "", "<h2>403 - Forbidden: Access is denied. Client certificate required.</h2>", "client_certificate", certWanted, false},
	{"not modified", 304, "", "", "", "", true},
	{"moved, to where it does not say", 302, "", "", CauseRedirect, "", false},
	{"moved", 301, "Location: https://elsewhere.test/", "", CauseRedirect, "Location", false},

	// HAProxy.
	{"HAProxy, 400", 400, "", haproxyPage("400 Bad request", "Your browser sent an invalid request."), "bad_request", "", false},
	{"HAProxy, 403", 403, "", haproxyPage("403 Forbidden", "Request forbidden by administrative rules."), CausePermission, "", false},
	{"HAProxy, 408", 408, "", haproxyPage("408 Request Time-out", "Your browser didn't send a complete request in time."), "request_timeout", "", false},
	{"HAProxy, 429", 429, "", haproxyPage("429 Too Many Requests", "You have sent too many requests in a given amount of time."), CauseRate, limitIs, false},
	{"HAProxy, 502", 502, "", haproxyPage("502 Bad Gateway", "The server returned an invalid or incomplete response."), CauseBadGateway, noValid, false},
	{"HAProxy, 503", 503, "", haproxyPage("503 Service Unavailable", "No server is available to handle this request."), "no_upstream", noneBehind, false},
	{"HAProxy, 504", 504, "", haproxyPage("504 Gateway Time-out", "The server didn't respond in time."), CauseGatewayTimeout, waitedNo, false},

	// Envoy.
	{"Envoy, none healthy", 503, "server: envoy", "no healthy upstream", "no_upstream", noneBehind, false},
	{"Envoy, refused", 503, "server: envoy", "upstream connect error or disconnect/reset before headers. retried and the latest reset reason: remote connection failure, transport failure reason: delayed connect error: Connection refused", "no_upstream", noneBehind, false},
	{"Envoy, overflow", 503, "server: envoy", "upstream connect error or disconnect/reset before headers. reset reason: overflow", CauseConcurrency, "limit of requests at a time", false},
	{"Envoy, time-out", 504, "server: envoy", "upstream request timeout", CauseGatewayTimeout, waitedNo, false},
	{"Envoy, limit", 429, "server: envoy", "local_rate_limited", CauseRate, limitIs, false},
	{"Envoy, RBAC", 403, "server: envoy", "RBAC: access denied", CausePermission, "", false},

	// Clouds' load balancers and gateways.
	{"ALB, 403", 403, "Server: awselb/2.0", "<html>\r\n<head><title>403 Forbidden</title></head>\r\n<body>\r\n<center><h1>403 Forbidden</h1></center>\r\n</body>\r\n</html>\r\n", CausePermission, "", false},
	{"ALB, 502", 502, "Server: awselb/2.0", "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n", CauseBadGateway, noValid, false},
	{"ALB, 503", 503, "Server: awselb/2.0", "<html>\r\n<head><title>503 Service Temporarily Unavailable</title></head>\r\n</html>\r\n", CauseUnavailable, "", false},
	{"ALB, 504", 504, "Server: awselb/2.0", "<html>\r\n<head><title>504 Gateway Time-out</title></head>\r\n</html>\r\n", CauseGatewayTimeout, waitedNo, false},
	{"API Gateway, wrong path", 403, "x-amzn-ErrorType: MissingAuthenticationTokenException", `{"message":"Missing Authentication Token"}`, CausePermission, "", false},
	{"API Gateway, 429", 429, "", `{"message":"Too Many Requests"}`, CauseRate, limitIs, false},
	{"SageMaker, throttled", 400, "", `{"__type":"ThrottlingException","message":"Rate exceeded"}`, CauseRate, limitIs, false},
	{"Cloudflare, 403", 403, "Server: cloudflare", "<!DOCTYPE html><title>Attention Required! | Cloudflare</title>", CausePermission, "", false},
	{"Cloudflare, 429", 429, "Retry-After: 30", "error code: 1015", CauseRate, "30 s (Retry-After)", false},
	{"Cloudflare, 502", 502, "Server: cloudflare", "error code: 502", CauseBadGateway, noValid, false},
	{"Cloudflare, 520", 520, "Server: cloudflare", "error code: 520", CauseServer, "", false},
	{"Cloudflare, 521", 521, "Server: cloudflare", "error code: 521", "no_upstream", noneBehind, false},
	{"Cloudflare, 522", 522, "Server: cloudflare", "error code: 522", "no_upstream", noneBehind, false},
	{"Cloudflare, 524", 524, "Server: cloudflare", "error code: 524", CauseGatewayTimeout, waitedNo, false},
	{"Azure APIM, key", 401, "", `{ "statusCode": 401, "message": "Access denied due to missing subscription key. Make sure to include subscription key when making requests to an API." }`, CauseCredentials, wrongCreds, false},
	{"Azure APIM, rate", 429, "Retry-After: 54", `{ "statusCode": 429, "message": "Rate limit is exceeded. Try again in 54 seconds." }`, CauseRate, "54 s (Retry-After)", false},
	{"Azure APIM, quota", 403, "", `{ "statusCode": 403, "message": "Out of call volume quota. Quota will be replenished in 00:10:00." }`, CauseRequests, "request quota", false},
	{"Azure APIM, 404", 404, "", `{ "statusCode": 404, "message": "Resource not found" }`, CauseNotFound, noURL, false},
	{"Azure OpenAI, tokens", 429, "Retry-After: 7", `{"error":{"code":"429","message":"Requests to the ChatCompletions_Create Operation under Azure OpenAI API version 2024-06-01 have exceeded token rate limit of your current OpenAI S0 pricing tier. Please retry after 7 seconds."}}`, CauseTokens, "7 s (Retry-After)", false},

	// Servers of models.
	{"OpenAI, key", 401, "", `{"error":{"message":"Incorrect API key provided: sk-x.","type":"invalid_request_error","param":null,"code":"invalid_api_key"}}`, CauseCredentials, wrongCreds, false},
	{"OpenAI, model", 404, "", `{"error":{"message":"The model ` + "`gpt-x`" + ` does not exist or you do not have access to it.","type":"invalid_request_error","param":null,"code":"model_not_found"}}`, "model_not_found", noModel, false},
	{"OpenAI, context", 400, "", `{"error":{"message":"This model's maximum context length is 8192 tokens. However, you requested 9000 tokens.","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}`, CauseTooLong, "the model's context", false},
	{"OpenAI, body", 400, "", `{"error":{"message":"you must provide a model parameter","type":"invalid_request_error","param":null,"code":null}}`, CauseBadInput, notTaken, false},
	{"OpenAI, tokens", 429, "", `{"error":{"message":"Rate limit reached for gpt-x in organization org-x on tokens per min (TPM): Limit 30000, Used 29000, Requested 2000.","type":"tokens","param":null,"code":"rate_limit_exceeded"}}`, CauseTokens, "token quota", false},
	{"OpenAI, requests", 429, "", `{"error":{"message":"Rate limit reached for gpt-x in organization org-x on requests per min (RPM): Limit 3, Used 3, Requested 1.","type":"requests","param":null,"code":"rate_limit_exceeded"}}`, CauseRequests, "request quota", false},
	{"OpenAI, money", 429, "", `{"error":{"message":"You exceeded your current quota, please check your plan and billing details.","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}`, "quota_used_up", "plan and billing", false},
	{"OpenAI, 500", 500, "", `{"error":{"message":"The server had an error while processing your request. Sorry about that!","type":"server_error","param":null,"code":null}}`, CauseServer, "", false},
	{"Groq, tokens as 413", 413, "", `{"error":{"message":"Request too large for model x on tokens per minute (TPM): Limit 6000, Requested 7000","type":"tokens","code":"rate_limit_exceeded"}}`, CauseTokens, "token quota", false},
	{"Anthropic, overloaded", 529, "", `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`, CauseUnavailable, "", false},
	{"Anthropic, length", 400, "", `{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 200001 tokens > 200000 maximum"}}`, CauseTooLong, "the model's context", false},
	{"vLLM, model", 404, "", `{"object":"error","message":"The model ` + "`databricks/dbrx-instruct`" + ` does not exist.","type":"NotFoundError","param":null,"code":404}`, "model_not_found", noModel, false},
	{"vLLM, path", 404, "", `{"detail":"Not Found"}`, CauseNotFound, noURL, false},
	{"vLLM, context", 400, "", `{"object":"error","message":"This model's maximum context length is 4096 tokens. However, you requested 5000 tokens (4900 in the messages, 100 in the completion). Please reduce the length of the messages or completion.","type":"BadRequestError","param":null,"code":400}`, CauseTooLong, "the model's context", false},
	{"vLLM, body", 400, "", `{"object":"error","message":"[{'type': 'missing', 'loc': ('body', 'messages'), 'msg': 'Field required'}]","type":"BadRequestError","param":null,"code":400}`, CauseBadInput, notTaken, false},
	{"vLLM, 405", 405, "Allow: POST", `{"detail":"Method Not Allowed"}`, CauseMethod, "takes POST there", true},
	{"TGI, length", 422, "", `{"error":"Input validation error: ` + "`inputs` tokens + `max_new_tokens`" + ` must be <= 4096. Given: 4000 ` + "`inputs`" + ` tokens and 200 ` + "`max_new_tokens`" + `","error_type":"validation"}`, CauseTooLong, "the model's context", false},
	{"TGI, overloaded", 429, "", `{"error":"Model is overloaded","error_type":"overloaded"}`, CauseRate, limitIs, false},
	{"TGI, generation", 424, "", `{"error":"Request failed during generation: Server error: CUDA out of memory","error_type":"generation"}`, "", "", false},
	{"Hugging Face, loading", 503, "", `{"error":"Model gpt2 is currently loading","estimated_time":20.0}`, CauseColdStart, "not ready yet", false},
	{"llama.cpp, loading", 503, "", `{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}`, CauseColdStart, "not ready yet", false},
	{"llama.cpp, context", 400, "", `{"error":{"code":400,"message":"the request exceeds the available context size. try increasing the context size or enable context shift","type":"exceed_context_size_error"}}`, CauseTooLong, "the model's context", false},
	{"Triton, model", 400, "", `{"error":"Request for unknown model: 'resnet' is not found"}`, "model_not_found", noModel, false},
	{"Triton, body", 400, "", `{"error":"failed to parse the request JSON buffer: Invalid value. at 0"}`, CauseBadInput, notTaken, false},
	{"Triton, input", 400, "", `{"error":"unexpected inference input 'x' for model 'resnet'"}`, CauseBadInput, notTaken, false},
	{"Triton, not ready", 503, "", `{"error":"Model 'resnet' is not ready"}`, CauseColdStart, "not ready yet", false},
	{"Triton, 500", 500, "", `{"error":"in ensemble 'x', Failed to process the request(s), exception: bad shape"}`, CauseServer, "", false},
	{"KServe, model", 404, "", `{"error":"Model with name iris does not exist."}`, "model_not_found", noModel, false},
	{"KServe, not ready", 503, "", `{"error":"Model with name iris is not ready."}`, CauseColdStart, "not ready yet", false},
	{"TorchServe, model", 404, "", `{"code":404,"type":"ModelNotFoundException","message":"Model not found: densenet161"}`, "model_not_found", noModel, false},
	{"TensorFlow Serving, model", 404, "", `{ "error": "Servable not found for request: Latest(half_plus_two)" }`, "model_not_found", noModel, false},
	{"TensorFlow Serving, body", 400, "", `{ "error": "JSON Parse error: Invalid value. at offset: 0" }`, CauseBadInput, notTaken, false},
	{"Ollama, model", 404, "", `{"error":"model 'llama9' not found"}`, "model_not_found", noModel, false},
	{"Ollama, older", 404, "", `{"error":"model \"llama9\" not found, try pulling it first"}`, "model_not_found", noModel, false},
	{"Ollama, body", 400, "", `{"error":"invalid character 'x' looking for beginning of value"}`, CauseBadInput, notTaken, false},
	{"Ollama, 500", 500, "", `{"error":"llama runner process has terminated: exit status 2"}`, CauseServer, "", false},

	// Frameworks.
	{"FastAPI, 422", 422, "", `{"detail":[{"type":"missing","loc":["body","x"],"msg":"Field required","input":{}}]}`, CauseBadInput, notTaken, false},
	{"FastAPI, 422 by GET", 422, "", `{"detail":[{"type":"missing","loc":["query","q"],"msg":"Field required","input":null}]}`, CauseBadInput, "", true},
	{"FastAPI, 404", 404, "", `{"detail":"Not Found"}`, CauseNotFound, noURL, false},
	{"FastAPI, 405", 405, "Allow: GET", `{"detail":"Method Not Allowed"}`, CauseMethod, "takes GET there, and no POST", false},
	{"FastAPI, 500", 500, "", "Internal Server Error", CauseServer, "", false},
	{"Flask, 400", 400, "", "<!doctype html>\n<html lang=en>\n<title>400 Bad Request</title>\n<h1>Bad Request</h1>\n<p>The browser (or proxy) sent a request that this server could not understand.</p>\n", "bad_request", "", false},
	{"Flask, JSON", 400, "", "<!doctype html>\n<title>400 Bad Request</title>\n<p>Failed to decode JSON object: Expecting value: line 1 column 1 (char 0)</p>\n", CauseBadInput, notTaken, false},
	{"Flask, 405", 405, "Allow: GET, HEAD, OPTIONS", "<!doctype html>\n<title>405 Method Not Allowed</title>", CauseMethod, "takes GET, HEAD, OPTIONS there", false},
	{"Flask, 500", 500, "", "<!doctype html>\n<title>500 Internal Server Error</title>", CauseServer, "", false},
	{"Django, host", 400, "", "<!doctype html>\n<html lang=\"en\">\n<head>\n  <title>Bad Request (400)</title>\n</head>", "bad_request", "", false},
	{"Django, CSRF", 403, "", "<title>403 Forbidden</title><p>CSRF verification failed. Request aborted.</p>", CausePermission, "", false},
	{"Django, debug", 500, "", "<title>ValueError at /predict</title> Exception Type: ValueError Traceback", CauseServer, "", false},
	{"Spring, 404", 404, "", `{"timestamp":"2026-11-30T00:00:00Z","path":"/models/x","status":404,"error":"Not Found"}`, CauseNotFound, noURL, false},
	{"Spring, 400", 400, "", `{"status":400,"error":"Bad Request","exception":"org.springframework.http.converter.HttpMessageNotReadableException","path":"/x"}`, "bad_request", "", false},
	{"Spring, time-out within", 500, "", `{"status":500,"error":"Internal Server Error","message":"java.net.SocketTimeoutException: connect timed out"}`, CauseServer, "", false},
	{"Google, key", 400, "", `{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT"}}`, CauseCredentials, wrongCreds, false},
	{"Google, permission", 403, "", `{"error":{"code":403,"message":"Permission denied on resource project x.","status":"PERMISSION_DENIED"}}`, CausePermission, "", false},
	{"a limit of its own", 429, "", `{"error":"Exceeded max number of parallel requests"}`, CauseConcurrency, "limit of requests at a time", false},
	{"somebody's AI gateway", 429, "", `{"error":"AI gateway: rate limit exceeded"}`, CauseRate, limitIs, false},
	{"Varnish, 503", 503, "", "<title>503 first byte timeout</title>", CauseGatewayTimeout, waitedNo, false},
	{"teapot", 418, "", "short and stout", "", "", false},
}

// databricksWords are those that only someone with an endpoint at Databricks has
// a use for.
var databricksWords = regexp.MustCompile(`(?i)databricks|workspace|can query|provisioned|scale-to-zero|scaled to zero|route.optimi|ai gateway|signature|agents|297|endpoint's (page|name)|endpoints|support|oauth|replica|max_tokens is reserved`)

// TestAdviceElsewhere has servers of all kinds refuse one request: what is said
// is what is known of such a server, and nothing that is known of Databricks'.
func TestAdviceElsewhere(t *testing.T) {
	needs.Time(t)
	t.Parallel()
	var current atomic.Pointer[told]
	answer := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		c := current.Load()
		if name, value, ok := strings.Cut(c.header, ": "); ok {
			w.Header().Set(name, value)
		}
		w.WriteHeader(c.status)
		io.WriteString(w, c.body)
	})
	plain := httptest.NewServer(answer)
	defer plain.Close()
	multiplexed, _ := h2Server(t, false, 0, answer)
	for i := range elsewhereReplies {
		if racing && i%4 > 0 {
			continue
		}
		c := &elsewhereReplies[i]
		current.Store(c)
		for _, http2s := range []bool{false, true} {
			p, url := testPlan(2), plain.URL
			if p.Concurrency = 1; http2s {
				p.HTTP2, url = true, multiplexed
			}
			set := payloads.Single("test", body)
			if c.get {
				set = payloads.Single("", nil)
			}
			run := start(t, url, p, set, endpoint.Options{})
			<-run.Done()
			s := run.Snapshot()
			what := fmt.Sprintf("%s, HTTP/2 %t", c.who, http2s)
			if len(s.Failures) != 1 || s.Failures[0].Count != 2 {
				t.Errorf("%s: %+v", what, s.Failures)
				continue
			}
			f := &s.Failures[0]
			if f.Cause != c.cause {
				t.Errorf("%s: cause %q, expected %q", what, f.Cause, c.cause)
			}
			if said := f.Advice.String(); (c.advice == "") != (said == "") || !strings.Contains(said, c.advice) {
				t.Errorf("%s: advice %q, expected %q", what, said, c.advice)
			} else if databricksWords.MatchString(said) {
				t.Errorf("%s: advice %q is Databricks'", what, said)
			}
		}
	}
}

// TestRulesElsewhere goes through the whole table: whatever a server that is none
// of Databricks' says, in any status, with a body and without, it is told
// nothing that only an endpoint of theirs has.
func TestRulesElsewhere(t *testing.T) {
	texts := []string{"", "?", "{}", nginxPage("an error")}
	for i := range rules {
		for _, w := range rules[i].words {
			texts = append(texts, string(w.first)+" x "+string(w.second), `{"error":{"message":"`+string(w.first)+" x "+string(w.second)+`"}}`)
		}
	}
	for status := 100; status < 1000; status++ {
		for _, text := range texts {
			cause, known := causeOf(status, []byte(text), false)
			if known {
				t.Fatalf("%q is taken for a reply of Databricks'", text)
			}
			for _, payload := range []string{"", "x"} {
				if said := adviceOn(cause, &answered{method: "POST", payload: payload}); databricksWords.MatchString(said) {
					t.Errorf("%d %q: %s", status, text, said)
				}
			}
			if cause == CauseWorkspace || cause == CauseGateway {
				t.Errorf("%d %q: %s", status, text, cause)
			}
		}
	}
}

// TestRecognisedReplies: a reply of Databricks' own shape, or with a header of
// theirs, is one wherever it comes from; what only looks alike is not.
func TestRecognisedReplies(t *testing.T) {
	for text, want := range map[string]bool{
		`{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"x"}`:                                     true,
		`{ "error_code" : "403", "message" : "Invalid access token." }`:                              true,
		`{"message":"x","error_code":"PERMISSION_DENIED"}`:                                           true,
		"REQUEST_LIMIT_EXCEEDED: Exceeded max number":                                                true,
		`{"error":{"message":"Too Many Requests","type":"rate_limit_exceeded","limit_type":"ITPM"}}`: true,
		`{"error_code":404,"message":"x"}`:                                                           false,
		`{"error_code":"E1234","message":"x"}`:                                                       false,
		`{"error_code":"NOT_FOUND"}`:                                                                 false,
		`{"ok":false,"error_code":"400","description":"Bad Request"}`:                                false,
		`{"error_code":110,"error_msg":"Access token invalid"}`:                                      false,
		`{"error":{"code":403,"message":"x","status":"PERMISSION_DENIED"}}`:                          false,
		"unknown: x": false, "aborted: x": false, "": false, `{"error_code":`: false, `{"error_code":"`: false,
		"The model `databricks/dbrx-instruct` does not exist.": false, `{"limit_type":"minute","message":"x"}`: false,
	} {
		if _, got := causeOf(400, []byte(text), false); got != want {
			t.Errorf("%s: %t, expected %t", text, got, want)
		}
	}
	var header atomic.Pointer[string]
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Header().Set(*header.Load(), "x")
		w.WriteHeader(http.StatusForbidden)
	}))
	defer server.Close()
	for name, want := range map[string]string{"X-Databricks-Request-Id": advices[CausePermission].databricks, "x-databricks-org-id": advices[CausePermission].databricks, "X-Request-Id": ""} {
		header.Store(&name)
		if s := attackOf(t, server.URL, testPlan(1)); len(s.Failures) != 1 || s.Failures[0].Advice.String() != want {
			t.Errorf("%s: %+v", name, s.Failures)
		}
	}
}
