package attack

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"brunt/attack/endpoint"
	"brunt/attack/figure"
	"brunt/attack/histogram"
	"brunt/attack/mock"
	"brunt/attack/plan"
	"brunt/attack/quiet"
	"brunt/attack/result"
	"brunt/payloads"
	"brunt/payloads/needs"
)

var chatBody = []byte(`{"messages":[{"role":"user","content":"hi"}],"stream":true}`)

// talker starts a mock endpoint and a run against it.
func talker(t *testing.T, c mock.Config, p plan.Plan) (*mock.Server, *result.Snapshot) {
	t.Helper()
	server, err := mock.Start(c, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	server.NoteStreams()
	run := start(t, server.URL(), p, payloads.Single("test", chatBody), endpoint.Options{})
	<-run.Done()
	s := run.Snapshot()
	checkBooks(t, s)
	checkStreamBooks(t, s)
	return server, s
}

// checkStreamBooks holds the identities of streams.
func checkStreamBooks(t *testing.T, s *result.Snapshot) {
	t.Helper()
	c, l := &s.Counts.Stream, &s.Latencies
	if !l.Streamed() {
		if *c != (result.StreamCounts{}) {
			t.Errorf("no histograms for %+v", *c)
		}
		return
	}
	for what, same := range map[string]bool{
		"streams = by usage, chunks and nothing": c.Streams == c.ByUsage+c.ByChunks+c.ByNothing,
		"first chunks = streams":                 uint64(l[figure.FirstChunk].TotalCount()) == c.Streams,
		"ttft = streams with output":             uint64(l[figure.TTFT].TotalCount()) == c.Streams-c.Silent-c.Unknown,
		"response ttft = ttft":                   l[figure.ResponseTTFT].TotalCount() == l[figure.TTFT].TotalCount(),
		"gaps = chunks less the first of each":   uint64(l[figure.InterChunk].TotalCount()) == c.Chunks-c.Choices,
		"no more tpot than streams with output":  l[figure.TPOT].TotalCount() <= l[figure.TTFT].TotalCount(),
		"no more streams than successes":         c.Streams <= s.Counts.Succeeded,
		"no first chunk after the first output":  l[figure.FirstChunk].Max() <= l[figure.TTFT].Max() || c.Silent+c.Unknown > 0,
		"no first output after the reply's end":  l[figure.TTFT].Max() <= s.Latencies[figure.Service].Max(),
		"response ttft counts from the planning": l[figure.ResponseTTFT].Min() >= l[figure.TTFT].Min(),
	} {
		if !same {
			t.Errorf("%s: not so in %+v", what, *c)
		}
	}
}

// spreadOf puts durations into a histogram as brunt keeps them.
func spreadOf(all []time.Duration) *hdrhistogram.PackedHistogram {
	h := histogram.New()
	for _, d := range all {
		_ = h.RecordValue(int64(d))
	}
	return h
}

// near checks that the client's median is the server's, and no less by more
// than a histogram's resolution where it cannot be.
func near(t *testing.T, what string, client, server *hdrhistogram.PackedHistogram, share float64) error {
	t.Helper()
	a, b := client.ValueAtPercentile(50), server.ValueAtPercentile(50)
	t.Logf("%s: p50 %v here, %v by the server", what, time.Duration(a), time.Duration(b))
	if client.TotalCount() != server.TotalCount() {
		t.Errorf("%s: %d here, %d by the server", what, client.TotalCount(), server.TotalCount())
	}
	if float64(a) < float64(b)*(1-share) || float64(a) > float64(b)*(1+share) {
		return fmt.Errorf("%s: p50 %v here, %v by the server", what, time.Duration(a), time.Duration(b))
	}
	return nil
}

// TestStreamFigures holds the figures against the instants that the server
// noted when it sent the tokens.
func TestStreamFigures(t *testing.T) {
	const n, tokens = 36, 20
	for name, change := range map[string]func(p *plan.Plan, c *mock.Config){
		"closed, usage last": func(p *plan.Plan, c *mock.Config) { p.Concurrency, c.Usage = 6, mock.UsageLast },
		"open, usage extra": func(p *plan.Plan, c *mock.Config) {
			p.Concurrency, p.Rate, c.Usage = 30, mustRate(t, "30"), mock.UsageExtra
		},
		"no usage": func(p *plan.Plan, c *mock.Config) { p.Concurrency, c.Usage = 6, mock.UsageNone },
	} {
		t.Run(name, func(t *testing.T) {
			c := mock.Config{Concurrency: 64, Tokens: tokens, TTFT: 120 * time.Millisecond, TokenGap: 12 * time.Millisecond}
			p := testPlan(n)
			change(&p, &c)
			quiet.Repeat(t, func() error {
				server, s := talker(t, c, p)
				got := s.Counts.Stream
				stated := uint64(n)
				if c.Usage == mock.UsageNone {
					stated = 0
				}
				want := result.StreamCounts{Streams: n, Choices: n, Chunks: n * tokens, OutputTokens: n * tokens, PromptTokens: stated * 8, ByUsage: stated, ByChunks: n - stated}
				if got != want || s.Counts.Succeeded != n {
					t.Errorf("%+v, want %+v; %v", got, want, s.Failures)
				}
				var ttft, tpot, gaps []time.Duration
				for _, note := range server.Streamed() {
					ttft = append(ttft, note.Sent[0]-note.Arrived)
					tpot = append(tpot, (note.Sent[tokens-1]-note.Sent[0])/(tokens-1))
					for i := 1; i < tokens; i++ {
						gaps = append(gaps, note.Sent[i]-note.Sent[i-1])
					}
				}
				l := &s.Latencies
				// Sent before it arrives, and received after it was sent.
				if least := slices.Min(ttft); l[figure.TTFT].Min() < int64(least)*998/1000 {
					t.Errorf("ttft from %v here, from %v by the server", time.Duration(l[figure.TTFT].Min()), least)
				}
				return errors.Join(
					near(t, "ttft", l[figure.TTFT], spreadOf(ttft), 0.08),
					near(t, "tpot", l[figure.TPOT], spreadOf(tpot), 0.03),
					near(t, "inter-chunk", l[figure.InterChunk], spreadOf(gaps), 0.05),
				)
			})
		})
	}
}

const sseHead = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nX-Request-Id: r1\r\n"

// sse is a chunked reply, each event in a chunk of its own.
func sse(events ...string) string {
	b := sseHead + "Transfer-Encoding: chunked\r\n\r\n"
	for _, e := range events {
		b += fmt.Sprintf("%x\r\n%s\r\n", len(e), e)
	}
	return b + "0\r\n\r\n"
}

const (
	roleEvent  = `data: {"choices":[{"delta":{"role":"assistant","content":""}}]}` + "\n\n"
	tokenEvent = `data: {"choices":[{"delta":{"content":"x"}}]}` + "\n\n"
	usageEvent = `data: {"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":5}}` + "\n\n"
	doneEvent  = "data: [DONE]\n\n"
)

// TestStreamReplies has each way for a stream to be told, and to fail.
func TestStreamReplies(t *testing.T) {
	whole := sse(roleEvent, tokenEvent, ": ping\n\n", tokenEvent+tokenEvent, usageEvent, doneEvent)
	events := roleEvent + strings.Repeat(tokenEvent, 3) + usageEvent + doneEvent
	json := "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
	good := result.StreamCounts{Streams: 8, Choices: 8, Chunks: 24, OutputTokens: 40, PromptTokens: 24, ByUsage: 8}
	for _, c := range []struct {
		name, reply string
		mode        plan.StreamMode
		after       string // closed, or open and silent; else the next request is read
		kind        string // of the failures, empty for success
		message     string
		want        result.StreamCounts
	}{
		{"whole", whole, "", "", "", "", good},
		{"of a length", sseHead + fmt.Sprintf("Content-Length: %d\r\n\r\n", len(events)) + events, "", "", "", "", good},
		{"long and of a length", sseHead + fmt.Sprintf("Content-Length: %d\r\n\r\n", len(events)+100_000) + ":" + strings.Repeat("x", 99_998) + "\n" + events, "", "", "", "", good},
		{"to the end", sseHead + "\r\n" + events, "", "closed", "", "", good},
		{"capitals", strings.Replace(whole, "text/event-stream", "Text/Event-Stream;charset=x", 1), "", "", "", "", good},
		{"lower case", strings.NewReplacer("Content-Type", "content-type", "Transfer-Encoding", "transfer-encoding").Replace(whole), "", "", "", "", good},
		{"silent", sse(roleEvent, doneEvent), "", "", "", "", result.StreamCounts{Streams: 8, Silent: 8, ByChunks: 8}},
		{"off", whole, plan.StreamOff, "", "", "", result.StreamCounts{}},
		{"on, of another type", strings.Replace(whole, "text/event-stream", "text/plain", 1), plan.StreamOn, "", "", "", good},
		{"auto, no stream", json, plan.StreamAuto, "", "", "", result.StreamCounts{}},
		{"a failed status", strings.Replace(whole, "200 OK", "500 No", 1), "", "", "status_500", "", result.StreamCounts{}},
		{"on, no stream", json, plan.StreamOn, "", result.KindStreamEmpty, "without one valid chunk", result.StreamCounts{}},
		{"empty", sse(": ping\n\n"), "", "", result.KindStreamEmpty, "without one valid chunk", result.StreamCounts{}},
		{"only its end", sse(doneEvent), "", "", result.KindStreamEmpty, "without one valid chunk", result.StreamCounts{}},
		{"no end", sse(roleEvent, tokenEvent), "", "", result.KindStreamBroken, "ended after 1 chunk, without its [DONE]", result.StreamCounts{}},
		{"broken off", strings.TrimSuffix(sse(roleEvent, tokenEvent, tokenEvent), "0\r\n\r\n"), "", "closed", result.KindStreamBroken, "broke after 2 chunks: unexpected EOF", result.StreamCounts{}},
		{"error event", sse(roleEvent, "event: error\ndata: {\"error\":{\"message\":\"too many\"}}\n\n"), "", "", result.KindStreamError, "error in mid-stream: too many", result.StreamCounts{}},
		{"error and broken off", strings.TrimSuffix(sse(tokenEvent, "data: {\"error_code\":\"X\",\"message\":\"oh\"}\n\n"), "0\r\n\r\n"), "", "closed", result.KindStreamError, "error in mid-stream: oh", result.StreamCounts{}},
		{"error and end", sse(tokenEvent, "data: {\"error\":\"oh\"}\n\n", doneEvent), "", "", result.KindStreamError, "error in mid-stream: oh", result.StreamCounts{}},
		{"error and stalled", strings.TrimSuffix(sse(roleEvent, "data: {\"error\":\"oh\"}\n\n"), "0\r\n\r\n"), "", "open", result.KindStreamError, "error in mid-stream: oh", result.StreamCounts{}},
		{"stalled", strings.TrimSuffix(sse(roleEvent, tokenEvent), "0\r\n\r\n"), "", "open", result.KindStreamStalled, "nothing came for 500 ms, after 1 chunk", result.StreamCounts{}},
		{"end, then stalled", strings.TrimSuffix(whole, "0\r\n\r\n"), "", "open", result.KindStreamStalled, "did not end within 500 ms of its [DONE], after 3 chunks", result.StreamCounts{}},
		{"compressed", strings.Replace(sse("\x1f\x8b"), "\r\n", "\r\nContent-Encoding: gzip\r\n", 1), "", "", result.KindStreamEmpty, "valid chunk: it is compressed", result.StreamCounts{}},
		{"end, then broken off", strings.TrimSuffix(whole, "0\r\n\r\n"), "", "closed", result.KindClosedEarly, "", result.StreamCounts{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			url := rawServer(t, func(conn net.Conn, in *bufio.Reader, _ int) {
				for request(in) {
					if _, err := io.WriteString(conn, c.reply); err != nil || c.after == "closed" {
						return
					}
				}
			})
			p := testPlan(8)
			// Short where it is what ends the stream, else longer than any hiccup.
			p.Stream, p.StreamStall = c.mode, 20*time.Second
			if c.after == "open" {
				p.StreamStall = 500 * time.Millisecond
			}
			s := attackOf(t, url, p)
			checkStreamBooks(t, s)
			if s.Counts.Stream != c.want {
				t.Errorf("%+v, want %+v", s.Counts.Stream, c.want)
			}
			failed := uint64(0)
			if c.kind != "" {
				failed = 8
			}
			if s.Counts.Failed != failed || countOf(s, c.kind) != failed {
				t.Fatalf("%d failed, %d in all: %+v", s.Counts.Failed, s.Counts.Sent, s.Failures)
			}
			if strings.HasPrefix(c.kind, "stream_") {
				if f := s.Failures[0]; !strings.Contains(f.Message.String(), c.message) || f.Status != 0 || f.RequestID != "r1" && c.reply != json {
					t.Errorf("%+v", f)
				}
				if len(s.Status) > 0 {
					t.Errorf("complete replies: %v", s.Status)
				}
			}
			// A whole reply leaves its connection fit for the next one.
			if c.after == "" && s.Counts.Connections > 4 {
				t.Errorf("%d connections", s.Counts.Connections)
			}
		})
	}
}

// TestStreamStall: what comes in time, pings included, keeps a stream alive for
// longer than the stall would let it; the time-out ends it all the same.
func TestStreamStall(t *testing.T) {
	t.Parallel()
	const pings = 6
	ping := fmt.Sprintf("%x\r\n%s\r\n", 8, ": ping\n\n")
	url := rawServer(t, func(conn net.Conn, in *bufio.Reader, n int) {
		for request(in) {
			io.WriteString(conn, strings.TrimSuffix(sse(tokenEvent), "0\r\n\r\n"))
			pace := time.NewTicker(50 * time.Millisecond)
			defer pace.Stop()
			for i := 0; n > 0 || i < pings; i++ {
				<-pace.C
				if _, err := io.WriteString(conn, ping); err != nil {
					return
				}
			}
			io.WriteString(conn, strings.TrimPrefix(sse(tokenEvent, doneEvent), sse()[:strings.Index(sse(), "\r\n\r\n")+4]))
		}
	})
	p := testPlan(2)
	p.Concurrency, p.StreamStall, p.Timeout = 1, 250*time.Millisecond, 2*time.Second
	if s := attackOf(t, url, p); s.Counts.Succeeded != 2 || s.Counts.Stream.Chunks != 4 {
		t.Errorf("%+v: %+v", s.Counts, s.Failures)
	}
	// The second connection pings for ever.
	p.Timeout, p.KeepAlive = 700*time.Millisecond, false
	if s := attackOf(t, url, p); countOf(s, result.KindTimeoutReply) != 2 {
		t.Errorf("%+v: %+v", s.Counts, s.Failures)
	}
}

// TestGood counts the requests that keep bounds of their own.
func TestGood(t *testing.T) {
	t.Parallel()
	replies := map[string]string{
		"stream": sse(roleEvent, tokenEvent, tokenEvent, usageEvent, doneEvent),
		"short":  sse(tokenEvent, doneEvent),
		"silent": sse(roleEvent, doneEvent),
		"plain":  "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
		"failed": "HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\n{}",
	}
	const long, none = time.Hour, time.Nanosecond
	for _, c := range []struct {
		good plan.Bounds
		want string // the replies that are good
	}{
		{plan.Bounds{}, ""},
		{plan.Bounds{figure.Response: long, figure.Service: long}, "stream short silent plain"},
		{plan.Bounds{figure.Response: none, figure.Service: long}, ""},
		{plan.Bounds{figure.Service: none}, ""},
		{plan.Bounds{figure.TTFT: long}, "stream short"},
		{plan.Bounds{figure.TTFT: none}, ""},
		{plan.Bounds{figure.ResponseTTFT: long, figure.Response: long}, "stream short"},
		{plan.Bounds{figure.ResponseTTFT: none, figure.TTFT: long}, ""},
		{plan.Bounds{figure.TPOT: long}, "stream"},
		{plan.Bounds{figure.TPOT: long, figure.Response: none}, ""},
		{plan.Bounds{figure.FirstByte: long, figure.Lateness: long}, "stream short silent plain"},
		{plan.Bounds{figure.FirstByte: none}, ""},
		{plan.Bounds{figure.FirstChunk: long}, "stream short silent"},
		{plan.Bounds{figure.FirstChunk: none}, ""},
		{plan.Bounds{figure.EndToEnd: long}, "stream short"},
		{plan.Bounds{figure.EndToEnd: none, figure.FirstChunk: long}, ""},
		{plan.Bounds{figure.InterChunk: long}, "stream"},
	} {
		for name, reply := range replies {
			if racing && c.good[figure.TTFT] != long {
				continue
			}
			url := rawServer(t, func(conn net.Conn, in *bufio.Reader, _ int) {
				for request(in) {
					io.WriteString(conn, reply)
				}
			})
			p := testPlan(6)
			p.Good = c.good
			want := uint64(0)
			if strings.Contains(" "+c.want+" ", " "+name+" ") {
				want = 6
			}
			if s := attackOf(t, url, p); s.Counts.Good != want {
				t.Errorf("%s with %+v: %d good", name, c.good, s.Counts.Good)
			}
		}
	}
}

// TestStreamHTTP2: the same over shared connections, stalls included.
func TestStreamHTTP2(t *testing.T) {
	needs.Time(t)
	t.Parallel()
	gone := make(chan struct{})
	url, _ := h2Server(t, false, 0, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		w.Header().Set("X-Request-Id", "r1")
		kind, _ := io.ReadAll(r.Body)
		flush := func(event string) {
			io.WriteString(w, event)
			w.(http.Flusher).Flush()
		}
		flush(roleEvent)
		flush(tokenEvent)
		takes(20*time.Millisecond, r)
		flush(tokenEvent)
		switch string(kind) {
		case "ok":
			flush(usageEvent + doneEvent)
		case "error":
			flush("data: {\"error\":\"oh\"}\n\n")
		case "reset":
			panic(http.ErrAbortHandler)
		case "stall":
			select {
			case <-r.Context().Done():
			case <-gone:
			}
		}
	})
	defer close(gone)
	for kind, want := range map[string]string{"ok": "", "error": result.KindStreamError, "no end": result.KindStreamBroken, "reset": result.KindStreamBroken, "stall": result.KindStreamStalled} {
		p := h2Plan(40)
		p.Concurrency, p.StreamStall = 10, 20*time.Second
		if kind == "stall" {
			p.StreamStall = 500 * time.Millisecond
		}
		s := h2Run(t, url, p, payloads.Single("test", []byte(kind)))
		checkStreamBooks(t, s)
		if want != "" {
			if countOf(s, want) != 40 || s.Counts.Stream.Streams > 0 || s.Failures[0].RequestID != "r1" {
				t.Errorf("%s: %+v", kind, s.Failures)
			}
			continue
		}
		if got := s.Counts.Stream; got != (result.StreamCounts{Streams: 40, Choices: 40, Chunks: 80, OutputTokens: 200, PromptTokens: 120, ByUsage: 40}) {
			t.Errorf("%+v: %+v", got, s.Failures)
		}
		// Four gaps of the five tokens that usage states, in 20 ms.
		if l := &s.Latencies; l[figure.InterChunk].Min() < 3*l[figure.TPOT].Min() || l[figure.InterChunk].Min() > 5*l[figure.TPOT].Min() {
			t.Errorf("a gap of %v, TPOT %v", time.Duration(l[figure.InterChunk].Min()), time.Duration(l[figure.TPOT].Min()))
		}
	}
	p := h2Plan(40)
	p.Stream = plan.StreamOff
	if s := h2Run(t, url, p, payloads.Single("test", []byte("no end"))); s.Counts.Succeeded != 40 || s.Latencies.Streamed() {
		t.Errorf("off: %+v", s.Counts)
	}
}

// TestStreamFaults: an endpoint that fails in mid-stream, each way its share.
func TestStreamFaults(t *testing.T) {
	t.Parallel()
	p := testPlan(200)
	p.Concurrency, p.StreamStall = 20, 500*time.Millisecond
	server, s := talker(t, mock.Config{Concurrency: 64, Tokens: 4, StreamErrors: 0.2, StreamBreaks: 0.2, StreamStalls: 0.1, Seed: 3}, p)
	server.Close()
	noted := map[string]uint64{}
	for _, note := range server.Streamed() {
		noted[note.Fault]++
	}
	for fault, kind := range map[string]string{"error": result.KindStreamError, "break": result.KindStreamBroken, "stall": result.KindStreamStalled} {
		if n := countOf(s, kind); n != noted[fault] || n == 0 {
			t.Errorf("%s: %d, and %d by the server", kind, n, noted[fault])
		}
	}
	if s.Counts.Stream.Streams != noted[""] || s.Status[200] != noted[""] || len(server.Streamed()) != 200 {
		t.Errorf("%d streams, %v; %v by the server", s.Counts.Stream.Streams, s.Status, noted)
	}
}
