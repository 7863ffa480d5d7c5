package attack

import "bytes"

// Cause says in one word why an endpoint refused a request or failed at it, as
// far as its reply tells; empty where it does not.
type Cause string

// The causes that Model Serving's replies, and those of the proxies before it,
// are sorted under.
const (
	CauseConcurrency    Cause = "rate_limited_concurrency"
	CauseWorkspace      Cause = "rate_limited_workspace"
	CauseTokens         Cause = "rate_limited_tokens"
	CauseRequests       Cause = "rate_limited_requests"
	CauseGateway        Cause = "rate_limited_gateway"
	CauseRate           Cause = "rate_limited" // by a limit that the reply does not name
	CauseBadInput       Cause = "bad_input"
	CauseTooLong        Cause = "context_exceeded"
	CauseTooLarge       Cause = "too_large"
	CauseModel          Cause = "model_error"
	CauseServer         Cause = "server_error"
	CauseCredentials    Cause = "credentials"
	CausePermission     Cause = "no_permission"
	CauseAddress        Cause = "address_refused"
	CauseNotFound       Cause = "not_found"
	CauseMethod         Cause = "wrong_method"
	CauseRedirect       Cause = "redirect"
	CauseColdStart      Cause = "cold_start"
	CauseUnavailable    Cause = "unavailable"
	CauseBadGateway     Cause = "bad_gateway"
	CauseGatewayTimeout Cause = "gateway_timeout"
)

var advice = map[Cause]string{
	CauseConcurrency:    "at its provisioned concurrency: raise it, or this is your limit",
	CauseWorkspace:      "the workspace's limit: route optimisation removes it",
	CauseTokens:         "token quota: max_tokens is reserved ahead of output, so lower it",
	CauseRequests:       "request quota: have it raised, or send fewer",
	CauseGateway:        "rate limit set in the endpoint's AI Gateway: raise it there",
	CauseRate:           "a limit of the endpoint, or of a proxy: raise it, or it is yours",
	CauseBadInput:       "does not fit the model's signature",
	CauseTooLong:        "prompt and max_tokens exceed the model's context: shorten one",
	CauseTooLarge:       "the endpoint takes no larger body (16 MB, agents 4 MB)",
	CauseModel:          "the model raised an error: see its logs on the endpoint's page",
	CauseServer:         "failed on the endpoint's side: give support the request id",
	CauseCredentials:    "token wrong or expired; route-optimised endpoints want OAuth",
	CausePermission:     "these credentials lack Can Query on the endpoint",
	CauseAddress:        "this machine is not on the workspace's IP access list",
	CauseNotFound:       "the endpoint's name, the path or the workspace is wrong",
	CauseMethod:         "endpoints are invoked by POST",
	CauseRedirect:       "not followed: give the URL in the reply's Location header",
	CauseColdStart:      "no replica ready: wait, or turn scale-to-zero off",
	CauseUnavailable:    "overloaded, restarting, or scaled to zero: raise its concurrency",
	CauseBadGateway:     "the model's process went away: out of memory, or crashed",
	CauseGatewayTimeout: "scaled to zero, or slower than the limit (297 s)",
}

// Advice is what to do about the cause, one sentence; empty for none.
func (c Cause) Advice() string { return advice[c] }

// rule puts replies with a status from low to high that hold any of the words
// under a cause; without words, all of them.
type rule struct {
	low, high int
	words     [][]byte
	cause     Cause
}

func on(low, high int, cause Cause, words ...string) rule {
	r := rule{low: low, high: high, cause: cause}
	for _, w := range words {
		r.words = append(r.words, []byte(w))
	}
	return r
}

