package attack

import (
	"fmt"
	"math"
	"testing"
	"time"

	"brunt/attack/endpoint"
	"brunt/attack/mock"
	"brunt/attack/plan"
	"brunt/attack/quiet"
	"brunt/attack/result"
	"brunt/payloads"
)

// tokenRun is a run against the embedded endpoint, and how many tokens that wrote
// within the run's window.
func tokenRun(t *testing.T, c mock.Config, p plan.Plan) (s *result.Snapshot, theirs uint64) {
	t.Helper()
	origin := time.Now() // of the server's clock
	server, err := mock.Start(c, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server.NoteStreams()
	run := start(t, server.URL(), p, payloads.Single("test", chatBody), endpoint.Options{})
	<-run.Done()
	s = run.Snapshot()
	server.Close() // which ends the streams that were cut off
	checkBooks(t, s)
	checkStreamBooks(t, s)
	from := s.Started.Sub(origin)
	for _, note := range server.Streamed() {
		for _, at := range note.Sent {
			if at >= from && at < from+s.Counts.Window.Length {
				theirs++
			}
		}
	}
	return s, theirs
}

// TestWindowTokens holds the tokens of the measured window against those that the
// endpoint wrote in that time by its own clock, for all ways in which a run
// begins and ends: within 1 %.
func TestWindowTokens(t *testing.T) {
	answer := func(ttft time.Duration, tokens int, gap time.Duration) mock.Config {
		return mock.Config{Concurrency: 1000, TTFT: ttft, Tokens: tokens, TokenGap: gap}
	}
	half := answer(100*time.Millisecond, 41, 10*time.Millisecond) // 0.5 s
	uneven := answer(100*time.Millisecond, 41, 10*time.Millisecond)
	uneven.Sigma, uneven.Seed = 1, 3
	longer := answer(500*time.Millisecond, 100, 20*time.Millisecond) // 2.48 s
	longest := answer(time.Second, 81, 50*time.Millisecond)          // 5 s
	broken := half
	broken.StreamBreaks, broken.Usage = 0.3, mock.UsageEach
	row := func(c mock.Config, rate string, workers int, warmup, d time.Duration, at plan.AtEnd) func(*plan.Plan) mock.Config {
		return func(p *plan.Plan) mock.Config {
			p.Concurrency, p.Warmup, p.Duration, p.AtEnd = workers, warmup, d, at
			if rate != "" {
				p.Rate = mustRate(t, rate)
			}
			return c
		}
	}
	deadline := func(p *plan.Plan) mock.Config {
		p.Concurrency, p.Duration, p.AtEnd, p.Timeout = 64, 1700*time.Millisecond, plan.Drain, time.Second
		c := half
		c.Sigma, c.Seed = 1, 9
		return c
	}
	rows := map[string]func(*plan.Plan) mock.Config{
		"closed 8, 0.5 s, cut":                row(half, "", 8, 0, 1300*time.Millisecond, plan.Cut),
		"closed 64, uneven, warm-up, drain":   row(uneven, "", 64, 700*time.Millisecond, 1200*time.Millisecond, plan.Drain),
		"closed 64, uneven, warm-up, cut":     row(uneven, "", 64, 700*time.Millisecond, 1200*time.Millisecond, plan.Cut),
		"open, 0.5 s, warm-up, cut":           row(half, "60", 500, 350*time.Millisecond, 1300*time.Millisecond, plan.Cut),
		"open, 0.5 s, no warm-up, drain":      row(half, "60", 500, 0, 1300*time.Millisecond, plan.Drain),
		"closed 64, some pass their deadline": deadline,
		"closed 8, some break half-way":       row(broken, "", 8, 300*time.Millisecond, 1500*time.Millisecond, plan.Drain),
	}
	if long {
		for _, warmup := range []time.Duration{0, 3 * time.Second} {
			for _, at := range []plan.AtEnd{plan.Drain, plan.Cut} {
				for _, n := range []int{8, 64} {
					for name, c := range map[string]mock.Config{"0.5 s": half, "2.48 s": longer, "5 s": longest} {
						rows[fmt.Sprintf("closed %d, %s, warm-up %v, %s", n, name, warmup, at)] =
							row(c, "", n, warmup, 10*time.Second, at)
					}
				}
				rows[fmt.Sprintf("open, 2.48 s, warm-up %v, %s", warmup, at)] =
					row(longer, "20", 500, warmup, 10*time.Second, at)
			}
		}
	}
	for name, set := range rows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			quiet.Repeat(t, func() error {
				p := testPlan(0)
				p.Timeout = 30 * time.Second
				c := set(&p)
				s, theirs := tokenRun(t, c, p)
				w := s.Counts.Window
				ours := w.Tokens.Total()
				off := float64(ours)/float64(theirs) - 1
				said := fmt.Sprintf("%d tokens in %v, %d by the server: %+.2f %%; %+v; %d cut off, %d failed",
					ours, w.Length, theirs, 100*off, w.Tokens, s.Counts.CutOff, s.Counts.Failed)
				if !(math.Abs(off) <= 0.01) {
					return fmt.Errorf("%s", said)
				}
				t.Log(said)
				return nil
			})
		})
	}
}

