package cluster

import (
	"context"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"brunt/payloads/needs"
)

// TestSwarm has simulated workers report of a load that nobody sends, over a real NATS
// server, to a real coordinator, each in a process of its own; and what is merged is what
// was reported.
func TestSwarm(t *testing.T) {
	needs.Time(t)
	workers, seconds := swarmWorkers, swarmSeconds
	if text := os.Getenv("BRUNT_SWARM"); text != "" {
		n, s, ok := strings.Cut(text, ",")
		var err error
		if workers, err = strconv.Atoi(n); err != nil {
			t.Fatal(err)
		}
		if ok {
			if seconds, err = strconv.Atoi(s); err != nil {
				t.Fatal(err)
			}
		}
	}
	server := newSwarmProcess(t, swarmOptions{Role: "nats"})
	up := server.figures()
	coordinator := newSwarmProcess(t, swarmOptions{
		Role: "coordinator", URL: up.URL, Password: up.Password, Workers: workers, Seconds: seconds,
		Profile: os.Getenv("BRUNT_SWARM_PROFILE"),
	})
	sw := &swarm{t: t, seconds: seconds, access: Access{URL: up.URL, Token: up.Token}, runs: syntheticRuns(seconds), connecting: make(chan struct{}, 32)}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for i := range workers {
		sw.work.Go(func() { sw.worker(ctx, i) })
	}
	sw.waitAll(workers)
	if err := server.ask(); err != nil {
		t.Fatal(err)
	}
	before := server.figures()
	whole := coordinator.figures()
	got := coordinator.figures()
	if err := server.ask(); err != nil {
		t.Fatal(err)
	}
	after := server.figures()
	cancel()
	sw.work.Wait()
	want := sw.sent.Load()
	if got.Sent != want || got.Succeeded != want || got.Planned != want || want != uint64(workers*seconds*swarmRate) {
		t.Errorf("planned %d, sent %d, succeeded %d, and the workers reported %d of %d",
			got.Planned, got.Sent, got.Succeeded, want, workers*seconds*swarmRate)
	}
	if got.Lost > 0 || len(got.Notes) > 0 || coordinator.errs.Len() > 0 {
		t.Errorf("%d workers were lost: %q %s", got.Lost, got.Notes, coordinator.errs.String())
	}
	if whole.PeakRSS > 500e6 {
		t.Errorf("the coordinator takes %d MB", whole.PeakRSS/1e6)
	}
	wall := got.Wall
	perWorker := float64(sw.bytes.Load()) / float64(workers) / wall
	t.Logf("%d workers, %d names, %.0f s at %d requests/s", workers, len(syntheticNames), wall, workers*swarmRate)
	t.Logf("all were ready after %.1f s, and had begun %.1f s later", got.Ready, got.Begun)
	t.Logf("coordinator: %.2f cores, %d MB at the most (with its start %.1f s of CPU)", got.CPU/wall, whole.PeakRSS/1e6, whole.CPU)
	t.Logf("NATS server: %.2f cores, %d MB at the most", (after.CPU-before.CPU)/wall, after.PeakRSS/1e6)
	t.Logf("a worker: %.0f bytes/s of snapshots in %.2f messages/s of %.0f bytes", perWorker,
		float64(sw.messages.Load())/float64(workers)/wall, float64(sw.bytes.Load())/float64(max(1, sw.messages.Load())))
	t.Logf("all: %.0f messages/s and %.1f MB/s into the server, %.0f messages/s out", float64(after.InMsgs-before.InMsgs)/wall,
		float64(after.InSize-before.InSize)/wall/1e6, float64(after.OutMsgs-before.OutMsgs)/wall)
	t.Logf("disk: %.1f MB of snapshots were handed in, and %.1f MB are kept at the end", float64(sw.bytes.Load())/1e6, float64(after.Stored)/1e6)
	mean, most := sw.behind(got.Looks)
	t.Logf("what was handed in is merged %.0f ms later in the mean of %d looks, %.0f ms at the most; %d snapshots were sent again",
		1e3*mean.Seconds(), len(got.Looks), 1e3*most.Seconds(), sw.again.Load())
}

// report is how many requests a worker had told of at an instant.
type report struct {
	at   time.Time
	sent uint64 // more than in its last report
}

// behind is how long before each look the workers had told no more than it saw.
func (s *swarm) behind(looks []swarmLook) (mean, most time.Duration) {
	slices.SortFunc(s.reports, func(a, b report) int { return a.at.Compare(b.at) })
	for _, look := range looks {
		late, told := time.Duration(0), uint64(0)
		for _, r := range s.reports {
			if told += r.sent; told > look.Sent {
				late = max(0, look.At.Sub(r.at))
				break
			}
		}
		mean, most = mean+late, max(most, late)
	}
	return mean / time.Duration(max(1, len(looks))), most
}

