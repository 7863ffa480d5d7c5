package main

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
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
	bruntSays      = `{"elapsed_s":4,"requests":{"sent":1206,"succeeded":1200},"lateness_ms":{"p50":0.1,"p99":0.2,"max":null}}`
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

func TestRatiosAreTakenWithinRounds(t *testing.T) {
	tab := &table{Base: "wrk", Lines: []*line{
		{Client: "wrk", Samples: []sample{{Round: 1, CPU: 10, Requests: 9, Served: 9, Connections: 1}, {Round: 2, CPU: 20, Requests: 9, Served: 9, Connections: 1}, {Round: 3, CPU: 5, Requests: 9, Served: 9, Connections: 1}}},
		{Client: "x", Samples: []sample{{Round: 1, CPU: 11, Requests: 9, Served: 9, Connections: 1}, {Round: 2, CPU: 24, Requests: 9, Served: 11, Connections: 1}, {Round: 4, CPU: 500, Requests: 9, Served: 9, Connections: 3}}},
	}}
	tab.sum(1)
	if got := *tab.Lines[1].Ratio; got != (spread{(1.1 + 1.2) / 2, 1.1, 1.2}) {
		t.Errorf("ratio %+v", got)
	}
	want := []string{"its count differs from nginx's (9 against 11)", "opened 3 connections instead of 1"}
	if got := tab.Lines[1].Marks; !reflect.DeepEqual(got, want) {
		t.Errorf("marks %q, want %q", got, want)
	}
	if marks := tab.Lines[0].Marks; len(marks) > 0 {
		t.Errorf("marks of a run in order: %q", marks)
	}
}
