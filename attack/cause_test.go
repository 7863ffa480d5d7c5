package attack

import (
	"bufio"
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

	"brunt/attack/cause"
	"brunt/attack/cause/causetest"
	"brunt/attack/figure"
	"brunt/attack/histogram"
	"brunt/attack/result"
)

// TestFailuresByCause has a server answer in every shape, in turns.
func TestFailuresByCause(t *testing.T) {
	const rounds = 3
	var turn atomic.Int64
	answer := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		n := int(turn.Add(1) - 1)
		c := causetest.Refusals[n%len(causetest.Refusals)]
		w.Header().Set("X-Databricks-Request-Id", fmt.Sprintf("request-%d", n))
		w.Header().Set("Set-Cookie", "session=canary")
		w.Header().Set("X-Auth-Token", "canary")
		w.Header()["Via"] = []string{"one", "two"}
		w.WriteHeader(c.Status)
		io.WriteString(w, c.Body)
	})
	type key struct {
		status int
		cause  cause.Cause
	}
	want, first := map[key]uint64{}, map[key]causetest.Refused{}
	for _, c := range causetest.Refusals {
		k := key{c.Status, cause.Cause(c.Cause)}
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
		p, url := testPlan(uint64(rounds*len(causetest.Refusals))), plain.URL
		if p.Concurrency = 1; http2s {
			p.HTTP2, url = true, multiplexed
		}
		s := attackOf(t, url, p)
		got := map[key]uint64{}
		for _, f := range s.Failures {
			k := key{f.Status, f.Cause}
			got[k] += f.Count
			if f.Kind != fmt.Sprintf("status_%d", f.Status) || f.Message.String() != first[k].Message || !strings.HasPrefix(f.RequestID, "request-") || f.Payload == "" {
				t.Errorf("HTTP/2 %v: %+v, expected %q", http2s, f, first[k].Message)
			}
			silent := f.Cause == "" || f.Cause == cause.BadRequest || f.Cause == cause.Redirect // to no place
			if f.Advice.String() == "" != silent || f.Last < f.First {
				t.Errorf("HTTP/2 %v: %+v", http2s, f)
			}
			h := f.Headers
			if h["set-cookie"] != "***" || h["x-auth-token"] != "***" || h["via"] != "one, two" || h["x-databricks-request-id"] != f.RequestID {
				t.Errorf("HTTP/2 %v: headers %v", http2s, h)
			}
			if f.Cause == cause.BadInput && f.Advice.String() != f.Payload+" "+signature {
				t.Errorf("advice on bad input: %s", f.Advice.String())
			}
		}
		if !maps.Equal(got, want) {
			t.Errorf("HTTP/2 %v: %v, expected %v", http2s, got, want)
		}
		if !slices.IsSortedFunc(s.Failures, func(a, b result.Failure) int { return int(b.Count) - int(a.Count) }) {
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
	response, service := histogram.New(), histogram.New()
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
	all, w := map[string]*result.Served{}, &histogram.Sketcher{}
	addServed(all, a.models, w)
	addServed(all, b.models, w)
	list := servedOf(all)
	var sum uint64
	for _, m := range list {
		sum += m.Count
	}
	if last := list[len(list)-1]; len(a.models) != maxModels+1 || len(list) > maxModels+1 || last.Name != result.OtherModels || sum != 2000 {
		t.Errorf("%d of %d models, the last %q, %d replies", len(a.models), len(list), list[len(list)-1].Name, sum)
	}
}

func BenchmarkServedModel(b *testing.B) {
	const text = "HTTP/1.1 200 OK\r\nServer: x\r\nDate: Wed, 25 Nov 2026 20:00:00 GMT\r\nContent-Type: application/json\r\nContent-Length: 2\r\n" +
		"X-Databricks-Request-Id: 6c1f2a8e-4f0b-4c4e-9a51-0d2f7f9a9f31\r\nVary: Accept-Encoding\r\nStrict-Transport-Security: max-age=31536000\r\nX-Content-Type-Options: nosniff\r\n"
	for name, more := range map[string]string{"none": "", "named": "served-model-name: model-1\r\n"} {
		r := newReply()
		if err := r.Header.Read(bufio.NewReader(strings.NewReader(text + more + "\r\n"))); err != nil {
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
}
