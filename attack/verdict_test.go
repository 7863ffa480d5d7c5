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
		{"waits of many threads", closed, queued, Counts{Planned: 1000, Sent: 1000, Succeeded: 1000}, nil, true, LimitNone, "kept up"},
		{"a neighbour, on time", open, crowded, Counts{Planned: 1000, Sent: 1000, Succeeded: 1000}, nil, true, LimitNone, "kept up"},
		{"a neighbour, late", open, crowded, Counts{Planned: 1000, Sent: 1000, Succeeded: 1000, LateWithSlots: 500}, nil, false, LimitClient, "something else keeps the cores busy"},
		{"quota, closed loop", closed, halted, Counts{Planned: 1000, Sent: 1000, Succeeded: 1000}, nil, false, LimitClient, "limit of 0.2 cores"},
		{"quota, late", open, halted, Counts{Planned: 1000, Sent: 1000, Succeeded: 1000, LateWithSlots: 100}, nil, false, LimitClient, "limit of 0.2 cores"},
		{"garbage, late", open, collecting, Counts{Planned: 1000, Sent: 1000, Succeeded: 1000, LateWithSlots: 100}, nil, false, LimitClient, "garbage collection"},
		{"a neighbour, no slots", open, crowded, Counts{Planned: 1000, Sent: 900, Succeeded: 900, NoSlot: 100}, nil, false, LimitClient, "something else keeps the cores busy"},
		{"busy, late for want of slots", open, busy, Counts{Planned: 1000, Sent: 1000, Succeeded: 1000, LateNoSlots: 500}, nil, false, LimitClient, "too little of the cores"},
		{"waits of many threads, no slots", open, queued, Counts{Planned: 1000, Sent: 900, Succeeded: 900, NoSlot: 100}, nil, true, LimitConnections, "--concurrency"},
		{"few files", few, idle, Counts{Planned: 1000, Sent: 1000, Succeeded: 1000, LateNoSlots: 500}, nil, false, LimitConnections, "ulimit"},
		{"nothing", open, idle, Counts{}, nil, true, LimitNone, ""},
	} {
		v := judge(&Snapshot{Counts: c.counts, Client: c.client, Failures: c.kinds}, &c.plan)
		if v.Valid != c.valid || v.LimitedBy != c.limit || !strings.Contains(strings.Join(v.Reasons, "; "), c.reason) {
			t.Errorf("%s: %+v", c.name, v)
		}
	}
}
