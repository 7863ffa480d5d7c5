package endpoint

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"brunt/attack/endpoint/databricks"
)

const (
	// sampleInterval is the time between two readings of an endpoint's own figures,
	// which change once a minute.
	sampleInterval = time.Minute
	// readingTimeout is how long one reading may take, and lastReadingTimeout how long the
	// end of a run waits for the last.
	readingTimeout     = 10 * time.Second
	lastReadingTimeout = 2 * time.Second
)

// Sample is what an endpoint said of itself, and when it was asked.
type Sample struct {
	At time.Time
	databricks.Export
}

// Sampler reads the endpoint's own figures beside a run: before it, each
// minute and at its end. A nil one reads nothing.
type Sampler struct {
	workspace *databricks.Workspace
	name      string
	life      context.Context
	kill      context.CancelFunc
	begun     chan struct{} // closed once the first reading is over
	ending    chan struct{}
	done      chan struct{}
	end       sync.Once

	mu      sync.Mutex
	samples []Sample
	failed  int
	reason  string // of the last failure, without secrets
}

// Sample begins to read, and waits two seconds at most for the first reading, or
// for ctx: what it has is then of before the load. It is nil for a target that is
// in no workspace.
func (e *Endpoint) Sample(ctx context.Context) *Sampler {
	if e.workspace == nil || e.Details == nil {
		return nil
	}
	s := &Sampler{
		workspace: e.workspace,
		name:      e.Name,
		begun:     make(chan struct{}),
		ending:    make(chan struct{}),
		done:      make(chan struct{}),
	}
	s.life, s.kill = context.WithCancel(context.Background())
	go s.loop()
	timer := time.NewTimer(lastReadingTimeout)
	defer timer.Stop()
	select {
	case <-s.begun:
	case <-timer.C:
	case <-ctx.Done():
	}
	return s
}

func (s *Sampler) loop() {
	defer close(s.done)
	ticker := time.NewTicker(sampleInterval)
	defer ticker.Stop()
	s.take()
	close(s.begun)
	for {
		select {
		case <-ticker.C:
			s.take()
		case <-s.ending:
			s.take()
			return
		}
	}
}

func (s *Sampler) take() {
	ctx, cancel := context.WithTimeout(s.life, readingTimeout)
	defer cancel()
	at := time.Now()
	x, err := s.workspace.Export(ctx, s.name)
	s.mu.Lock()
	defer s.mu.Unlock()
	var status *databricks.StatusError
	if errors.As(err, &status) && status.Status == http.StatusNotFound {
		return // a workspace, or a mock of one, without such figures
	}
	if err != nil {
		s.failed++
		s.reason = RedactTokens(err.Error())
		if s.life.Err() != nil {
			s.reason = "no answer within 2 s of the run's end"
		}
		return
	}
	s.samples = append(s.samples, Sample{At: at, Export: *x})
}

// Taken are the samples so far, how many readings failed, and why the last of
// those did.
func (s *Sampler) Taken() (samples []Sample, failed int, reason string) {
	if s == nil {
		return nil, 0, ""
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.samples[:len(s.samples):len(s.samples)], s.failed, s.reason
}

// End takes the last sample, for which it waits two seconds at most, and stops.
// It may be called more than once.
func (s *Sampler) End() {
	if s == nil {
		return
	}
	s.end.Do(func() {
		late := time.AfterFunc(lastReadingTimeout, s.kill)
		defer late.Stop()
		close(s.ending)
		<-s.done
		s.kill()
	})
}