// rules are tried in order. The words are looked for wherever they stand, for
// the same refusal comes in several shapes; they are in lower case.
var rules = []rule{
	on(300, 399, CauseRedirect),

	on(400, 413, CauseTooLarge, "request_too_large", "request too large", "entity too large", "payload too large", "maximum allowed content length", "exceeds maximum size", "request size"),
	on(413, 413, CauseTooLarge),

	// A limit set by a user counts requests or tokens too, so it comes first, and
	// workspaces have limits of tokens too, so those come before theirs.
	on(429, 429, CauseGateway, "user defined rate limit", "user-defined rate limit", "ai gateway"),
	on(429, 429, CauseTokens, "itpm", "otpm", "tokens per", "tokens-per", "tokens_per", "token rate limit", "token limit", "token quota"),
	on(429, 429, CauseConcurrency, "concurrent requests", "provisioned concurrency", "concurrency limit"),
	on(429, 429, CauseWorkspace, "parallel requests"),
	on(429, 429, CauseRequests, `"qps"`, `"qph"`, `"qpm"`, `"rpm"`, "requests per", "requests-per", "requests_per", "queries per", "queries-per", "qps rate limit", "qps limit", "qph rate limit", "qph limit"),
	on(429, 429, CauseRate),

	on(400, 403, CauseCredentials, "invalid access token", "unauthenticated"),
	on(401, 403, CauseCredentials, "invalid token", "invalid_token", "token is expired", "token has expired", "token expired", "authentication failed", "credential was not sent"),
	on(401, 401, CauseCredentials),
	on(407, 407, CauseCredentials),
	on(400, 403, CauseAddress, "ip access list", "ip acl", "ip address is blocked", "source ip"),
	on(403, 403, CausePermission),
	on(400, 404, CausePermission, "permission_denied"),
	on(400, 404, CauseNotFound, "resource_does_not_exist", "endpoint_not_found"),
	on(404, 404, CauseNotFound),
	on(410, 410, CauseNotFound),
	on(405, 405, CauseMethod),

	on(400, 422, CauseTooLong, "context length", "context_length", "context window", "maximum context", "prompt is too long", "input is too long", "too many tokens", "maximum number of tokens"),
	// What the input was compared with is the input's fault even where it is told
	// as an exception of the model.
	on(400, 400, CauseBadInput, "failed to parse input", "enforce schema", "schema enforcement", "malformed_request", "invalid_parameter_value"),
	on(400, 400, CauseModel, "while evaluating the model", "traceback", "exception", "model failed", "tasks failed", "predict failed"),
	on(400, 400, CauseBadInput),
	on(422, 422, CauseBadInput),

	on(408, 408, CauseGatewayTimeout),
	on(504, 504, CauseGatewayTimeout),
	on(500, 503, CauseGatewayTimeout, "timed out", "time out", "time-out", "timeout", "deadline"),
	on(500, 503, CauseColdStart, "scaled to zero", "scale to zero", "scale-to-zero", "scaling up", "scaling from", "not ready", "no healthy upstream", "cold start", "is starting", "starting up", "waking", "loading the model", "being deployed", "no replica"),
	on(500, 500, CauseModel, "model failed", "while evaluating the model", "traceback", "exception", "tasks failed", "model server", "predict failed"),
	on(500, 500, CauseServer),
	on(502, 502, CauseBadGateway),
	on(503, 503, CauseUnavailable),
	on(505, 599, CauseServer),
}

// refusal is the last failed reply and its cause: of a flood of them, most are
// alike.
type refusal struct {
	status int
	cause  Cause
	sample []byte
}

func (r *refusal) causeOf(status int, sample []byte) Cause {
	if status != r.status || !bytes.Equal(sample, r.sample) {
		r.status, r.cause = status, causeOf(status, sample)
		r.sample = append(r.sample[:0], sample...)
	}
	return r.cause
}

// causeOf sorts a failed reply by its status and the beginning of its body. It
// allocates nothing: a flood of refusals costs no more than one of successes.
func causeOf(status int, sample []byte) Cause {
	var room [sampleSize]byte
	text := room[:0]
	for _, c := range sample[:min(len(sample), sampleSize)] {
		switch {
		case c == '\\': // of quotes within quotes
			continue
		case 'A' <= c && c <= 'Z':
			c |= 0x20
		}
		text = append(text, c)
	}
	for i := range rules {
		if r := &rules[i]; r.low <= status && status <= r.high && r.fits(text) {
			return r.cause
		}
	}
	return ""
}

func (r *rule) fits(text []byte) bool {
	for _, w := range r.words {
		if bytes.Contains(text, w) {
			return true
		}
	}
	return len(r.words) == 0
}

// adviceOn is the cause's advice on one reply. A body that the model does not
// take is named.
func adviceOn(c Cause, payload string) string {
	text := c.Advice()
	if c == CauseBadInput {
		if payload == "" {
			payload = "the body"
		}
		text = payload + " " + text
	}
	return text
}
