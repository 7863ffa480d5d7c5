package attack

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"golang.org/x/net/http2"

	"brunt/attack/cause"
	"brunt/attack/endpoint"
	"brunt/attack/h2"
	"brunt/attack/http1"
	"brunt/attack/result"
	"brunt/attack/spell"
	"brunt/payloads/setting"
)

// maxKinds caps the kinds that a tally keeps apart; what comes after is
// counted under KindOther.
const maxKinds = result.MaxKinds

// dialError is a connection that could not be opened.
type dialError struct{ err error }

func (e *dialError) Error() string { return e.err.Error() }
func (e *dialError) Unwrap() error { return e.err }

// payloadError is a body that can no longer be read.
type payloadError struct{ err error }

func (e *payloadError) Error() string { return e.err.Error() }
func (e *payloadError) Unwrap() error { return e.err }

// kindOf puts an error under its kind. stale: the connection was closed before
// the request was read (see unread).
func kindOf(err error, stale bool) string {
	var dial *dialError
	var bad *http1.Error
	var malformed *h2.MalformedError
	var reset *h2.ResetError
	var away *h2.GoAwayError
	var gone *payloadError
	var answer *streamError
	var turnedAway *turnedAwayError
	var refused *endpoint.TLSError
	switch {
	case err == errCut:
		return result.KindCut
	case errors.Is(err, errConnectRate):
		return result.KindConnectRate
	case errors.As(err, &dial):
		return endpoint.DialKind(dial.err)
	case errors.As(err, &refused):
		return endpoint.TLS
	case errors.As(err, &turnedAway):
		return result.KindTurnedAway
	case err == h2.ErrNoStream:
		return result.KindNoStream
	case errors.As(err, &answer):
		return answer.kind
	case errors.As(err, &gone):
		return result.KindPayloadGone
	case errors.As(err, &bad), errors.As(err, &malformed):
		return result.KindBadReply
	case errors.As(err, &reset) && reset.Code == http2.ErrCodeRefusedStream:
		return result.KindRefusedStream
	case errors.As(err, &reset):
		return result.KindResetStream
	case errors.As(err, &away):
		return result.KindGoAway
	case endpoint.Timeout(err):
		return result.KindTimeoutReply
	case stale:
		return result.KindStaleConnection
	case endpoint.Reset(err):
		return result.KindReset
	case err == io.EOF, err == io.ErrUnexpectedEOF:
		return result.KindClosedEarly
	default:
		return result.KindOther
	}
}

// messages say what the kinds mean, where the system's words would not.
var messages = map[string]setting.Text{
	endpoint.TimeoutConnect: setting.Plain("no connection within the time-out"),
	endpoint.NoHTTP2:        setting.Textf("%w", endpoint.ErrNoHTTP2),
	endpoint.NoPorts:        setting.Plain("this machine has no free ports left for more connections"),
	endpoint.NoFiles:        setting.Plain("this process may open no more files"),
	result.KindConnectRate:  setting.Textf("%w", errConnectRate),
	result.KindRefusedStream: setting.Plain(
		"stream refused, by an endpoint that takes no more at once or a proxy whose backend failed",
	),
	result.KindNoStream:        setting.Plain("no stream within the time-out, on connections that took no more at once"),
	result.KindTimeoutReply:    setting.Plain("no complete reply within the time-out"),
	result.KindStaleConnection: setting.Plain("idle connection closed by the endpoint just as the request was sent"),
}

// remedies are what to do about kinds without a status, where that follows from
// the kind alone.
var remedies = map[string]setting.Text{
	result.KindStaleConnection: setting.Textf(
		"the endpoint closes connections without saying so before: %v opens one for each request",
		setting.NoKeepAlive,
	),
	result.KindStreamEmpty: setting.Plain("look at one reply by hand: no event with data was in it"),
	result.KindStreamBroken: setting.Plain(
		"the server, or a proxy before it, ended the stream early: see their logs and time-outs",
	),
	result.KindAnswerAborted: setting.Plain(
		"the server gave the request up, or failed at it: its logs say why; lower the load if it was full",
	),
	result.KindAnswerError: setting.Plain("the server, or a gateway before it, hides its failures behind the status 200"),
	result.KindAnswerPage: setting.Plain(
		"the address is one of a web site, a login or a proxy, and not of a model: see the target's path and credentials",
	),
	result.KindBodyMatched:   setting.Textf("%v is what you said marks a failure: the reply says why it failed", setting.FailBody),
	result.KindBodyUnmatched: setting.Textf("%v is what you said a success holds: look at one reply", setting.SuccessBody),
	result.KindHeaderFailed:  setting.Textf("%v is what you said a success has: look at one reply", setting.ExpectHeader),
	result.KindJSONFailed:    setting.Textf("%v is what you said holds of a success: look at one reply", setting.ExpectJSON),
	result.KindStreamError:   setting.Plain("the server failed in the middle of its answer: its own words say why"),
	result.KindStreamStalled: setting.Textf(
		"lower the load, or raise %v if pauses that long are normal",
		setting.StreamStall,
	),
	result.KindTimeoutReply: setting.Textf("lower the load, or raise %v if replies that late are of use", setting.Timeout),
}

