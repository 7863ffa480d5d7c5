package report

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"brunt/attack"
)

// streamSnapshot has streams of 1 to 200 tokens, of which every tenth states no
// usage, and a few without any output.
func streamSnapshot(seed uint64) (scene, *attack.Snapshot) {
	sc := scene{seed: seed, rate: 20, slots: 60, n: 1200, median: 2 * time.Second, spread: 0.3, statuses: map[int]float64{429: 0.01}}
	s := sc.snapshot()
	s.Failures = append(s.Failures, attack.Failure{Kind: attack.KindStreamBroken, Message: "the stream broke after 12 chunks: unexpected EOF", Count: 3, First: time.Second, Last: 40 * time.Second})
	s.Counts.Failed += 3
	s.Counts.Sent += 3
	s.Counts.Planned += 3
	in := &s.Intervals[0]
	in.Planned, in.Sent, in.Failed = in.Planned+3, in.Sent+3, in.Failed+3
	lateness := in.Lateness.Histogram()
	for range 3 {
		must(s.Latencies.Failed.RecordValue(int64(time.Second)))
		must(s.Latencies.Lateness.RecordValue(38_000))
		must(lateness.RecordValue(38_000))
	}
	in.Lateness = attack.SketchOf(lateness)
	l := &attack.StreamLatencies{TTFT: attack.NewHistogram(), ResponseTTFT: attack.NewHistogram(), FirstChunk: attack.NewHistogram(), TPOT: attack.NewHistogram(), InterChunk: attack.NewHistogram(), EndToEnd: attack.NewHistogram()}
	c, rng := &s.Counts.Stream, rand.New(rand.NewPCG(seed, 9))
	for i := range s.Counts.Succeeded {
		c.Streams++
		c.PromptTokens += 550
		first := int64(200e6 + rng.Int64N(100e6))
		must(l.FirstChunk.RecordValue(first - 20e6))
		if i%300 == 299 {
			c.Silent++
			c.ByUsage++
			continue
		}
		must(l.TTFT.RecordValue(first))
		must(l.ResponseTTFT.RecordValue(first + 40_000))
		chunks := 1 + rng.Uint64N(100)
		tokens := 2 * chunks
		if i%10 == 0 {
			tokens = chunks
			c.ByChunks++
		} else {
			c.ByUsage++
		}
		c.Chunks += chunks
		c.OutputTokens += tokens
		var whole int64
		for range chunks - 1 {
			gap := 30e6 + rng.Int64N(10e6)
			whole += gap
			must(l.InterChunk.RecordValue(gap))
		}
		must(l.EndToEnd.RecordValue(first + whole))
		if chunks > 1 {
			must(l.TPOT.RecordValue(whole / int64(tokens-1)))
		}
	}
	in.Chunks = c.Chunks + 36 // those of the broken ones
	in.TTFT = attack.SketchOf(histogramOf(l.TTFT).PackedHistogram)
	s.Latencies.Stream = l
	return sc, s
}

func streamed() *Report {
	sc, s := streamSnapshot(13)
	meta := sc.meta()
	meta.Plan.Good = attack.Bounds{TTFT: 500 * time.Millisecond, TPOT: 15 * time.Millisecond}
	s.Counts.Good = 401
	return judged(From(meta, s), "ttft.p99<500ms", "tpot.p95<15ms", "inter_chunk.p99<50ms", "output_tokens_per_s>1000", "per_user_tokens_per_s>100/s")
}

func TestGoodput(t *testing.T) {
	// Each rule on a time of one request is a bound; the others are said.
	rules, err := ParseRules([]string{"p50<100ms", "p99<=300ms", "service.max<2s", "ttft.p99<500ms", "tpot.mean<50ms", "inter_chunk.p99<1s", "response_ttft.p99>1s", "failed<1%",
		"first_byte.p95<3s", "first_chunk.p99<4s", "end_to_end.p99<5s", "lateness.p99<0ms", "connect.p99<1s", "failed.p99<1s", "goodput_per_s>1"})
	must(err)
	want := attack.Bounds{Response: 300 * time.Millisecond, Service: 2 * time.Second, TTFT: 500 * time.Millisecond, TPOT: 50 * time.Millisecond,
		InterChunk: time.Second, FirstByte: 3 * time.Second, FirstChunk: 4 * time.Second, EndToEnd: 5 * time.Second, Lateness: 1}
	if got := BoundsOf(rules); got != want {
		t.Errorf("%+v", got)
	}
	for _, name := range histogramNames {
		rule, err := ParseRule(name + ".p99<1s")
		must(err)
		bounds := BoundsOf([]Rule{rule}) != (attack.Bounds{})
		if unbound := unboundBy([]Rule{rule}); bounds == (len(unbound) > 0) {
			t.Errorf("%s: bounds a request (%v), and %q", rule, bounds, unbound)
		}
	}
	sc, s := streamSnapshot(13)
	meta := sc.meta()
	meta.Plan.Good = want
	whole := From(meta, s)
	whole.JudgeAll(rules)
	throughJSON(t, whole)
	text := textOf(t, whole, TextOptions{Width: 200})
	for _, words := range []string{"first byte 3.00 s", "first chunk 4.00 s", "end to end 5.00 s", "inter chunk 1.00 s", "not bound by connect.p99<1s: a time of connections", "not bound by failed.p99<1s", "not bound by response_ttft.p99>1s"} {
		if !strings.Contains(strings.Join(strings.Fields(text), " "), words) {
			t.Errorf("%q is not said:\n%s", words, text)
		}
	}
	r := streamed()
	g := r.Goodput
	if g.Requests != 401 || g.PerS != per(401, r.ElapsedS) || g.Percent != per(40100, 1203) || *g.BoundsMS.TTFT != 500 || g.BoundsMS.Service != nil {
		t.Errorf("%+v", g)
	}
	if j := judged(r, "goodput_per_s>6").SLO[0]; !j.Met {
		t.Errorf("%+v", j)
	}
	if j := judged(healthy.report(), "goodput_per_s>6").SLO[0]; j.Met || j.Value != nil {
		t.Errorf("without bounds: %+v", j)
	}
	same, err := Merge([]*Report{streamed(), streamed()})
	must(err)
	if same.Goodput == nil || same.Goodput.Requests != 802 {
		t.Errorf("merged: %+v", same.Goodput)
	}
	other := streamed()
	other.Goodput.BoundsMS.TPOT = nil
	if mixed, err := Merge([]*Report{streamed(), other}); err != nil || mixed.Goodput != nil {
		t.Errorf("merged with other bounds: %+v, %v", mixed.Goodput, err)
	}
	other.Goodput.Requests = 1e6
	if other.Check() == nil {
		t.Error("more good requests than successes")
	}
}

