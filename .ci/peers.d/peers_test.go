package main

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

// Outputs as the clients print them, failures included.
const (
	heySays = `
Summary:
  Total:	4.0012 secs
Latency distribution:
  10% in 0.0010 secs
Status code distribution:
  [200]	1200 responses
  [503]	30 responses

Error distribution:
  [7]	Post "http://127.0.0.1:1/predict": EOF
  [2]	Post "http://127.0.0.1:1/predict": dial tcp: refused
`
	abSays = `
Time taken for tests:   4.000 seconds
Complete requests:      1200
Failed requests:        3
   (Connect: 0, Receive: 0, Length: 3, Exceptions: 0)
Non-2xx responses:      4
`
	wrkSays        = "Running 4s test\nPEERS {\"requests\":1200,\"failed\":5,\"broken\":2,\"seconds\":4.0}\n"
	bombardierSays = `{"spec":{},"result":{"timeTakenSeconds":4,"req1xx":0,"req2xx":1200,"req3xx":0,"req4xx":3,"req5xx":2,"others":1}}`
	curlSays       = `{"http_code":413,"time_total":0.0125,"errormsg":null,"exitcode":0}`
	scriptSays     = "PEERS {\"requests\":50,\"failed\":1,\"tokens\":2500,\"seconds\":2,\"startup_cpu_s\":0.25}"
	streamSays     = `{"elapsed_s":1,"requests":{"sent":1,"succeeded":1},"latency_ms":{"service":{"max":2.5}},
		"status":{"200":1},"errors":[],"stream":{"output_tokens":20},"client":{"gc_pause_max_ms":0.25}}`
	refusedSays = `{"elapsed_s":3,"requests":{"sent":1,"succeeded":0},"status":{},"errors":[{"kind":"timeout_reply"}]}`
	bruntSays   = `{"elapsed_s":4,"requests":{"sent":1206,"succeeded":1200},"lateness_ms":{"p50":0.1,"p99":0.2,"max":null}}`
)

func TestReadersCountFailuresWithinRequests(t *testing.T) {
	tests := []struct {
		says string
		read func(*load, []byte) (tally, error)
		want tally
	}{
		{heySays, readHey, tally{requests: 1239, failed: 39, seconds: 4.0012}},
		{abSays, readAB, tally{requests: 1200, failed: 7, seconds: 4}},
		{wrkSays, readWrk, tally{requests: 1202, failed: 7, seconds: 4}},
		{bombardierSays, readBombardier, tally{requests: 1206, failed: 6, seconds: 4}},
		{curlSays, readCurl, tally{requests: 1, seconds: 0.0125, status: 413, service: 12.5}},
		{scriptSays, readWrk, tally{requests: 50, failed: 1, seconds: 2, tokens: 2500, startupCPU: 0.25}},
		{streamSays, readBrunt, tally{requests: 1, seconds: 1, status: 200, service: 2.5, tokens: 20, gcPause: 0.25}},
		{refusedSays, readBrunt, tally{requests: 1, failed: 1, seconds: 3, trouble: "timeout_reply"}},
		{bruntSays, readBrunt, tally{requests: 1206, failed: 6, seconds: 4}},
	}
	for _, test := range tests {
		got, err := test.read(&load{}, []byte(test.says))
		if err != nil || !reflect.DeepEqual(got, test.want) {
			t.Errorf("%.20q: %+v, %v; want %+v", test.says, got, err, test.want)
		}
		if _, err := test.read(&load{}, nil); err == nil {
			t.Errorf("%.20q: no output, no error", test.says)
		}
	}
}

func TestVegetaLatenessIsAgainstTheFirstRequestsSchedule(t *testing.T) {
	// 100/s: request i is due i × 10 ms after the first. The file is in the
	// order of replies; the second is 3 ms late, the third 1 ms early.
	var file strings.Builder
	for _, hit := range []struct{ seq, sentMS int }{{2, 1019}, {0, 1000}, {1, 1013}} {
		fmt.Fprintf(&file, "%d,200,5000000,0,0,,,,%d,POST,http://x,\n", hit.sentMS*1_000_000, hit.seq)
	}
	got, err := tallyVegeta(strings.NewReader(file.String()), 100)
	if err != nil || got.requests != 3 || *got.lateness != (lateness{0, 3, 3}) || got.seconds != 0.024 {
		t.Errorf("%+v %+v %v", got, got.lateness, err)
	}
}

// ran is a run in order on one connection, with this CPU per request.
func ran(round int, cpu float64) sample {
	return sample{Round: round, CPU: cpu, Requests: 9, Served: 9, Connections: 1, asked: load{connections: 1}}
}

func TestRatiosAreTakenWithinRounds(t *testing.T) {
	odd, failed := ran(2, 24), ran(3, 1)
	odd.Served, odd.Connections, failed.Error = 11, 3, "killed"
	tab := &table{Lines: []*line{
		{Client: "wrk", Base: "wrk", Samples: []sample{ran(1, 10), ran(2, 20), ran(3, 5)}},
		{Client: "x", Base: "wrk", Samples: []sample{ran(1, 11), odd, failed, ran(4, 500)}},
	}}
	tab.sum()
	figures := tab.Lines[1].Figures
	if got := *figures[len(figures)-1].spread; got != (spread{(1.1 + 1.2) / 2, 1.1, 1.2}) {
		t.Errorf("ratio %+v", got)
	}
	want := []string{
		"its count differs from the server's (9 against 11)",
		"opened 3 connections instead of 1",
		"run failed: killed",
	}
	if got := tab.Lines[1].Marks; !reflect.DeepEqual(got, want) {
		t.Errorf("marks %q, want %q", got, want)
	}
	if marks := tab.Lines[0].Marks; len(marks) > 0 {
		t.Errorf("marks of a run in order: %q", marks)
	}
}

