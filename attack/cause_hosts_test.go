package attack

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"brunt/attack/cause"
	"brunt/attack/cause/causetest"
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
	cause  cause.Cause
	advice string // a part of it; empty where there is to be none
	get    bool   // to a request without a body
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
	{"nginx, 400", 400, "Server: nginx", causetest.NginxPage("400 Bad Request"), "bad_request", "", false},
	{"nginx, 400 by GET", 400, "Server: nginx", causetest.NginxPage("400 Bad Request"), "bad_request", "", true},
	{"nginx, 401", 401, `WWW-Authenticate: Basic realm="x"`, causetest.NginxPage("401 Authorization Required"), cause.Credentials, wrongCreds, false},
	{"nginx, 403", 403, "Server: nginx", causetest.NginxPage("403 Forbidden"), cause.Permission, "", false},
	{"nginx, 403 by GET", 403, "Server: nginx", causetest.NginxPage("403 Forbidden"), cause.Permission, "", true},
	{"nginx, 404", 404, "Server: nginx", causetest.NginxPage("404 Not Found"), cause.NotFound, noURL, false},
	{"nginx, 405", 405, "Server: nginx", causetest.NginxPage("405 Not Allowed"), cause.Method, "takes no POST there", false},
	{"nginx, 405 by GET", 405, "Server: nginx", causetest.NginxPage("405 Not Allowed"), cause.Method, "takes no GET there", true},
	{"nginx, 408", 408, "", causetest.NginxPage("408 Request Time-out"), "request_timeout", "", false},
	{"nginx, 411", 411, "", causetest.NginxPage("411 Length Required"), "", "", false},
	{"nginx, 413", 413, "", causetest.NginxPage("413 Request Entity Too Large"), cause.TooLarge, larger, false},
	{"nginx, 414", 414, "", causetest.NginxPage("414 Request-URI Too Large"), "url_too_long", "URL is longer than the server takes", true},
	{"nginx, 415", 415, "", causetest.NginxPage("415 Unsupported Media Type"), "media_type", "does not take this Content-Type", false},
	{"nginx, 429", 429, "", causetest.NginxPage("429 Too Many Requests"), cause.Rate, limitIs, false},
	{"nginx, 494", 494, "", causetest.NginxPage("494 Request Header Too Large"), "headers_too_large", shorten, false},
	{"nginx, 499", 499, "", "", "", "", false},
	{"nginx, 500", 500, "", causetest.NginxPage("500 Internal Server Error"), cause.Server, "", false},
	{"nginx, 502", 502, "", causetest.NginxPage("502 Bad Gateway"), cause.BadGateway, noValid, false},
	{"nginx, 503", 503, "", causetest.NginxPage("503 Service Temporarily Unavailable"), cause.Unavailable, "", false},
	{"nginx, 504", 504, "", causetest.NginxPage("504 Gateway Time-out"), cause.GatewayTimeout, waitedNo, false},

	// Other servers' words for the same.
	{"Go, HTTP to the port of HTTPS", 400, "", "Client sent an HTTP request to an HTTPS server.\n", "plain_http", useHTTPS, false},
	{"Apache, HTTP to the port of HTTPS", 400, "", "<title>400 Bad Request</title><p>Your browser sent a request that this server could not understand.<br />\nReason: You're speaking plain HTTP to an SSL-enabled server port.<br />", "plain_http", useHTTPS, true},
	{"Tomcat, HTTP to the port of HTTPS", 400, "", "Bad Request\r\nThis combination of host and port requires TLS.\r\n", "plain_http", useHTTPS, false},
	{"Apache, header", 400, "", "<title>400 Bad Request</title><p>Size of a request header field exceeds server limit.</p>", "headers_too_large", shorten, false},
	{"IIS, header", 400, "", "<h2>Bad Request - Request Too Long</h2><p>HTTP Error 400. The size of the request headers is too long.</p>", "headers_too_large", shorten, false},
	{"Go, header", 431, "", "431 Request Header Fields Too Large", "headers_too_large", shorten, true},
	{"IIS, certificate", 403, "", "<h2>403 - Forbidden: Access is denied. Client certificate required.</h2>", "client_certificate", certWanted, false},
	{"not modified", 304, "", "", "", "", true},
	{"moved, to where it does not say", 302, "", "", cause.Redirect, "", false},
	{"moved", 301, "Location: https://elsewhere.test/", "", cause.Redirect, "Location", false},

	// HAProxy.
	{"HAProxy, 400", 400, "", haproxyPage("400 Bad request", "Your browser sent an invalid request."), "bad_request", "", false},
	{"HAProxy, 403", 403, "", haproxyPage("403 Forbidden", "Request forbidden by administrative rules."), cause.Permission, "", false},
	{"HAProxy, 408", 408, "", haproxyPage("408 Request Time-out", "Your browser didn't send a complete request in time."), "request_timeout", "", false},
	{"HAProxy, 429", 429, "", haproxyPage("429 Too Many Requests", "You have sent too many requests in a given amount of time."), cause.Rate, limitIs, false},
	{"HAProxy, 502", 502, "", haproxyPage("502 Bad Gateway", "The server returned an invalid or incomplete response."), cause.BadGateway, noValid, false},
	{"HAProxy, 503", 503, "", haproxyPage("503 Service Unavailable", "No server is available to handle this request."), "no_upstream", noneBehind, false},
	{"HAProxy, 504", 504, "", haproxyPage("504 Gateway Time-out", "The server didn't respond in time."), cause.GatewayTimeout, waitedNo, false},

	// Envoy.
	{"Envoy, none healthy", 503, "server: envoy", "no healthy upstream", "no_upstream", noneBehind, false},
	{"Envoy, refused", 503, "server: envoy", "upstream connect error or disconnect/reset before headers. retried and the latest reset reason: remote connection failure, transport failure reason: delayed connect error: Connection refused", "no_upstream", noneBehind, false},
	{"Envoy, overflow", 503, "server: envoy", "upstream connect error or disconnect/reset before headers. reset reason: overflow", cause.Concurrency, "limit of requests at a time", false},
	{"Envoy, time-out", 504, "server: envoy", "upstream request timeout", cause.GatewayTimeout, waitedNo, false},
	{"Envoy, limit", 429, "server: envoy", "local_rate_limited", cause.Rate, limitIs, false},
	{"Envoy, RBAC", 403, "server: envoy", "RBAC: access denied", cause.Permission, "", false},

	// Clouds' load balancers and gateways.
	{"ALB, 403", 403, "Server: awselb/2.0", "<html>\r\n<head><title>403 Forbidden</title></head>\r\n<body>\r\n<center><h1>403 Forbidden</h1></center>\r\n</body>\r\n</html>\r\n", cause.Permission, "", false},
	{"ALB, 502", 502, "Server: awselb/2.0", "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n", cause.BadGateway, noValid, false},
	{"ALB, 503", 503, "Server: awselb/2.0", "<html>\r\n<head><title>503 Service Temporarily Unavailable</title></head>\r\n</html>\r\n", cause.Unavailable, "", false},
	{"ALB, 504", 504, "Server: awselb/2.0", "<html>\r\n<head><title>504 Gateway Time-out</title></head>\r\n</html>\r\n", cause.GatewayTimeout, waitedNo, false},
	{"API Gateway, wrong path", 403, "x-amzn-ErrorType: MissingAuthenticationTokenException", `{"message":"Missing Authentication Token"}`, cause.Permission, "", false},
	{"API Gateway, 429", 429, "", `{"message":"Too Many Requests"}`, cause.Rate, limitIs, false},
	{"SageMaker, throttled", 400, "", `{"__type":"ThrottlingException","message":"Rate exceeded"}`, cause.Rate, limitIs, false},
	{"Cloudflare, 403", 403, "Server: cloudflare", "<!DOCTYPE html><title>Attention Required! | Cloudflare</title>", cause.Permission, "", false},
	{"Cloudflare, 429", 429, "Retry-After: 30", "error code: 1015", cause.Rate, "30 s (Retry-After)", false},
	{"Cloudflare, 502", 502, "Server: cloudflare", "error code: 502", cause.BadGateway, noValid, false},
	{"Cloudflare, 520", 520, "Server: cloudflare", "error code: 520", cause.Server, "", false},
	{"Cloudflare, 521", 521, "Server: cloudflare", "error code: 521", "no_upstream", noneBehind, false},
	{"Cloudflare, 522", 522, "Server: cloudflare", "error code: 522", "no_upstream", noneBehind, false},
	{"Cloudflare, 524", 524, "Server: cloudflare", "error code: 524", cause.GatewayTimeout, waitedNo, false},
	{"Azure APIM, key", 401, "", `{ "statusCode": 401, "message": "Access denied due to missing subscription key. Make sure to include subscription key when making requests to an API." }`, cause.Credentials, wrongCreds, false},
	{"Azure APIM, rate", 429, "Retry-After: 54", `{ "statusCode": 429, "message": "Rate limit is exceeded. Try again in 54 seconds." }`, cause.Rate, "54 s (Retry-After)", false},
	{"Azure APIM, quota", 403, "", `{ "statusCode": 403, "message": "Out of call volume quota. Quota will be replenished in 00:10:00." }`, cause.Requests, "request quota", false},
	{"Azure APIM, 404", 404, "", `{ "statusCode": 404, "message": "Resource not found" }`, cause.NotFound, noURL, false},
	{"Azure OpenAI, tokens", 429, "Retry-After: 7", `{"error":{"code":"429","message":"Requests to the ChatCompletions_Create Operation under Azure OpenAI API version 2024-06-01 have exceeded token rate limit of your current OpenAI S0 pricing tier. Please retry after 7 seconds."}}`, cause.Tokens, "7 s (Retry-After)", false},

	// Servers of models.
	{"OpenAI, key", 401, "", `{"error":{"message":"Incorrect API key provided: sk-x.","type":"invalid_request_error","param":null,"code":"invalid_api_key"}}`, cause.Credentials, wrongCreds, false},
	{"OpenAI, model", 404, "", `{"error":{"message":"The model ` + "`gpt-x`" + ` does not exist or you do not have access to it.","type":"invalid_request_error","param":null,"code":"model_not_found"}}`, "model_not_found", noModel, false},
	{"OpenAI, context", 400, "", `{"error":{"message":"This model's maximum context length is 8192 tokens. However, you requested 9000 tokens.","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}`, cause.TooLong, "the model's context", false},
	{"OpenAI, body", 400, "", `{"error":{"message":"you must provide a model parameter","type":"invalid_request_error","param":null,"code":null}}`, cause.BadInput, notTaken, false},
	{"OpenAI, tokens", 429, "", `{"error":{"message":"Rate limit reached for gpt-x in organization org-x on tokens per min (TPM): Limit 30000, Used 29000, Requested 2000.","type":"tokens","param":null,"code":"rate_limit_exceeded"}}`, cause.Tokens, "token quota", false},
	{"OpenAI, requests", 429, "", `{"error":{"message":"Rate limit reached for gpt-x in organization org-x on requests per min (RPM): Limit 3, Used 3, Requested 1.","type":"requests","param":null,"code":"rate_limit_exceeded"}}`, cause.Requests, "request quota", false},
	{"OpenAI, money", 429, "", `{"error":{"message":"You exceeded your current quota, please check your plan and billing details.","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}`, "quota_used_up", "plan and billing", false},
	{"OpenAI, 500", 500, "", `{"error":{"message":"The server had an error while processing your request. Sorry about that!","type":"server_error","param":null,"code":null}}`, cause.Server, "", false},
	{"Groq, tokens as 413", 413, "", `{"error":{"message":"Request too large for model x on tokens per minute (TPM): Limit 6000, Requested 7000","type":"tokens","code":"rate_limit_exceeded"}}`, cause.Tokens, "token quota", false},
	{"Anthropic, overloaded", 529, "", `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`, cause.Unavailable, "", false},
	{"Anthropic, length", 400, "", `{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 200001 tokens > 200000 maximum"}}`, cause.TooLong, "the model's context", false},
	{"vLLM, model", 404, "", `{"object":"error","message":"The model ` + "`databricks/dbrx-instruct`" + ` does not exist.","type":"NotFoundError","param":null,"code":404}`, "model_not_found", noModel, false},
	{"vLLM, path", 404, "", `{"detail":"Not Found"}`, cause.NotFound, noURL, false},
	{"vLLM, context", 400, "", `{"object":"error","message":"This model's maximum context length is 4096 tokens. However, you requested 5000 tokens (4900 in the messages, 100 in the completion). Please reduce the length of the messages or completion.","type":"BadRequestError","param":null,"code":400}`, cause.TooLong, "the model's context", false},
	{"vLLM, body", 400, "", `{"object":"error","message":"[{'type': 'missing', 'loc': ('body', 'messages'), 'msg': 'Field required'}]","type":"BadRequestError","param":null,"code":400}`, cause.BadInput, notTaken, false},
	{"vLLM, 405", 405, "Allow: POST", `{"detail":"Method Not Allowed"}`, cause.Method, "takes POST there", true},
	{"TGI, length", 422, "", `{"error":"Input validation error: ` + "`inputs` tokens + `max_new_tokens`" + ` must be <= 4096. Given: 4000 ` + "`inputs`" + ` tokens and 200 ` + "`max_new_tokens`" + `","error_type":"validation"}`, cause.TooLong, "the model's context", false},
	{"TGI, overloaded", 429, "", `{"error":"Model is overloaded","error_type":"overloaded"}`, cause.Rate, limitIs, false},
	{"TGI, generation", 424, "", `{"error":"Request failed during generation: Server error: CUDA out of memory","error_type":"generation"}`, "", "", false},
	{"Hugging Face, loading", 503, "", `{"error":"Model gpt2 is currently loading","estimated_time":20.0}`, cause.ColdStart, "not ready yet", false},
	{"llama.cpp, loading", 503, "", `{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}`, cause.ColdStart, "not ready yet", false},
	{"llama.cpp, context", 400, "", `{"error":{"code":400,"message":"the request exceeds the available context size. try increasing the context size or enable context shift","type":"exceed_context_size_error"}}`, cause.TooLong, "the model's context", false},
	{"Triton, model", 400, "", `{"error":"Request for unknown model: 'resnet' is not found"}`, "model_not_found", noModel, false},
	{"Triton, body", 400, "", `{"error":"failed to parse the request JSON buffer: Invalid value. at 0"}`, cause.BadInput, notTaken, false},
	{"Triton, input", 400, "", `{"error":"unexpected inference input 'x' for model 'resnet'"}`, cause.BadInput, notTaken, false},
	{"Triton, not ready", 503, "", `{"error":"Model 'resnet' is not ready"}`, cause.ColdStart, "not ready yet", false},
	{"Triton, 500", 500, "", `{"error":"in ensemble 'x', Failed to process the request(s), exception: bad shape"}`, cause.Server, "", false},
	{"KServe, model", 404, "", `{"error":"Model with name iris does not exist."}`, "model_not_found", noModel, false},
	{"KServe, not ready", 503, "", `{"error":"Model with name iris is not ready."}`, cause.ColdStart, "not ready yet", false},
	{"TorchServe, model", 404, "", `{"code":404,"type":"ModelNotFoundException","message":"Model not found: densenet161"}`, "model_not_found", noModel, false},
	{"TensorFlow Serving, model", 404, "", `{ "error": "Servable not found for request: Latest(half_plus_two)" }`, "model_not_found", noModel, false},
	{"TensorFlow Serving, body", 400, "", `{ "error": "JSON Parse error: Invalid value. at offset: 0" }`, cause.BadInput, notTaken, false},
	{"Ollama, model", 404, "", `{"error":"model 'llama9' not found"}`, "model_not_found", noModel, false},
	{"Ollama, older", 404, "", `{"error":"model \"llama9\" not found, try pulling it first"}`, "model_not_found", noModel, false},
	{"Ollama, body", 400, "", `{"error":"invalid character 'x' looking for beginning of value"}`, cause.BadInput, notTaken, false},
	{"Ollama, 500", 500, "", `{"error":"llama runner process has terminated: exit status 2"}`, cause.Server, "", false},

	// Frameworks.
	{"FastAPI, 422", 422, "", `{"detail":[{"type":"missing","loc":["body","x"],"msg":"Field required","input":{}}]}`, cause.BadInput, notTaken, false},
	{"FastAPI, 422 by GET", 422, "", `{"detail":[{"type":"missing","loc":["query","q"],"msg":"Field required","input":null}]}`, cause.BadInput, "", true},
	{"FastAPI, 404", 404, "", `{"detail":"Not Found"}`, cause.NotFound, noURL, false},
	{"FastAPI, 405", 405, "Allow: GET", `{"detail":"Method Not Allowed"}`, cause.Method, "takes GET there, and no POST", false},
	{"FastAPI, 500", 500, "", "Internal Server Error", cause.Server, "", false},
	{"Flask, 400", 400, "", "<!doctype html>\n<html lang=en>\n<title>400 Bad Request</title>\n<h1>Bad Request</h1>\n<p>The browser (or proxy) sent a request that this server could not understand.</p>\n", "bad_request", "", false},
	{"Flask, JSON", 400, "", "<!doctype html>\n<title>400 Bad Request</title>\n<p>Failed to decode JSON object: Expecting value: line 1 column 1 (char 0)</p>\n", cause.BadInput, notTaken, false},
	{"Flask, 405", 405, "Allow: GET, HEAD, OPTIONS", "<!doctype html>\n<title>405 Method Not Allowed</title>", cause.Method, "takes GET, HEAD, OPTIONS there", false},
	{"Flask, 500", 500, "", "<!doctype html>\n<title>500 Internal Server Error</title>", cause.Server, "", false},
	{"Django, host", 400, "", "<!doctype html>\n<html lang=\"en\">\n<head>\n  <title>Bad Request (400)</title>\n</head>", "bad_request", "", false},
	{"Django, CSRF", 403, "", "<title>403 Forbidden</title><p>CSRF verification failed. Request aborted.</p>", cause.Permission, "", false},
	{"Django, debug", 500, "", "<title>ValueError at /predict</title> Exception Type: ValueError Traceback", cause.Server, "", false},
	{"Spring, 404", 404, "", `{"timestamp":"2026-11-30T00:00:00Z","path":"/models/x","status":404,"error":"Not Found"}`, cause.NotFound, noURL, false},
	{"Spring, 400", 400, "", `{"status":400,"error":"Bad Request","exception":"org.springframework.http.converter.HttpMessageNotReadableException","path":"/x"}`, "bad_request", "", false},
	{"Spring, time-out within", 500, "", `{"status":500,"error":"Internal Server Error","message":"java.net.SocketTimeoutException: connect timed out"}`, cause.Server, "", false},
	{"Google, key", 400, "", `{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT"}}`, cause.Credentials, wrongCreds, false},
	{"Google, permission", 403, "", `{"error":{"code":403,"message":"Permission denied on resource project x.","status":"PERMISSION_DENIED"}}`, cause.Permission, "", false},
	{"a limit of its own", 429, "", `{"error":"Exceeded max number of parallel requests"}`, cause.Concurrency, "limit of requests at a time", false},
	{"somebody's AI gateway", 429, "", `{"error":"AI gateway: rate limit exceeded"}`, cause.Rate, limitIs, false},
	{"Varnish, 503", 503, "", "<title>503 first byte timeout</title>", cause.GatewayTimeout, waitedNo, false},
	{"teapot", 418, "", "short and stout", "", "", false},
}

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
			} else if causetest.DatabricksWords.MatchString(said) {
				t.Errorf("%s: advice %q is Databricks'", what, said)
			}
		}
	}
}

// TestRecognisedHeaders: a reply with a header of Databricks' is one of theirs wherever
// it comes from.
func TestRecognisedHeaders(t *testing.T) {
	var header atomic.Pointer[string]
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Header().Set(*header.Load(), "x")
		w.WriteHeader(http.StatusForbidden)
	}))
	defer server.Close()
	theirs := cause.AdviceOn(cause.Permission, &cause.Answered{Databricks: true})
	for name, want := range map[string]string{"X-Databricks-Request-Id": theirs, "x-databricks-org-id": theirs, "X-Request-Id": ""} {
		header.Store(&name)
		if s := attackOf(t, server.URL, testPlan(1)); len(s.Failures) != 1 || s.Failures[0].Advice.String() != want {
			t.Errorf("%s: %+v", name, s.Failures)
		}
	}
}