func TestStreamRules(t *testing.T) {
	r := streamed()
	if err := r.Check(); err != nil {
		t.Fatal(err)
	}
	for i, want := range []bool{true, false, true, true, false} {
		if j := r.SLO[i]; j.Met != want || j.Value == nil || j.Met == (j.Reason != "") {
			t.Errorf("%+v", j)
		}
	}
	if s := r.Stream; *s.PerUserTokensPerS != per(1e3, *s.TPOT.P50) || s.OutputTokensPerS != per(float64(s.OutputTokens), r.ElapsedS) {
		t.Errorf("%+v", s)
	}
	plain := judged(healthy.report(), "ttft.p99<500ms", "output_tokens_per_s>0", "per_user_tokens_per_s>0")
	for _, j := range plain.SLO {
		if j.Met || j.Value != nil || j.Reason == "" {
			t.Errorf("without streams: %+v", j)
		}
	}
}

// TestStreamMerge: merging streams is as though one run had had them all.
func TestStreamMerge(t *testing.T) {
	a, b := streamed(), func() *Report { sc, s := streamSnapshot(14); return From(sc.meta(), s) }()
	sum, err := Merge([]*Report{a, healthy.report(), b})
	if err != nil {
		t.Fatal(err)
	}
	if err := sum.Check(); err != nil {
		t.Error(err)
	}
	s := sum.Stream
	if s.Streams != a.Stream.Streams+b.Stream.Streams || s.OutputTokens != a.Stream.OutputTokens+b.Stream.OutputTokens || s.TPOT.Count != a.Stream.TPOT.Count+b.Stream.TPOT.Count {
		t.Errorf("%+v", s)
	}
	both := a.Stream.Histograms.InterChunk.merged(b.Stream.Histograms.InterChunk)
	if got, want := s.InterChunk, both.Summary(); *got.P99 != *want.P99 || got.Count != want.Count || *got.Mean != *want.Mean {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// TestStreamChecked: a report whose streams contradict each other is refused.
func TestStreamChecked(t *testing.T) {
	for name, spoil := range map[string]func(s *Stream){
		"streams":   func(s *Stream) { s.Streams++ },
		"silent":    func(s *Stream) { s.Silent-- },
		"chunks":    func(s *Stream) { s.Chunks++ },
		"by":        func(s *Stream) { s.TokensBy.Usage-- },
		"summary":   func(s *Stream) { *s.TTFT.P50 *= 2 },
		"histogram": func(s *Stream) { s.Histograms.TPOT = s.Histograms.InterChunk },
	} {
		r := streamed()
		spoil(r.Stream)
		var b bytes.Buffer
		must(JSON(&b, r))
		if _, err := Read(&b, "x"); err == nil {
			t.Errorf("%s: read", name)
		}
	}
}

// TestUsage: whole replies' tokens add up with those of streams.
func TestUsage(t *testing.T) {
	whole := func(replies uint64) *Report {
		sc := healthy
		s := sc.snapshot()
		s.Counts.Usage = attack.UsageCounts{Replies: replies, OutputTokens: 100 * replies, PromptTokens: 10 * replies}
		return From(sc.meta(), s)
	}
	r := whole(50)
	if u := r.Usage; u == nil || u.OutputTokensPerS != per(5000, r.ElapsedS) || r.Check() != nil {
		t.Errorf("%+v, %v", u, r.Check())
	}
	if j := judged(r, "output_tokens_per_s>1").SLO[0]; !j.Met || *j.Value != r.Usage.OutputTokensPerS {
		t.Errorf("%+v", j)
	}
	var b bytes.Buffer
	must(Text(&b, r, TextOptions{}))
	for _, want := range []string{"tokens     5,000 output", "500 prompt", "50 of "} {
		if !bytes.Contains(b.Bytes(), []byte(want)) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
	sum, err := Merge([]*Report{r, streamed(), whole(7)})
	must(err)
	if sum.Usage.Replies != 57 || sum.Usage.OutputTokens != 5700 || sum.Check() != nil {
		t.Errorf("%+v, %v", sum.Usage, sum.Check())
	}
	if j := judged(sum, "output_tokens_per_s>1").SLO[0]; *j.Value != per(float64(5700+sum.Stream.OutputTokens), sum.ElapsedS) {
		t.Errorf("%+v", j)
	}
	r.Usage.Replies = r.Requests.Succeeded + 1
	if r.Check() == nil {
		t.Error("more replies than successes")
	}
}
