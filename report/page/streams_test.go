package page

import (
	"math/rand/v2"
	"strings"
	"testing"

	"brunt/attack/figure"
	"brunt/attack/histogram"
	"brunt/report"
	"brunt/report/format"
)

// chunksEach is the chunks of each stream that talking makes up.
const chunksEach = 20

// talking is a run whose successes were streams, of which every fourth stated
// no usage.
func talking(seconds int) *report.Report {
	st := story{seconds: seconds, rate: 120, names: []string{"short", "long", "chat"}}
	s, rng := st.snapshot(), rand.New(rand.NewPCG(5, 5))
	l := &s.Latencies
	l.BeginStreams()
	c := &s.Counts.Stream
	for i := range s.Intervals {
		in, ttft := &s.Intervals[i], packed()
		for range in.Succeeded {
			first := 180e6 + rng.Int64N(90e6)
			var whole int64
			for range chunksEach - 1 {
				gap := 25e6 + rng.Int64N(15e6)
				whole += gap
				must(l[figure.InterChunk].RecordValue(gap))
			}
			must(ttft.RecordValue(first))
			must(l[figure.TTFT].RecordValue(first))
			must(l[figure.ResponseTTFT].RecordValue(first + 40_000))
			must(l[figure.FirstChunk].RecordValue(first - 20e6))
			must(l[figure.EndToEnd].RecordValue(first + whole))
			tokens := int64(chunksEach)
			if c.Streams%4 == 3 {
				c.ByChunks++
			} else {
				tokens *= 2
				c.ByUsage++
				c.PromptTokens += 550
			}
			must(l[figure.TPOT].RecordValue(whole / (tokens - 1)))
			c.Streams++
			c.Choices++
			c.OutputTokens += uint64(tokens)
		}
		in.Chunks, in.TTFT = in.Succeeded*chunksEach, histogram.SketchOf(ttft)
		c.Chunks += in.Chunks
	}
	r := report.From(st.meta(), s)
	must(r.Check())
	return r
}

// TestStreamsInABrowser: what is said of streams is the report's, and goes away
// with them.
func TestStreamsInABrowser(t *testing.T) {
	r := talking(60)
	v := open(t, newBrowser(t), r)
	v.chartIsDrawn("ttft")
	v.figuresAreTheReports(r)
	var shown []string
	v.js(&shown, `[...document.querySelectorAll("#streams [data-path]")].map((e) => e.dataset.path)`)
	on := strings.Join(shown, " ")
	for _, path := range []string{"ttft_ms.p50", "tpot_ms.p90", "inter_chunk_ms.p99", "end_to_end_ms.max", "ttft_ms.count", "output_tokens_per_s", "per_user_tokens_per_s", "chunks"} {
		if !strings.Contains(on, "stream."+path) {
			t.Errorf("stream.%s is not among the streams' figures", path)
		}
	}
	words := func() (text string) {
		v.js(nil, frames)
		v.js(&text, `document.querySelector("#streams")?.textContent ?? "none"`)
		return text
	}
	if got := words(); !strings.Contains(got, "by usage, of "+strings.ReplaceAll(format.Count(r.Stream.TokensBy.Chunks), ",", "\u202f")+" streams that stated none by chunks") {
		t.Errorf("%.600s", got)
	}
	v.js(nil, `(() => { const other = structuredClone(brunt.report); other.stream.tokens_by = { usage: 0, chunks: other.stream.streams }; brunt.show(other, brunt.extra); })()`)
	if got := words(); !strings.Contains(got, "by chunks: no stream stated its usage") {
		t.Errorf("%.600s", got)
	}

	// The next run of a live view has none.
	v.js(nil, `(() => { const other = structuredClone(brunt.report); other.stream = null; for (const i of other.intervals) Object.assign(i, { chunks: 0, ttft_p50: null, ttft_p99: null }); brunt.show(other, brunt.extra); })()`)
	var charts int
	v.js(&charts, `document.querySelectorAll("#ttft, #tokens").length + brunt.charts.figures.size`)
	if got := words(); got != "none" || charts != len(chartIDs) {
		t.Errorf("without streams: %d charts, %.200s", charts, got)
	}
	// And of one that has just begun there are chunks, and no stream yet.
	v.js(nil, `(() => { const other = structuredClone(brunt.report); Object.assign(other, { stream: null, state: "running" }); for (const i of other.intervals) Object.assign(i, { ttft_p50: null, ttft_p99: null }); brunt.show(other, brunt.extra); })()`)
	v.js(nil, frames)
	v.chartIsDrawn("ttft")
	v.quiet()
}

// TestStreamsInTheLiveView: they are there while a run has some, at its charts,
// and gone with the next run, which has none.
func TestStreamsInTheLiveView(t *testing.T) {
	f := newFake(t, talking(20))
	v := watch(t, newBrowser(t), f)
	v.inState("idle")
	v.click("#go")
	v.inState("running")
	f.step(12)
	v.held(12)
	v.until(`document.querySelector("#panel-figures #streams") !== null`)
	v.chartIsDrawn("ttft")
	f.turn("done")
	v.inState("done")
	f.mu.Lock()
	f.tell(story{seconds: 20, rate: 50}.report())
	f.mu.Unlock()
	v.click("#go")
	v.inState("running")
	f.step(3)
	v.held(3)
	v.until(`document.querySelectorAll("#ttft, #streams").length === 0`)
	v.chartsAreDrawn()
	v.quiet()
}
