package cause

import "bytes"

// Cause says in one word why an endpoint refused a request or failed at it, as
// far as its reply tells; empty where it does not.
type Cause string

// The causes that replies are sorted under: those of Model Serving, of servers
// of models elsewhere, and of the servers and proxies before either.
const (
	Concurrency      Cause = "rate_limited_concurrency"
	Workspace        Cause = "rate_limited_workspace"
	Tokens           Cause = "rate_limited_tokens"
	Requests         Cause = "rate_limited_requests"
	Gateway          Cause = "rate_limited_gateway"
	Rate             Cause = "rate_limited" // by a limit that the reply does not name
	Quota            Cause = "quota_used_up"
	BadRequest       Cause = "bad_request" // for a reason that is not known
	BadInput         Cause = "bad_input"
	TooLong          Cause = "context_exceeded"
	TooLarge         Cause = "too_large"
	Headers          Cause = "headers_too_large"
	URL              Cause = "url_too_long"
	MediaType        Cause = "media_type"
	PlainHTTP        Cause = "plain_http" // sent to a port that speaks TLS
	Certificate      Cause = "client_certificate"
	Model            Cause = "model_error"
	Server           Cause = "server_error"
	Credentials      Cause = "credentials"
	ProxyCredentials Cause = "proxy_credentials" // those that a proxy wants
	Permission       Cause = "no_permission"
	Address          Cause = "address_refused"
	NotFound         Cause = "not_found"
	NoModel          Cause = "model_not_found"
	Method           Cause = "wrong_method"
	Redirect         Cause = "redirect"
	ColdStart        Cause = "cold_start"
	Unavailable      Cause = "unavailable"
	NoUpstream       Cause = "no_upstream" // a proxy has no server to pass requests on to
	BadGateway       Cause = "bad_gateway"
	GatewayTimeout   Cause = "gateway_timeout"
	SlowRequest      Cause = "request_timeout" // the server waited for the request
)

// endpointKind are the endpoints that a rule is of.
type endpointKind uint8

const (
	anyEndpoint endpointKind = iota
	databricksEndpoint
	otherEndpoint
)

// rule puts replies with a status from low to high that hold any of the words
// under a cause; without words, all of them. A word may be of two parts, with a
// * between them: the second stands somewhere behind the first.
type rule struct {
	endpoints endpointKind
	low, high int
	words     []word
	cause     Cause
}

type word struct{ first, second []byte }

func on(low, high int, cause Cause, words ...string) rule {
	r := rule{low: low, high: high, cause: cause}
	for _, w := range words {
		first, second, _ := bytes.Cut([]byte(w), []byte("*"))
		r.words = append(r.words, word{first, second})
	}
	return r
}

// of narrows a rule down to some endpoints.
func (r rule) of(w endpointKind) rule {
	r.endpoints = w
	return r
}

func (r *rule) fits(status int, text []byte, ofDatabricks bool) bool {
	if status < r.low || status > r.high || r.endpoints == databricksEndpoint && !ofDatabricks ||
		r.endpoints == otherEndpoint && ofDatabricks {
		return false
	}
	for i := range r.words {
		w := &r.words[i]
		if at := bytes.Index(text, w.first); at >= 0 && bytes.Contains(text[at+len(w.first):], w.second) {
			return true
		}
	}
	return len(r.words) == 0
}

// Refusal is the last failed reply and what is made of it: of a flood of them,
// most are alike.
type Refusal struct {
	status     int
	theirs     bool // it comes from an endpoint of Databricks, whatever it holds
	sample     []byte
	cause      Cause
	Databricks bool
}

// Explain finds the cause of a failed reply; theirs says that the endpoint is
// one of Databricks'.
func (r *Refusal) Explain(status int, sample []byte, theirs bool) Cause {
	if status != r.status || theirs != r.theirs || !bytes.Equal(sample, r.sample) {
		r.status, r.theirs = status, theirs
		r.cause, r.Databricks = causeOf(status, sample, theirs)
		r.sample = append(r.sample[:0], sample...)
	}
	return r.cause
}

// SampleSize is how many bytes of a failed reply's body are kept, for its cause and
// the example message.
const SampleSize = 512

// causeOf sorts a failed reply by its status and the beginning of its body, and
// tells whether it is Databricks', which theirs says it is in any case. It
// allocates nothing: a flood of refusals costs no more than one of successes.
func causeOf(status int, sample []byte, theirs bool) (cause Cause, ofDatabricks bool) {
	var room [SampleSize]byte
	text := room[:0]
	for _, c := range sample[:min(len(sample), SampleSize)] {
		switch {
		case c == '\\': // of quotes within quotes
			continue
		case 'A' <= c && c <= 'Z':
			c |= 0x20
		}
		text = append(text, c)
	}
	theirs = theirs || speaksDatabricks(text)
	for i := range rules {
		if r := &rules[i]; r.fits(status, text, theirs) {
			return r.cause, theirs
		}
	}
	return "", theirs
}
