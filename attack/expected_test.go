package attack

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"brunt/attack/expect"
	"brunt/attack/plan"
	"brunt/attack/result"
	"brunt/payloads"
)

// TestExpected: replies that are not what is expected are failures of their own kind,
// with an example that shows no secret; where a sample is checked the report says so.
func TestExpected(t *testing.T) {
	query := func(text string) *expect.Query {
		q, err := expect.ParseQuery(text)
		if err != nil {
			t.Fatal(err)
		}
		return q
	}
	bothProtocols(t, func(t *testing.T, http2 bool) {
		server := newEchoServer(t)
		server.answer(func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			w.Header().Set("X-Version", "v7")
			w.Header().Add("X-Two", "a")
			w.Header().Add("X-Two", "b")
			w.Header().Set("Content-Type", "application/json")
			switch r.URL.Path {
			case "/long":
				fmt.Fprintf(w, `{"predictions":[1],"fill":"%s"}`, strings.Repeat("x", expect.MaxBody))
			case "/bad":
				w.WriteHeader(500)
				fallthrough
			default:
				fmt.Fprintf(w, `{"predictions":[1,2],"key":%q}`, r.Header.Get("X-Api-Key"))
			}
		})
		for _, c := range []struct {
			path    string
			checks  expect.Checks
			n       uint64
			kind    string // of all failures
			says    string
			failed  [2]uint64 // at least, at most
			warning string
		}{
			{path: "/", n: 20, checks: expect.Checks{Headers: []expect.Header{{Name: "x-version", Value: regexp.MustCompile("^v7$")}, {Name: "X-Two", Value: regexp.MustCompile("b")}, {Name: "Content-Type"}},
				Queries: []*expect.Query{query(".predictions|length==2")}}},
			{path: "/", n: 20, checks: expect.Checks{Headers: []expect.Header{{Name: "X-Version", Value: regexp.MustCompile("^v8$")}}}, failed: [2]uint64{20, 20},
				kind: result.KindHeaderFailed, says: "header X-Version is v7, which ^v8$ does not match"},
			{path: "/", n: 20, checks: expect.Checks{Headers: []expect.Header{{Name: "X-None"}}}, failed: [2]uint64{20, 20}, kind: result.KindHeaderFailed, says: "no header X-None in the reply"},
			{path: "/", n: 20, checks: expect.Checks{Queries: []*expect.Query{query(".predictions|length==1")}}, failed: [2]uint64{20, 20},
				kind: result.KindJSONFailed, says: ".predictions|length==1 is false: "},
			{path: "/", n: 400, checks: expect.Checks{Every: 10, Queries: []*expect.Query{query("false")}}, failed: [2]uint64{20, 60}, kind: result.KindJSONFailed, warning: "one in 10"},
			{path: "/long", n: 3, checks: expect.Checks{Queries: []*expect.Query{query("false")}}, warning: "3 replies were longer than 1 MiB"},
			{path: "/bad", n: 3, checks: expect.Checks{Queries: []*expect.Query{query("false")}}, failed: [2]uint64{3, 3}},
		} {
			request := Request{UserAgent: "test", Headers: []payloads.Header{{Name: "X-Api-Key", Value: "canaryKey7Gq2Zs9Vb"}}}
			run, _ := server.one(t, c.path, c.n, request, payloads.Single("test", body), func(p *plan.Plan) {
				p.HTTP2, p.Expect, p.Concurrency = http2, &c.checks, 4
			})
			s := run.Snapshot()
			if s.Counts.Failed < c.failed[0] || s.Counts.Failed > c.failed[1] || s.Counts.Succeeded+s.Counts.Failed != c.n {
				t.Errorf("%s %+v: %+v", c.path, c.checks, s.Counts)
			}
			for _, f := range s.Failures {
				if c.path != "/bad" && f.Kind != c.kind || !strings.Contains(f.Message.String(), c.says) || strings.Contains(f.Message.String(), "canary") {
					t.Errorf("%s: %s, want %s: %s", f.Kind, f.Message, c.kind, c.says)
				}
			}
			if said := strings.Join(lines(s.Warnings), "\n"); !strings.Contains(said, c.warning) {
				t.Errorf("%s", said)
			}
		}
	})
}