// swarm is all simulated workers.
type swarm struct {
	t       *testing.T
	access  Access
	seconds int
	runs    []*syntheticRun
	work    sync.WaitGroup
	begun   atomic.Int64
	// connecting holds one for each worker that connects: all come from this machine.
	connecting chan struct{}

	sent, messages, bytes, again atomic.Uint64

	mu      sync.Mutex
	reports []report
}

// waitAll waits until all workers have begun their runs.
func (s *swarm) waitAll(workers int) {
	await(s.t, "start of all workers", func() bool { return s.begun.Load() == int64(workers) })
}

// worker answers and reports as a worker does whose load is synthetic.
func (s *swarm) worker(ctx context.Context, number int) {
	w, err := newWorker(WorkerOptions{Access: s.access, Name: fmt.Sprint("s", number), Version: "swarm", Cores: 2, Clock: time.Now})
	if err != nil {
		s.t.Errorf("worker %d: %v", number, err)
		return
	}
	s.connecting <- struct{}{}
	w.nats, w.js, err = w.connect(w.Name, w.denied)
	<-s.connecting
	if err != nil {
		s.t.Errorf("worker %d: %v", number, err)
		return
	}
	defer w.nats.Close()
	h := hello{ID: w.id, Name: w.Name, Version: w.Version, Cores: w.Cores, Started: time.Now().UnixNano()}
	joining, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	var o offer
	var p place
	if err = ask(joining, w.nats, subjectJoin, h, &o); err == nil {
		err = ask(joining, w.nats, subjectEnter(swarmSession), h, &p)
	}
	if refused := o.Refused + p.Refused; err != nil || refused != "" {
		s.t.Errorf("worker %d: %v %s", number, err, refused)
		return
	}
	in := &session{worker: w, name: swarmSession, index: p.Index}
	begins, ended := make(chan *task, 1), make(chan struct{})
	var ready atomic.Pointer[said]
	ready.Store(&said{State: saidBusy})
	var once, over sync.Once
	var start time.Time
	answers := []error{
		heed(w, in, askClock, func(struct{}) moment {
			now := time.Now().UnixNano()
			return moment{Came: now, Went: now, Said: *ready.Load()}
		}),
		heed(w, in, askPrepare, func(o order) answer {
			now := said{Order: o.Number, State: saidReady}
			ready.Store(&now)
			go in.say(now)
			return answer{}
		}),
		heed(w, in, askStart, func(b begin) answer {
			leases, err := in.holdLease(&b, 0)
			if err != nil {
				return answer{Refused: err.Error()}
			}
			once.Do(func() {
				start = time.Unix(0, b.At)
				begins <- &task{session: in, number: b.Run, lease: b.Lease, leases: leases}
			})
			return answer{}
		}),
		heed(w, in, askChange, func(change) answer { return answer{} }),
		heed(w, in, askEnd, func(struct{}) answer { over.Do(func() { close(ended) }); return answer{} }),
	}
	for _, err := range answers {
		if err != nil {
			s.t.Errorf("worker %d: %v", number, err)
		}
	}
	select {
	case t := <-begins:
		s.run(ctx, t, start)
	case <-ctx.Done():
		return
	}
	select {
	case <-ended:
	case <-ctx.Done():
	}
}

func heed[Q, A any](w *worker, s *session, what string, handle func(Q) A) error {
	_, err := listen(w.nats, subjectOf(s.name, s.id, what), handle)
	return err
}

// run renews the lease and hands in snapshots until the last one is in.
func (s *swarm) run(ctx context.Context, t *task, start time.Time) {
	s.begun.Add(1)
	in := t.session
	quit := make(chan struct{})
	var renewing sync.WaitGroup
	renewing.Go(func() {
		tick := time.NewTicker(t.lease / renewalsPerLease)
		defer tick.Stop()
		for revision := uint64(0); ; {
			if next, err := t.renewed(revision, 0); err == nil {
				revision = next
			}
			select {
			case <-tick.C:
			case <-quit:
				return
			}
		}
	})
	defer renewing.Wait()
	defer close(quit)
	source := s.runs[in.index%len(s.runs)]
	tick := time.NewTicker(publishEvery)
	defer tick.Stop()
	for told := 0; told < s.seconds; {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		// A message adds to the one before, so that none is left out on a full machine.
		for ; told < min(s.seconds, int(math.Floor(time.Since(start).Seconds()))); told++ {
			body := source.message(told + 1)
			s.mu.Lock()
			s.reports = append(s.reports, report{time.Now(), swarmRate})
			s.mu.Unlock()
			m := &handedIn{Worker: in.index, Run: t.number, Number: told + 1, Last: told+1 == s.seconds, Body: body}
			for t.handIn(m) != nil {
				if s.again.Add(1); ctx.Err() != nil {
					return
				}
			}
			s.messages.Add(1)
			s.bytes.Add(uint64(len(body)))
		}
	}
	s.sent.Add(uint64(s.seconds * swarmRate))
}
