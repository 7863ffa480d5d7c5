package attack

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"

	"brunt/attack/figure"
	"brunt/attack/histogram"
	"brunt/attack/plan"
	"brunt/attack/result"
	"brunt/attack/stream"
)

// A stream without end costs no more memory than a long one, nor does each
// further chunk; its gaps are all there nevertheless.
func TestEndlessStreamIsBounded(t *testing.T) {
	const chunks = 300_000
	r := newReply()
	r.streams = plan.StreamOn
	r.Begin("text/event-stream")
	event, at := []byte(tokenEvent), Instant(0)
	want := histogram.New()
	feed := func(n int) {
		for i := range n {
			gap := time.Duration(i%7) * 5 * time.Millisecond // 0 and six others
			if at > 0 {
				want.RecordValue(int64(gap))
			}
			at = at.Add(gap)
			if at == 0 {
				at = 1
			}
			r.Feed(event, at)
		}
	}
	feed(10 * stream.MaxGaps)
	if allocations := testing.AllocsPerRun(1, func() { feed((chunks - 10*stream.MaxGaps) / 2) }); allocations > 0 {
		t.Errorf("%v allocations for chunks of a stream that is long already", allocations)
	}
	if n := len(r.stream.Gaps); n > stream.MaxGaps || cap(r.stream.Gaps) > 2*stream.MaxGaps {
		t.Errorf("%d gaps held, room for %d", n, cap(r.stream.Gaps))
	}
	tally, got := newTally(0), histogram.New()
	tally.countStream(&exchange{}, r.stream, &r.gaps)
	tally.histograms[figure.InterChunk].CopyTo(got)
	if r.stream.Chunks != chunks || got.TotalCount() != chunks-1 || !slices.Equal(bars(got), bars(want)) {
		t.Errorf("%d chunks with %d gaps, of %d", r.stream.Chunks, got.TotalCount(), want.TotalCount())
	}
	r.Begin("text/event-stream")
	if clamped := r.gaps.AddTo(tally.histograms[figure.TTFT]); clamped != 0 || tally.histograms[figure.TTFT].Count() > 1 {
		t.Error("the next stream begins with the last one's gaps")
	}
}

// All gaps of streams with very many chunks are in the report, over both
// protocols.
func TestLongStreams(t *testing.T) {
	const chunks = 5 * stream.MaxGaps
	text := strings.Repeat(tokenEvent, chunks) + doneEvent
	plain := rawServer(t, answering(fmt.Sprintf("%sContent-Length: %d\r\n\r\n%s", sseHead, len(text), text)))
	newer, _ := h2Raw(t, func(p *h2Peer, id uint32, _ int) bool {
		p.head(id, "text/event-stream")
		for rest := text; rest != ""; {
			n := min(len(rest), 16<<10)
			p.WriteData(id, n == len(rest), []byte(rest[:n]))
			rest = rest[n:]
		}
		return true
	})
	for url, h2 := range map[string]bool{plain: false, newer: true} {
		p := testPlan(8)
		p.HTTP2 = h2
		s := attackOf(t, url, p)
		checkStreamBooks(t, s)
		if s.Counts.Succeeded != 8 || s.Counts.Stream.Chunks != 8*chunks {
			t.Errorf("HTTP/2 %v: %+v", h2, s.Counts)
		}
	}
}

// A peer that asks for answers and does not read them is let go of: what waits
// to be written would grow for as long as the time-out.
func TestHTTP2UnreadAnswers(t *testing.T) {
	for name, write := range map[string]func(f *http2.Framer){
		"pings":    func(f *http2.Framer) { f.WritePing(false, [8]byte{1}) },
		"settings": func(f *http2.Framer) { f.WriteSettings() },
	} {
		var flood bytes.Buffer
		for range 4096 {
			write(http2.NewFramer(&flood, nil))
		}
		said := 0
		url, _ := h2Raw(t, func(p *h2Peer, _ uint32, _ int) bool {
			for said < 256<<20 {
				n, err := p.conn.Write(flood.Bytes())
				if said += n; err != nil {
					break
				}
			}
			return false
		})
		p := testPlan(1)
		p.HTTP2, p.Concurrency, p.Timeout = true, 1, time.Minute
		s := attackOf(t, url, p)
		if len(s.Failures) != 1 || s.Failures[0].Kind != result.KindBadReply || !strings.Contains(s.Failures[0].Message.String(), "does not read") {
			t.Errorf("%s: %+v", name, s.Failures)
		}
	}
}

// A frame larger than this side allows is refused before room is made for it.
func TestHTTP2LargeFrame(t *testing.T) {
	url, _ := h2Raw(t, func(p *h2Peer, id uint32, _ int) bool {
		p.reply(id, "200", "", false)
		p.conn.Write([]byte{0xff, 0xff, 0xff, 0, 1, 0, 0, 0, byte(id)}) // DATA of 16 MB
		io.Copy(io.Discard, bufio.NewReader(p.conn))
		return false
	})
	p := testPlan(1)
	p.HTTP2, p.Concurrency = true, 1
	s := attackOf(t, url, p)
	if len(s.Failures) != 1 || s.Failures[0].Kind != result.KindBadReply {
		t.Errorf("%+v", s.Failures)
	}
}
