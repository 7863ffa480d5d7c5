//go:build !race

package attack

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"brunt/attack/endpoint"
	"brunt/attack/figure"
	"brunt/attack/mock"
	"brunt/attack/plan"
	"brunt/attack/quiet"
	"brunt/attack/result"
	"brunt/payloads"
)

// streamLog is what a server noted, by its own clock, of one streamed answer.
type streamLog struct {
	arrived time.Time
	sent    []time.Time // of each chunk with output
}

// figuresOf works the figures of a log out by their definitions, in seconds:
// means, since what a stall adds to one figure of one request is in the log too.
func figuresOf(log []streamLog, tokensPerChunk float64) (ttft, tpot, gap, tokensPerS float64) {
	var gaps, chunks float64
	first, last := log[0].arrived, log[0].arrived
	for _, s := range log {
		n := len(s.sent)
		whole := s.sent[n-1].Sub(s.sent[0]).Seconds()
		ttft += s.sent[0].Sub(s.arrived).Seconds() / float64(len(log))
		tpot += whole / (float64(n)*tokensPerChunk - 1) / float64(len(log))
		gap += whole
		gaps += float64(n - 1)
		chunks += float64(n)
		if s.arrived.Before(first) {
			first = s.arrived
		}
		if s.sent[n-1].After(last) {
			last = s.sent[n-1]
		}
	}
	return ttft, tpot, gap / gaps, chunks * tokensPerChunk / last.Sub(first).Seconds()
}

// streamsWithin is how far figures of streams may be from the server's own.
const streamsWithin = 0.01

// TestStreamTruth holds the four figures against a log of the server's own, of
// streams whose gaps are known: each is within 1 %. A machine that is busy
// delays one side or the other, so that such a run is made again.
func TestStreamTruth(t *testing.T) {
	const n, chunks = 24, 16
	const first, gap = 400 * time.Millisecond, 50 * time.Millisecond
	const edges = 0.05 // seconds, of connecting and of the last reply's end
	for name, run := range map[string]func(t *testing.T) (*result.Snapshot, []streamLog, float64){
		"HTTP/1.1": func(t *testing.T) (*result.Snapshot, []streamLog, float64) {
			p := testPlan(n)
			p.Concurrency = 12
			server, s := talker(t, mock.Config{Concurrency: 64, Tokens: chunks, TTFT: first, TokenGap: gap}, p)
			server.Close()
			var log []streamLog
			for _, note := range server.Streamed() {
				at := func(d time.Duration) time.Time { return time.Unix(0, 0).Add(d) }
				one := streamLog{arrived: at(note.Arrived)}
				for _, sent := range note.Sent {
					one.sent = append(one.sent, at(sent))
				}
				log = append(log, one)
			}
			return s, log, 1
		},
		"HTTP/2, three tokens to a chunk": func(t *testing.T) (*result.Snapshot, []streamLog, float64) {
			var mu sync.Mutex
			var log []streamLog
			url, _ := h2Server(t, false, 0, func(w http.ResponseWriter, r *http.Request) {
				one := streamLog{arrived: time.Now()}
				w.Header().Set("Content-Type", "text/event-stream")
				io.WriteString(w, roleEvent)
				w.(http.Flusher).Flush() // a first chunk without output: no first token
				for i := range chunks {
					takes(time.Until(one.arrived.Add(first+time.Duration(i)*gap)), r)
					one.sent = append(one.sent, time.Now())
					fmt.Fprintf(w, `data: {"choices":[{"delta":{"content":"x"}}],"usage":{"completion_tokens":%d}}`+"\n\n", 3*(i+1))
					w.(http.Flusher).Flush()
				}
				io.WriteString(w, doneEvent)
				mu.Lock()
				log = append(log, one)
				mu.Unlock()
			})
			p := h2Plan(n)
			p.Concurrency = 12
			s := h2Run(t, url, p, payloads.Single("test", chatBody))
			checkStreamBooks(t, s)
			mu.Lock()
			defer mu.Unlock()
			return s, log, 3
		},
	} {
		t.Run(name, func(t *testing.T) {
			quiet.Repeat(t, func() error {
				s, log, each := run(t)
				if len(log) != n || s.Counts.Stream.Streams != n || s.Counts.Stream.OutputTokens != uint64(n*chunks*each) {
					t.Fatalf("%d streams in the log; %+v, %+v", len(log), s.Counts.Stream, s.Failures)
				}
				ttft, tpot, inter, rate := figuresOf(log, each)
				l, worst := &s.Latencies, 0.0
				for _, f := range []struct {
					name         string
					here, server float64
				}{
					{"ttft", l[figure.TTFT].Mean() / 1e9, ttft}, {"tpot", l[figure.TPOT].Mean() / 1e9, tpot}, {"inter-chunk", l[figure.InterChunk].Mean() / 1e9, inter},
					{"tokens/s", float64(s.Counts.Stream.OutputTokens) / s.Elapsed.Seconds(), rate},
				} {
					off := f.here/f.server - 1
					past := math.Abs(off)
					if f.name == "tokens/s" { // its time begins before the server sees anything, and ends after it
						past -= edges / s.Elapsed.Seconds()
					}
					worst = max(worst, past)
					t.Logf("%s: %.6g here, %.6g by the server, %+.3f %%", f.name, f.here, f.server, 100*off)
				}
				if worst > streamsWithin {
					return fmt.Errorf("a figure is off by %g, more than %g", worst, streamsWithin)
				}
				return nil
			})
		})
	}
}

