package attack

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"brunt/attack/endpoint"
	"brunt/payloads"
	"brunt/payloads/setting"
)

// buildHeads builds what stands before each body anew, with these credentials.
// Workers pick it up with their next request.
func (r *Run) buildHeads(credentials []payloads.Header) {
	request := r.request
	request.credentials = credentials
	heads := r.headsOf(&request)
	r.heads.Store(&heads)
	r.muxes(func(m *mux) { m.buildHeads(&request) })
}

// maxSecretPaths is of how many lines' paths the endpoint remembers what may be secret;
// what may be so of a failure's own is known to its redactor.
const maxSecretPaths = 10_000

// addSecrets has nothing shown that may be a secret of requests.
func (r *Run) addSecrets() error {
	r.endpoint.AddSecrets(r.request.Headers, "")
	for _, v := range r.payloads.Variants() {
		r.endpoint.AddSecrets(v.Headers, "")
	}
	if r.request.Template {
		for _, list := range r.ownHeaders() {
			for _, h := range list {
				r.endpoint.AddSecrets(literals(h), "")
			}
		}
	}
	n := 0
	return r.payloads.EachPath(func(path []byte, _ func() string) bool {
		if bytes.IndexByte(path, '?') >= 0 {
			r.endpoint.AddSecrets(nil, string(path))
			n++
		}
		return n < maxSecretPaths
	})
}

// redactor takes out of texts what may be secret of an exchange's request: the
// endpoint may repeat what it was sent.
func (r *Run) redactor(ex *exchange) func(string) string {
	v, path := &r.payloads.Variants()[ex.variant], r.ownPath(ex.index, uint32(ex.turn))
	if len(v.Headers) == 0 && path == "" {
		return r.endpoint.Redact
	}
	// Of thousands of variants the endpoint knows less.
	own := endpoint.Redactor(v.Headers, path)
	return func(text string) string { return own(r.endpoint.Redact(text)) }
}

// checkHostHeaders says what is wrong with headers that would have the endpoint's
// credentials go to another host behind the same address.
func (r *Run) checkHostHeaders() error {
	if r.endpoint.Authorization() == "" {
		return nil
	}
	for _, list := range r.ownHeaders() {
		for _, h := range list {
			if strings.EqualFold(h.Name, "Host") && !strings.EqualFold(h.Value, r.target.Host) {
				return setting.Errorf(
					"header Host: the credentials of %s are sent to no other host; leave the header out, or the credentials off with %v",
					r.target.Host,
					setting.NoAuth,
				)
			}
		}
	}
	return nil
}

// ownHost reports whether the user gave a Host header for some requests.
func (r *Run) ownHost() bool {
	return slices.ContainsFunc(r.ownHeaders(), func(list []payloads.Header) bool {
		return slices.ContainsFunc(list, func(h payloads.Header) bool { return strings.EqualFold(h.Name, "Host") })
	})
}

// ownHeaders are those that the user gave, for all requests and for some.
func (r *Run) ownHeaders() [][]payloads.Header {
	list := [][]payloads.Header{r.request.Headers}
	for _, v := range r.payloads.Variants() {
		if len(v.Headers) > 0 {
			list = append(list, v.Headers)
		}
	}
	return list
}

// maxRenewalLines is how many stretches of trouble with credentials a report
// has a line for.
const maxRenewalLines = 5

// credentialWarnings tell the reader when the endpoint's credentials could not
// be renewed, and what came of it.
func (r *Run) credentialWarnings() (list []string) {
	began := r.clock.Time(r.measured.Load())
	troubles := r.endpoint.RenewalFailures()
	for i, t := range troubles {
		if !t.Recovered.IsZero() && t.Recovered.Before(began) {
			continue
		}
		if len(list) == maxRenewalLines {
			return append(
				list,
				fmt.Sprintf("%d more times in which the credentials could not be renewed", len(troubles)-i),
			)
		}
		at := func(when time.Time) string { return fmt.Sprintf("%.1f s", when.Sub(began).Seconds()) }
		line := fmt.Sprintf(
			"credentials could not be renewed from %s to %s, in %d attempts (%s)",
			at(t.From),
			at(t.To),
			t.Failed,
			t.Reason,
		)
		if t.Failed == 1 {
			line = fmt.Sprintf("credentials could not be renewed at %s (%s)", at(t.From), t.Reason)
		}
		switch {
		case t.Expired.IsZero() && !t.Recovered.IsZero():
			line += "; the old ones were good until that had succeeded"
		case t.Expired.IsZero():
			line += "; the old ones are good for now"
		case t.Recovered.IsZero():
			line += fmt.Sprintf(
				"; the old ones expired at %s: from then on the endpoint refuses requests",
				at(t.Expired),
			)
		default:
			line += fmt.Sprintf(
				"; the old ones had expired at %s: the endpoint refused requests until new ones came at %s",
				at(t.Expired),
				at(t.Recovered),
			)
		}
		list = append(list, line)
	}
	return list
}

// credentialsExpired reports whether the credentials expired before the instant, and have
// not been renewed since.
func (r *Run) credentialsExpired(end time.Time) bool {
	troubles := r.endpoint.RenewalFailures()
	if len(troubles) == 0 {
		return false
	}
	t := troubles[len(troubles)-1]
	return t.Recovered.IsZero() && !t.Expired.IsZero() && t.Expired.Before(end)
}
