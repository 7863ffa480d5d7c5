package cause

import (
	"net/http"
	"strconv"
	"strings"
)

// Answered is what is known of a failed reply besides its cause: what to do may
// depend on it.
type Answered struct {
	Databricks bool              // it comes from an endpoint of Databricks, or says so itself
	Secure     bool              // over TLS
	Method     string            // of the request
	Payload    string            // file:line; empty where the request had no body
	ID         string            // that the endpoint gave the request; empty without one
	Headers    map[string]string // of the reply, in lower case
}

// advice is what to do about a cause, one sentence, where the endpoint is one of
// Databricks' and where it is any other; empty where nothing is certain.
type advice struct{ databricks, others string }

// sameAdvice is what to do whatever the endpoint is.
func sameAdvice(text string) advice { return advice{text, text} }

var advices = map[Cause]advice{
	Concurrency: {
		"at its provisioned concurrency: raise it, or this is your limit",
		"at its limit of requests at a time: raise it, or have fewer in flight",
	},
	Workspace: {"the workspace's limit: route optimisation removes it", ""},
	Tokens: {
		"token quota: max_tokens is reserved ahead of output, so lower it",
		"token quota: have it raised, or ask for fewer tokens",
	},
	Requests: sameAdvice("request quota: have it raised, or send fewer"),
	Gateway:  {"rate limit set in the endpoint's AI Gateway: raise it there", ""},
	Rate:     sameAdvice("a limit of the endpoint, or of a proxy: raise it, or it is yours"),
	Quota:    sameAdvice("the account's quota is used up: see its plan and billing"),
	BadInput: {
		"does not fit the model's signature",
		"is not what this API takes: compare it with a body that works",
	},
	TooLong: sameAdvice("prompt and max_tokens exceed the model's context: shorten one"),
	TooLarge: {
		"the endpoint takes no larger body (16 MB, agents 4 MB)",
		"the body is larger than the server, or a proxy before it, takes",
	},
	Headers:     sameAdvice("the request's headers are larger than the server takes: shorten them"),
	URL:         sameAdvice("the URL is longer than the server takes: shorten it"),
	MediaType:   sameAdvice("the server does not take this Content-Type: name another in a header"),
	PlainHTTP:   sameAdvice("the port speaks TLS: give an https:// URL"),
	Certificate: sameAdvice("the server wants a client certificate, or another one"),
	Model: {
		"the model raised an error: see its logs on the endpoint's page",
		"the model raised an error: see the server's log",
	},
	Server: {"failed on the endpoint's side", ""},
	Credentials: {
		"token wrong or expired; route-optimised endpoints want OAuth",
		"credentials missing, wrong or expired",
	},
	ProxyCredentials: sameAdvice("it is a proxy that wants credentials, and not the endpoint"),
	Permission:       {"these credentials lack Can Query on the endpoint", ""},
	Address: {
		"this machine is not on the workspace's IP access list",
		"the server takes no requests from this machine's address",
	},
	NotFound: {
		"the endpoint's name, the path or the workspace is wrong",
		"the server knows no such URL: check its host and path",
	},
	NoModel:     sameAdvice("the server has no such model: check its name in the body, or in the path"),
	Redirect:    sameAdvice("not followed: give the URL in the reply's Location header"),
	ColdStart:   {"no replica ready: wait, or turn scale-to-zero off", "not ready yet: wait until it has started"},
	Unavailable: {"overloaded, restarting, or scaled to zero: raise its concurrency", ""},
	NoUpstream:  sameAdvice("the proxy reaches no server behind it: see whether those are up and healthy"),
	BadGateway: {"the model's process may be gone (out of memory, or crashed): see its logs",
		"a proxy got no valid reply from the server behind it: see whether that is up"},
	GatewayTimeout: {
		"scaled to zero, or slower than the limit (297 s)",
		"a proxy waited no longer for the server behind it: lower the load, or raise its time-out",
	},
}

// AdviceElsewhere is what to do about a cause where the endpoint is none of
// Databricks'.
func AdviceElsewhere(c Cause) string { return advices[c].others }

// AdviceOn is what to do about a failed reply, one sentence; empty where nothing
// is known but what it says itself.
func AdviceOn(c Cause, a *Answered) string {
	text := advices[c].others
	if a.Databricks {
		text = advices[c].databricks
	}
	switch {
	case c == Method:
		text = a.otherMethod()
	case c == BadInput && a.Payload == "":
		return "" // what was refused is no body
	case c == BadInput:
		text = a.Payload + " " + text
	case c == Server && text != "" && a.ID != "":
		return text + ": give support the request id, " + a.ID
	case c == Redirect && a.Headers["location"] == "":
		return ""
	case c == PlainHTTP && a.Secure:
		return "a proxy before the server speaks plain HTTP to a port of it that wants TLS: set one of the two right"
	}
	if pause := a.pause(c); pause != "" && text != "" {
		text += "; it asks for a pause of " + pause + " (Retry-After)"
	}
	return text
}

// maxAllowed is the longest list of methods that is worth repeating.
const maxAllowed = 60

// otherMethod is what to do about a method that is not taken.
func (a *Answered) otherMethod() string {
	switch allowed := a.Headers["allow"]; {
	case a.Databricks && a.Method != http.MethodPost:
		return "endpoints are invoked by POST"
	case allowed != "" && len(allowed) <= maxAllowed:
		return "the server takes " + allowed + " there, and no " + a.Method + ": check the path, and the method"
	}
	return "the server takes no " + a.Method + " there: check the path, and the method"
}

// pause is for how long a reply that puts the sender off asks to be left alone;
// empty where it does not say, or says so by a date.
func (a *Answered) pause(c Cause) string {
	if !strings.HasPrefix(string(c), string(Rate)) {
		return ""
	}
	if n, err := strconv.ParseUint(a.Headers["retry-after"], 10, 32); err == nil && n > 0 {
		return strconv.FormatUint(n, 10) + " s"
	}
	return ""
}