// TestTokensByChunks: the tokens of a stream count at the instants of its
// chunks, as many to each, and those of one that does not end at the others'.
func TestTokensByChunks(t *testing.T) {
	run := &Run{}
	run.measured.Store(100)
	run.until.Store(200)
	var n result.WindowTokens
	var chunks uint64
	feed := func(well bool, tail string, tailAt Instant, at ...Instant) {
		r := &reply{run: run, streams: plan.StreamOn}
		r.begin(true) // whoever asked for them
		r.beginBody(eventStream)
		for _, instant := range at {
			r.Feed([]byte(tokenEvent), instant)
		}
		r.Feed([]byte(tail), tailAt)
		if well {
			r.countTokens(&n, run.inWindow(tailAt))
		}
		chunks += r.windowChunks.Load()
		n.Estimate(chunks)
		if r.chunks.Load() > 0 {
			t.Error("chunks of the warm-up among the measured ones")
		}
	}
	usage := func(tokens int) string {
		return fmt.Sprintf(`data: {"choices":[],"usage":{"completion_tokens":%d}}`+"\n\n", tokens) + doneEvent
	}
	for _, step := range []struct {
		name string
		feed func()
		want result.WindowTokens
	}{
		{"under way, with nothing to go by", func() { feed(false, "", 150, 110) }, result.WindowTokens{Estimated: 1}},
		{"three to a chunk, over the beginning", func() { feed(true, usage(12), 130, 98, 99, 100, 101) },
			result.WindowTokens{Streamed: 6, Estimated: 3}},
		{"over the end", func() { feed(true, usage(12), 220, 198, 199, 200, 201) }, result.WindowTokens{Streamed: 12, Estimated: 3}},
		{"over both", func() { feed(true, usage(9), 220, 50, 150, 250) }, result.WindowTokens{Streamed: 15, Estimated: 3}},
		{"before and after", func() { feed(true, usage(6), 220, 50, 250) }, result.WindowTokens{Streamed: 15, Estimated: 3}},
		{"failed half-way", func() { feed(false, "", 150, 90, 140, 150) }, result.WindowTokens{Streamed: 15, Estimated: 9}},
		{"none seen, and stated", func() { feed(true, usage(5), 150) }, result.WindowTokens{Streamed: 20, Estimated: 9}},
		{"none seen, and ended too late", func() { feed(true, usage(5), 250) }, result.WindowTokens{Streamed: 20, Estimated: 9}},
		{"no usage", func() { feed(true, doneEvent, 150, 150, 151) }, result.WindowTokens{Streamed: 22, Estimated: 8}},
	} {
		step.feed()
		got := result.WindowTokens{Streamed: n.Streamed, Whole: n.Whole, Estimated: n.Estimated}
		if got != step.want {
			t.Errorf("%s: %+v, want %+v", step.name, got, step.want)
		}
	}
}
