package attack

import (
	"strings"
	"testing"
	"time"

	"brunt/attack/endpoint"
)

func TestJudge(t *testing.T) {
	open, closed := Plan{Rate: mustRate(t, "100"), Concurrency: 16}, Plan{Concurrency: 16}
	idle := Client{Cores: 2, CPU: time.Second, Wall: 10 * time.Second}
	busy := Client{Cores: 2, CPU: 19 * time.Second, Wall: 10 * time.Second}
	crowded := Client{Cores: 2, CPU: 5 * time.Second, Waited: 15 * time.Second, Wall: 10 * time.Second}
	queued := Client{Cores: 2, CPU: 10 * time.Second, Waited: 9 * time.Second, Wall: 10 * time.Second}
	slowed := Client{Cores: 2, CPU: time.Second, Waited: 9 * time.Second, Wall: 10 * time.Second}
	halted := Client{Cores: 2, Quota: 0.2, CPU: 2 * time.Second, Waited: 8 * time.Second, Throttled: 7 * time.Second, Wall: 10 * time.Second}
	collecting := Client{Cores: 2, CPU: 10 * time.Second, GC: 4 * time.Second, GCPauseMax: 30 * time.Millisecond, Wall: 10 * time.Second}
	few := open
	few.fewFiles = true
	for _, c := range []struct {
		name   string
		plan   Plan
		client Client
		counts Counts
		kinds  []Failure
		valid  bool
		limit  string
		reason string
	}{
		{"healthy", open, idle, Counts{Planned: 1000, Sent: 1000, Succeeded: 1000}, nil, true, LimitNone, "kept up"},
		{"a few late", open, idle, Counts{Planned: 1000, Sent: 1000, Succeeded: 1000, LateWithSlots: 9}, nil, true, LimitNone, "kept up"},
		{"late with slots", open, idle, Counts{Planned: 1000, Sent: 1000, Succeeded: 1000, LateWithSlots: 10}, nil, false, LimitClient, "1 %"},
		{"busy but on time", open, busy, Counts{Planned: 1000, Sent: 1000, Succeeded: 1000}, nil, true, LimitNone, "95 %"},
		{"busy closed loop", closed, busy, Counts{Planned: 1000, Sent: 1000, Succeeded: 1000}, nil, false, LimitClient, "95 %"},
		{"no slots", open, idle, Counts{Planned: 1000, Sent: 900, Succeeded: 900, NoSlot: 100}, nil, true, LimitConnections, "--concurrency"},
		{"late for want of slots", open, idle, Counts{Planned: 1000, Sent: 1000, Succeeded: 1000, LateNoSlots: 500}, nil, true, LimitConnections, "50 %"},
		{"429", open, idle, Counts{Planned: 1000, Sent: 1000, Succeeded: 900, Failed: 100}, []Failure{{Kind: "status_429", Status: 429, Count: 100}}, true, LimitEndpoint, "status_429"},
		{"dead", open, idle, Counts{Planned: 1000, Sent: 1000, Failed: 1000}, []Failure{{Kind: endpoint.Refused, Count: 1000}}, true, LimitEndpoint, "refused"},
		{"no files", open, idle, Counts{Planned: 1000, Sent: 1000, Succeeded: 999, Failed: 1}, []Failure{{Kind: endpoint.NoFiles, Count: 1}}, false, LimitConnections, "ulimit"},
		{"no ports", open, idle, Counts{Planned: 1000, Sent: 1000, Succeeded: 999, Failed: 1}, []Failure{{Kind: endpoint.NoPorts, Count: 1}}, false, LimitConnections, "port"},
		{"a neighbour, closed loop", closed, crowded, Counts{Planned: 1000, Sent: 1000, Succeeded: 1000}, nil, false, LimitClient, "something else keeps the cores busy"},
		{"waits of many threads", closed, queued, Counts{Planned: 1000, Sent: 1000, Succeeded: 1000}, nil, true, LimitNone, "set the pace"},
		{"a neighbour, on time", open, crowded, Counts{Planned: 1000, Sent: 1000, Succeeded: 1000}, nil, true, LimitNone, "kept up"},
		{"a neighbour, on time: a word", open, crowded, Counts{Planned: 1000, Sent: 1000, Succeeded: 1000}, nil, true, LimitNone, "waited 15s for a core, all together, and ran for 5s: the times measured hold such waits"},
		{"half a neighbour, closed loop", closed, slowed, Counts{Planned: 1000, Sent: 1000, Succeeded: 1000}, nil, true, LimitNone, "waited 9s for a core"},
		{"a neighbour, late", open, crowded, Counts{Planned: 1000, Sent: 1000, Succeeded: 1000, LateWithSlots: 500}, nil, false, LimitClient, "something else keeps the cores busy"},
		{"quota, closed loop", closed, halted, Counts{Planned: 1000, Sent: 1000, Succeeded: 1000}, nil, false, LimitClient, "limit of 0.2 cores"},
		{"quota, late", open, halted, Counts{Planned: 1000, Sent: 1000, Succeeded: 1000, LateWithSlots: 100}, nil, false, LimitClient, "limit of 0.2 cores"},
		{"garbage, late", open, collecting, Counts{Planned: 1000, Sent: 1000, Succeeded: 1000, LateWithSlots: 100}, nil, false, LimitClient, "garbage collection"},
		{"a neighbour, no slots", open, crowded, Counts{Planned: 1000, Sent: 900, Succeeded: 900, NoSlot: 100}, nil, false, LimitClient, "something else keeps the cores busy"},
		{"busy, late for want of slots", open, busy, Counts{Planned: 1000, Sent: 1000, Succeeded: 1000, LateNoSlots: 500}, nil, false, LimitClient, "too little of the cores"},
		{"waits of many threads, no slots", open, queued, Counts{Planned: 1000, Sent: 900, Succeeded: 900, NoSlot: 100}, nil, true, LimitConnections, "--concurrency"},
		{"few files", few, idle, Counts{Planned: 1000, Sent: 1000, Succeeded: 1000, LateNoSlots: 500}, nil, false, LimitConnections, "ulimit"},
		{"nothing", open, idle, Counts{}, nil, true, LimitNone, "no request was sent"},
		{"all cut off", open, idle, Counts{Planned: 200, Sent: 200, CutOff: 200}, nil, true, LimitEndpoint, "100 % of the requests still had no reply"},
		{"most cut off", closed, idle, Counts{Planned: 200, Sent: 200, Succeeded: 51, CutOff: 149}, nil, true, LimitEndpoint, "74 % of the requests still had no reply"},
		{"the last ones cut off", closed, idle, Counts{Planned: 200, Sent: 200, Succeeded: 184, CutOff: 16}, nil, true, LimitNone, "set the pace"},
		{"one cut off", open, idle, Counts{Planned: 1000, Sent: 1000, Succeeded: 999, CutOff: 1}, nil, true, LimitNone, "kept up"},
	} {
		s := &Snapshot{Counts: c.counts, Client: c.client, Failures: c.kinds, Elapsed: 10 * time.Second}
		s.Latencies.Response, s.Latencies.Failed = NewHistogram(), NewHistogram()
		if err := s.Latencies.Response.RecordValues(int64(800*time.Millisecond), int64(c.counts.Succeeded)); err != nil {
			t.Fatal(err)
		}
		v := judge(s, &c.plan)
		if v.Valid() != c.valid || v.LimitedBy != c.limit || !strings.Contains(strings.Join(v.Reasons, "; "), c.reason) {
			t.Errorf("%s: %+v", c.name, v)
		}
	}
}