// TestStreamChunksOverTime: the timeline has each chunk where it came, of
// streams that fail as well, and the TTFT of those that ended.
func TestStreamChunksOverTime(t *testing.T) {
	t.Parallel()
	p := testPlan(40)
	p.Concurrency = 20
	_, s := talker(t, mock.Config{Concurrency: 64, Tokens: 24, TTFT: 50 * time.Millisecond, TokenGap: 50 * time.Millisecond, StreamBreaks: 0.3, Seed: 5}, p)
	var chunks, ended uint64
	for i := range s.Intervals {
		in := &s.Intervals[i]
		chunks += in.Chunks
		ended += uint64(in.TTFT.Count())
	}
	broken := countOf(s, result.KindStreamBroken)
	if want := s.Counts.Stream.Chunks + 12*broken; broken == 0 || chunks != want || ended != s.Counts.Stream.Streams {
		t.Errorf("%d chunks and %d streams over time; %d streams broken: %+v", chunks, ended, broken, s.Counts.Stream)
	}
	if in := s.Intervals[0]; in.Succeeded > 0 && in.Chunks <= in.Succeeded*24 {
		t.Errorf("chunks came only with their streams' ends: %+v", in)
	}
}

// TestUsageCounted: what replies that are no streams state of their tokens.
func TestUsageCounted(t *testing.T) {
	const said = `{"choices":[{"message":{"content":"hi"}}],"usage":{"prompt_tokens":7,"completion_tokens":5}}`
	reply := func(contentType, body string) string {
		return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s", contentType, len(body), body)
	}
	large := `{"choices":["` + strings.Repeat("x", 200_000) + said[12:]
	counted := result.UsageCounts{Replies: 6, OutputTokens: 30, PromptTokens: 42}
	for _, c := range []struct {
		name, reply string
		mode        plan.StreamMode
		want        result.UsageCounts
	}{
		{"json", reply("application/json", said), "", counted},
		{"json of a character set", reply("Application/JSON; charset=utf-8", said), plan.StreamAuto, counted},
		{"large", reply("application/json", large), "", counted},
		{"chunked", "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n" +
			fmt.Sprintf("%x\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n", 48, said[:48], len(said)-48, said[48:]), "", counted},
		{"off", reply("application/json", said), plan.StreamOff, result.UsageCounts{}},
		{"text", reply("text/plain", said), "", result.UsageCounts{}},
		{"not stated", reply("application/json", `{"predictions":[1]}`), "", result.UsageCounts{}},
		{"failed", strings.Replace(reply("application/json", said), "200 OK", "500 No", 1), "", result.UsageCounts{}},
	} {
		url := rawServer(t, func(conn net.Conn, in *bufio.Reader, _ int) {
			for request(in) {
				io.WriteString(conn, c.reply)
			}
		})
		p := testPlan(6)
		p.Stream = c.mode
		if s := attackOf(t, url, p); s.Counts.Usage != c.want || s.Counts.Stream != (result.StreamCounts{}) || s.Latencies.Streamed() {
			t.Errorf("%s: %+v, %+v", c.name, s.Counts.Usage, s.Failures)
		}
	}
	url, _ := h2Server(t, false, 0, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, large[:100_000])
		w.(http.Flusher).Flush()
		takes(30*time.Millisecond, r)
		io.WriteString(w, large[100_000:])
	})
	p := h2Plan(6)
	p.StreamStall = 5 * time.Millisecond // holds for streams only
	if s := h2Run(t, url, p, payloads.Single("test", chatBody)); s.Counts.Usage != counted {
		t.Errorf("HTTP/2: %+v, %+v", s.Counts.Usage, s.Failures)
	}
}

// TestStreamGarbage: a chunk more leaves no garbage more behind. Streams of one
// chunk each show what a request costs.
func TestStreamGarbage(t *testing.T) {
	const n, many = 60, 2000
	events := func(chunks int) []byte {
		return []byte(roleEvent + strings.Repeat(tokenEvent, chunks) + usageEvent + doneEvent)
	}
	overHTTP1 := func(chunks int) (string, plan.Plan) {
		all := events(chunks)
		head := fmt.Appendf(nil, "%sContent-Length: %d\r\n\r\n", sseHead, len(all))
		url := rawServer(t, func(conn net.Conn, in *bufio.Reader, _ int) {
			for request(in) {
				conn.Write(head)
				for rest := all; len(rest) > 0; {
					k, _ := conn.Write(rest[:min(len(rest), 250)])
					rest = rest[k:]
				}
			}
		})
		return url, testPlan(n)
	}
	overHTTP2 := func(chunks int) (string, plan.Plan) {
		all := events(chunks)
		url, _ := h2Raw(t, func(p *h2Peer, id uint32, _ int) bool {
			p.head(id, "text/event-stream")
			for rest := all; len(rest) > 0; {
				k := min(len(rest), 250)
				p.WriteData(id, k == len(rest), rest[:k])
				rest = rest[k:]
			}
			return true
		})
		return url, h2Plan(n)
	}
	for name, over := range map[string]func(chunks int) (string, plan.Plan){"HTTP/1.1": overHTTP1, "HTTP/2": overHTTP2} {
		var cost [2]float64 // allocations, the server's included
		for i, chunks := range []int{1, many} {
			url, p := over(chunks)
			p.Concurrency = 1
			run := start(t, url, p, payloads.Single("test", chatBody), endpoint.Options{})
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			<-run.Done()
			runtime.ReadMemStats(&after)
			if c := run.Snapshot().Counts.Stream; c.Chunks != uint64(n*chunks) {
				t.Fatalf("%s: %+v, %+v", name, c, run.Snapshot().Failures)
			}
			cost[i] = float64(after.Mallocs - before.Mallocs)
		}
		each := (cost[1] - cost[0]) / (n * (many - 1))
		t.Logf("%s: %.4f allocations per chunk, %.0f per stream of one", name, each, cost[0]/n)
		if each > 0.01 {
			t.Errorf("%s: %.3f allocations per chunk", name, each)
		}
	}
}