// refusal is the error by which the endpoint refuses TLS, where err is that: servers of TLS
// 1.3 look at a client's certificate only once the connection stands. It is err elsewhere.
func (r *Run) refusal(host int, err error) error {
	if refused := r.hosts[host].dialer.Refusal(err); refused != nil {
		return refused
	}
	return err
}

// remedyFor is what to do about a failure without a status, one sentence; empty
// where nothing is known but what its message says.
func remedyFor(kind string, err error) setting.Text {
	var dial *dialError
	var bad *http1.Error
	var refused *endpoint.TLSError
	switch {
	case errors.As(err, &dial):
		return endpoint.Remedy(dial.err)
	case errors.As(err, &refused):
		return endpoint.Remedy(refused)
	case errors.As(err, &bad) && bad.Remedy == http1.HTTP2Only:
		return setting.Textf("%s: give %v", bad.Remedy, setting.HTTP2)
	case errors.As(err, &bad) && bad.Remedy != "":
		return setting.Plain(bad.Remedy)
	}
	return remedies[kind]
}

// remedyFor is what to do about the failure of an exchange without a status.
func (r *Run) remedyFor(ex *exchange) setting.Text {
	to := r.hosts[r.kinds[ex.variant].host].dialer
	remedy := remedyFor(ex.kind, ex.err)
	closed := ex.kind == result.KindReset || ex.kind == result.KindClosedEarly
	if remedy.Empty() && closed && ex.connUnanswered && to.AsksForCertificate() {
		return setting.Textf("it had asked for a client certificate, and was shown none: if it wants one, give it with %v", setting.ClientCert)
	}
	return remedy
}

// adviceOn is what to do about the cause of a failed reply, where a setting does it; else
// text.
func (r *Run) adviceOn(c cause.Cause, text string, headers map[string]string) setting.Text {
	proxy, _ := r.dialer.Proxy()
	switch answers := answersAsProxy(headers); {
	case c == cause.ProxyCredentials:
		return setting.Textf("it is the proxy that wants a user and a password: give them by %v http://USER:PASSWORD@HOST:PORT", setting.Proxy)
	case answers && proxy != "":
		return setting.Textf("it is the proxy %s that answers so, and not the endpoint: see its log, or go without it by %v none", proxy, setting.Proxy)
	case answers && c == cause.BadRequest:
		return setting.Textf("a proxy answers at this address, and no endpoint: give it with %v, and the endpoint's URL as the target", setting.Proxy)
	}
	switch c {
	case cause.Certificate:
		return r.dialer.CertificateAdvice()
	}
	return setting.Plain(text)
}

// answersAsProxy reports whether a reply's headers, by names in lower case, are those of a
// proxy's own answer.
func answersAsProxy(headers map[string]string) bool {
	for _, name := range []string{"x-squid-error", "proxy-authenticate", "proxy-agent"} {
		if headers[name] != "" {
			return true
		}
	}
	server := strings.ToLower(headers["server"])
	return strings.HasPrefix(server, "tinyproxy") || strings.HasPrefix(server, "privoxy")
}

// broken gives the example message of a connection that broke off, and when.
func (ex *exchange) broken(how string) string {
	if ex.sent == 0 {
		return fmt.Sprintf("connection %s before the request was sent", how)
	}
	after := spell.Span(ex.end.Sub(ex.sent))
	if ex.in > 0 {
		return fmt.Sprintf("connection %s after %s, within its reply", how, after)
	}
	return fmt.Sprintf("connection %s after %s without a reply", how, after)
}

// describe gives the example message of a failure without a status. Only what is
// not in this package's own words goes through redact: a secret may be a word of them.
func (ex *exchange) describe(redact func(string) string) setting.Text {
	kind, err := ex.kind, ex.err
	switch kind {
	case result.KindReset:
		return setting.Plain(ex.broken("reset"))
	case result.KindClosedEarly:
		return setting.Plain(ex.broken("closed"))
	}
	if m := messages[kind]; !m.Empty() {
		return m
	}
	// "dial tcp" in front of the address says nothing. Of a proxy its own words tell it.
	var atProxy interface{ AtProxy() string }
	if errors.As(err, &atProxy) {
		return setting.Plain(redact(spell.OneLine(atProxy.AtProxy(), 300)))
	}
	if op := (*net.OpError)(nil); errors.As(err, &op) && op.Op == "dial" && op.Addr != nil {
		return setting.Plain(redact(spell.OneLine(op.Addr.String()+": "+op.Err.Error(), 300)))
	}
	return setting.Plain(redact(spell.OneLine(err.Error(), 300)))
}