// TestBacklog: an open loop whose requests in flight grow from quarter to
// quarter has an endpoint that is sent more than it bears.
func TestBacklog(t *testing.T) {
	for name, c := range map[string]struct {
		open     bool
		inFlight []uint64 // at the end of each second, of ten that were to be sent in
		want     string
	}{
		"grows":           {true, []uint64{50, 100, 150, 200, 250, 300, 350, 400, 450, 500, 300, 100, 0}, "from 100 in flight"},
		"slowly":          {true, []uint64{5, 10, 15, 20, 25, 30, 35, 40, 45, 50}, "from 10 in flight"},
		"closed":          {false, []uint64{50, 100, 150, 200, 250, 300, 350, 400, 450, 500}, ""},
		"stays":           {true, []uint64{480, 520, 500, 510, 490, 505, 500, 495, 510, 520}, ""},
		"few":             {true, []uint64{0, 0, 1, 1, 2, 3, 3, 3, 4, 6}, ""},
		"a stall":         {true, []uint64{5, 5, 5, 5, 900, 700, 500, 300, 5, 5}, ""},
		"a stall, at end": {true, []uint64{5, 5, 5, 5, 5, 5, 5, 5, 5, 900}, ""},
		"filled":          {true, []uint64{100, 200, 300, 300, 300, 300, 300, 300, 300, 300}, ""},
		"caught up":       {true, []uint64{100, 200, 300, 400, 500, 600, 700, 400, 200, 5}, ""},
		"too short":       {true, []uint64{100, 200}, ""},
	} {
		p := Plan{Concurrency: 10_000}
		if c.open {
			p.Rate = mustRate(t, "1000")
		}
		s := &Snapshot{Counts: Counts{Planned: 10_000, Sent: 10_000, Succeeded: 10_000}, PlanElapsed: min(10, time.Duration(len(c.inFlight))) * time.Second, Elapsed: 13 * time.Second}
		s.Latencies.Response, s.Latencies.Failed = NewHistogram(), NewHistogram()
		for i, n := range c.inFlight {
			s.Intervals = append(s.Intervals, Interval{At: time.Duration(i) * time.Second, Width: time.Second, InFlight: n})
		}
		v := judge(s, &p)
		if found := v.LimitedBy == LimitEndpoint && v.Valid(); found != (c.want != "") || !strings.Contains(v.Reasons[0], c.want) {
			t.Errorf("%s: %+v", name, v)
		}
	}
}
