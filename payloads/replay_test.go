package payloads

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"brunt/payloads/filetest"
)

// TestRecorded: bodies come in the order of their times, those of one time in
// that of the file, again and again; places stay those of the rows.
func TestRecorded(t *testing.T) {
	var table strings.Builder
	for i, at := range []int{300, 100, 200, 100} {
		fmt.Fprintf(&table, `{"timestamp_ms":%d,"request":"%d"}`+"\n", at, i)
	}
	path := filetest.Write(t, "t.jsonl", table.String())
	s := mustOpen(t, Options{Format: AutoFormat, Order: Recorded}, Spec{path, 1})
	if got := sent(s, 6); !slices.Equal(got, []string{"1", "3", "2", "0", "1", "3"}) {
		t.Error(got)
	}
	if got := s.Instants(); !slices.Equal(got, []int64{0, 0, 100e6, 200e6}) {
		t.Error(got)
	}
	if s.Where(0) != path+":2" || s.Where(3) != path+":1" || s.Order() != Recorded {
		t.Error(s.Where(0), s.Where(3), s.Order())
	}
	if s := mustOpen(t, Options{Format: AutoFormat}, Spec{path, 1}); s.Instants() != nil {
		t.Error("a sequential set has instants")
	}
}

// TestRecordedRequests: lines of the request format say to the nanosecond when
// they came, over the borders of chunks; a line may have no time unless it is
// replayed.
func TestRecordedRequests(t *testing.T) {
	defer func(n int) { chunkSize = n }(chunkSize)
	chunkSize = 64
	path := filetest.Write(t, "r.jsonl", `{"timestamp_ms":1700158623979.9602,"body":0,"name":"a"}
{"timestamp_ms":1700158623979,"body":1}

{"body":2,"timestamp_ms":17001586239.80e2}
`)
	s := mustOpen(t, Options{Format: AutoFormat, Order: Recorded}, Spec{path, 1})
	if got := sent(s, 3); !slices.Equal(got, []string{"1", "0", "2"}) ||
		!slices.Equal(s.Instants(), []int64{0, 960200, 1e6}) || s.Variants()[s.At(1).Variant].Name != "a" {
		t.Error(got, s.Instants())
	}
	bare := filetest.Write(t, "b.jsonl", `{"timestamp_ms":-1,"body":0}`+"\n"+`{"body":1}`+"\n")
	if got := sent(mustOpen(t, Options{Format: AutoFormat}, Spec{bare, 1}), 2); !slices.Equal(got, []string{"0", "1"}) {
		t.Error(got)
	}
	if _, err := Open([]Spec{{bare, 1}}, Options{Format: RequestFormat, Order: Recorded}); err == nil ||
		!strings.HasPrefix(err.Error(), bare+":2: no timestamp_ms") {
		t.Error(err)
	}
}

func TestRecordedFaults(t *testing.T) {
	table := filetest.Write(t, "t.jsonl", `{"timestamp_ms":1,"request":"0"}`+"\n\n"+`{"status_code":200,"request":"1"}`+"\n")
	odd := filetest.Write(t, "o.jsonl", `{"timestamp_ms":1,"request":"0"}`+"\n"+`{"timestamp_ms":"yesterday","request":"1"}`+"\n")
	plain := filetest.Write(t, "p.jsonl", "{}\n")
	for _, c := range []struct {
		specs []Spec
		want  string
	}{
		{[]Spec{{table, 1}}, table + ":3: no timestamp_ms"},
		{[]Spec{{odd, 1}}, odd + ":2: timestamp_ms or request_time is no time"},
		{[]Spec{{plain, 1}}, plain + ": neither an inference table"},
		{[]Spec{{plain, 1}, {table, 1}}, "replay takes one file"},
	} {
		if s, err := Open(c.specs, Options{Format: AutoFormat, Order: Recorded}); err == nil ||
			!strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%v, %v", s, err)
		}
	}
}