func TestAnExactNumberOfRequestsHasNoSlack(t *testing.T) {
	s := ran(1, 10)
	s.Served = 10 // a request in flight at the end of a run by the clock
	if marks := s.marks(); len(marks) > 0 {
		t.Errorf("by the clock: %q", marks)
	}
	s.asked.requests = 10
	want := []string{"its count differs from the server's (9 against 10)", "sent 9 requests instead of 10"}
	if got := s.marks(); !reflect.DeepEqual(got, want) {
		t.Errorf("marks %q, want %q", got, want)
	}
}

func TestARunIsMarkedForWhatItsRowExpects(t *testing.T) {
	s := ran(1, 10)
	s.asked.requests, s.asked.status, s.asked.tokens, s.asked.atOnce = 9, 413, 3, true
	s.Status, s.Tokens, s.ServerSent, s.ServerPeak = 413, 27, 27, 1
	if marks := s.marks(); len(marks) > 0 {
		t.Errorf("in order: %q", marks)
	}
	s.Status, s.Tokens, s.ServerPeak, s.ServerLate, s.Mark = 0, 26, 2, 101, "a viewer saw nothing"
	s.Trouble = "timeout_reply"
	want := []string{
		"a viewer saw nothing",
		"was answered 0 instead of 413: timeout_reply",
		"had 2 connections open at once instead of 1",
		"27 tokens expected, 27 sent, 26 received",
		"the server itself was late in a round: by 101 ms",
	}
	if got := s.marks(); !reflect.DeepEqual(got, want) {
		t.Errorf("marks %q, want %q", got, want)
	}
}

func TestColumnsStandToTheBaseOfTheSameRound(t *testing.T) {
	base := &line{Samples: []sample{ran(1, 10), ran(2, 20)}}
	l := &line{Samples: []sample{ran(1, 15), ran(2, 10), ran(3, 9)}}
	for _, test := range []struct {
		column column
		want   string
	}{
		{column{of: cpuOf, digits: 1}, "10.0 [9.0–15.0]"},
		{column{of: cpuOf, show: median}, "10"},
		{column{of: cpuOf, show: most, digits: 1}, "15.0"},
		{column{of: cpuOf, show: each}, "15 10 9"},
		{column{of: cpuOf, to: ratio, show: each, digits: 2}, "1.50 0.50"},
		{column{of: cpuOf, to: difference, show: each}, "5 -10"},
		{column{of: cpuOf, to: theirs, show: each}, "10 20"},
		{column{of: statusOf}, "–"},
	} {
		f := figureOf(test.column, l, base)
		if got := f.String(); got != test.want {
			t.Errorf("%+v: %q, want %q", test.column, got, test.want)
		}
	}
}

func TestLeadersComeFirstAndOthersTakeTurns(t *testing.T) {
	runners := []runner{{label: "a"}, {label: "lead", leads: true}, {label: "b"}, {label: "c"}}
	for round, want := range [][]int{{1, 0, 2, 3}, {1, 2, 3, 0}, {1, 3, 0, 2}} {
		if got := order(runners, round); !reflect.DeepEqual(got, want) {
			t.Errorf("round %d: %v, want %v", round, got, want)
		}
	}
}

// Every row has a name of its own, a body, and runners whose bases are there.
func TestRowsAreWhole(t *testing.T) {
	chosen, seen := clients(), map[string]bool{}
	for _, r := range rows() {
		if seen[r.name] || r.title == "" || (r.bytes < 16 && r.text == "") || r.connections < 1 {
			t.Errorf("%+v", r)
		}
		seen[r.name] = true
		r.longest = 10_000
		runners, err := r.compared(chosen)
		if err != nil || len(runners) == 0 {
			t.Errorf("%s: %d runners, %v", r.name, len(runners), err)
		}
		labels, led := map[string]bool{}, false
		for _, p := range runners {
			if p.client == nil || labels[p.label] {
				t.Errorf("%s: %q is there twice, or without a client", r.name, p.label)
			}
			labels[p.label], led = true, led || p.leads
		}
		for _, p := range runners {
			if p.base != "" && !labels[p.base] || p.part > 0 && !led {
				t.Errorf("%s: %q has no base %q, or nobody leads", r.name, p.label, p.base)
			}
		}
		if _, err := r.compared(nil); err == nil && !r.closed() {
			t.Errorf("%s: no clients, no error", r.name)
		}
	}
}

func TestCPUTimeOfAProcess(t *testing.T) {
	const stat = "7 (a (name) b) S 1 7 7 0 -1 4194560 85 0 0 0 12 34 0 0 20 0 1 0 100 1 1"
	if got := statCPU(stat); got != 460*time.Millisecond {
		t.Errorf("%s", got)
	}
	if got := statCPU(""); got != 0 {
		t.Errorf("of nothing %s", got)
	}
}
